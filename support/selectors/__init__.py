"""Reads of the watch, a noun per module."""
