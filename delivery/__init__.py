"""How a word reaches a person: outbox, attempts, stop list, text catalogue, transports."""
