from django.urls import URLPattern, URLResolver, path

from frontend.views import calendars, plans

urlpatterns: list[URLPattern | URLResolver] = [
    path("me/calendar/", calendars.own_calendar, name="own_calendar"),
    path("me/notes-before/", plans.plan_reminders, name="plan_reminders"),
]
