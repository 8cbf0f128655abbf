"""Forms: they parse what a person typed; services decide."""
