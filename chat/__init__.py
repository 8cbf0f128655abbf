"""Talk: rooms, messages, read marks, the hub."""
