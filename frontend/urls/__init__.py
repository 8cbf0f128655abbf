"""Every page's address. Each room's pages lie in a module of their own."""

from django.urls import include, path

MODULES = (
    "finder",
    "widget",
    "accounts",
    "meetings",
    "groups",
    "sheets",
    "circle",
    "support",
    "coordinator",
    "lists",
    "chat",
    "cravings",
    "own",
    "delivery",
    "people",
    "shell",  # last: a room that brings the real page under the same address wins
)

urlpatterns = [path("", include(f"frontend.urls.{module}")) for module in MODULES]
