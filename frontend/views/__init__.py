"""Views by page: parse, call a service or selector, render."""
