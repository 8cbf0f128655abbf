from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from frontend.views import accounts

urlpatterns: list[URLPattern | URLResolver] = [
    path("join/", accounts.sign_up, name="sign_up"),
    path("join/done/", accounts.signed_up, name="signed_up"),
    path("accounts/recovery/", accounts.recover, name="sign_in_recovery"),
    # accounts are made at /join/ only, behind the age question
    path("accounts/signup/", RedirectView.as_view(pattern_name="sign_up", query_string=True)),
    # addresses are kept on the page of what reaches one, where a code proves them
    path("accounts/email/", RedirectView.as_view(pattern_name="reach")),
    path("accounts/", include("allauth.urls")),
]
