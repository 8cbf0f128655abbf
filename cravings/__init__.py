"""The button: presses, claims, availability, crisis lines."""
