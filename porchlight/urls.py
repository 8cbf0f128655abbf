from django.apps import apps
from django.urls import include, path

from porchlight.api import urls as api_urls
from porchlight.health import healthz, healthz_worker

urlpatterns = [
    path("healthz", healthz),
    path("healthz/worker", healthz_worker),
    path("api/v1/", include(api_urls)),
    path("", include("frontend.urls")),
]

if apps.is_installed("anymail"):  # a provider's reports, and mails that came in
    urlpatterns.insert(0, path("anymail/", include("anymail.urls")))
