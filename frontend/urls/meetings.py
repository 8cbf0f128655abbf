from django.urls import URLPattern, URLResolver, path

from frontend.views import plans

urlpatterns: list[URLPattern | URLResolver] = [
    path("me/notes-before/", plans.plan_reminders, name="plan_reminders"),
]
