"""The only writers of meetings, a noun per module."""
