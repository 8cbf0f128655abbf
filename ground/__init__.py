"""What every room stands on: clock, wake-up bus, links, secrets, error types. No models."""
