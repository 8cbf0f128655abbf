"""Reads about meetings, a noun per module."""
