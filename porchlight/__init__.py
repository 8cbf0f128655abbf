"""The composition root: settings, urls, asgi, and the commands that belong to no room."""
