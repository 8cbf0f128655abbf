from django.apps import apps
from django.urls import include, path

from meetings.api.bmlt import urls as bmlt_urls
from meetings.api.calendars import urls as calendar_urls
from meetings.api.feeds import urls as feed_urls
from porchlight.api import urls as api_urls
from porchlight.health import healthz, healthz_worker

urlpatterns = [
    path("healthz", healthz),
    path("healthz/worker", healthz_worker),
    path("api/v1/", include(api_urls)),
    *feed_urls,
    *bmlt_urls,
    *calendar_urls,
    path("", include("frontend.urls")),
]

if apps.is_installed("anymail"):  # a provider's reports, and mails that came in
    urlpatterns.insert(0, path("anymail/", include("anymail.urls")))
