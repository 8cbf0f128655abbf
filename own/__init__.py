"""A member's own tools."""
