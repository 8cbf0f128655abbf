"""Signing up, behind the age question, and getting back in with a recovery code."""

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import filter_users_by_username
from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cravings.services import wishes_lead
from frontend.forms.accounts import PASSKEY, Recovery, SignUp
from frontend.views.people import send_code
from ground.errors import TooMany
from people import services

AFTER = "after_sign_up"  # session key: where the person was going


@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Make an account and sign it in. `next`: where to go on afterwards."""
    going_to = _ours(request, request.POST.get("next") or request.GET.get("next", ""))
    if request.user.is_authenticated:
        return redirect(going_to or "today")
    form = SignUp(request.POST or None, initial={"language": get_language(), "zone": settings.SITE_ZONE})
    if request.method == "POST" and form.is_valid():
        _count(request, "signup")
        chosen = form.cleaned_data
        with_passkey = chosen["way"] == PASSKEY
        try:
            account = services.account_create(
                alias=chosen["alias"],
                password=None if with_passkey else chosen["password"],
                zone=chosen["zone"],
                language=chosen["language"],
                adult=chosen["adult"],
            )
        except ValidationError as refused:
            form.take(refused)
        else:
            if chosen["lead"]:
                wishes_lead(actor=account.person, on=True)
            get_adapter().login(request, account)
            request.session[AFTER] = going_to
            if chosen["email"]:  # used once its code was typed, whether or not somebody here has it already
                send_code(request, account.person, chosen["email"])
            # who made the account a moment ago is not asked again before seeing the recovery codes
            record_authentication(request, account, method="sign_up", reauthenticated=True)
            return redirect("mfa_add_webauthn" if with_passkey else "signed_up")
    status = 400 if form.errors else 200
    return render(request, "accounts/sign_up.html", {"form": form, "next": going_to}, status=status)


def signed_up(request: HttpRequest) -> HttpResponse:
    """The account stands: on to where the person was going."""
    return redirect(request.session.pop(AFTER, "") or "today")


@require_http_methods(["GET", "HEAD", "POST"])
def recover(request: HttpRequest) -> HttpResponse:
    """Sign in by alias and a recovery code, for whom a passkey was the only way and the device is gone."""
    form = Recovery(request.POST or None)
    if request.method == "POST" and form.is_valid():
        alias = form.cleaned_data["alias"].strip()
        _count(request, "login_failed", key=f"recovery:{alias.lower()}")
        account = filter_users_by_username(alias).filter(is_active=True).first()
        if account is not None and _code_matches(account.pk, form.cleaned_data["code"]):
            get_adapter().login(request, account)
            record_authentication(request, account, method="recovery_code", reauthenticated=True)
            messages.success(request, _("Welcome back. That code is used up; you may want to add a passkey here."))
            return redirect("mfa_index")
        form.add_error(None, _("That name and code do not match. Each code works once."))
    return render(request, "accounts/recovery.html", {"form": form}, status=400 if form.errors else 200)


def _code_matches(account_id: int, code: str) -> bool:
    kept = Authenticator.objects.filter(user_id=account_id, type=Authenticator.Type.RECOVERY_CODES).first()
    return kept is not None and kept.wrap().validate_code("".join(code.split()))


def _count(request: HttpRequest, action: str, key: str | None = None) -> None:
    """Raises TooMany past allauth's limit per address or name."""
    if not ratelimit.consume(request, action=action, key=key):
        raise TooMany(_("That was tried many times. Please wait five minutes and try again."))


def _ours(request: HttpRequest, wanted: str) -> str:
    """`wanted` if it is an address of this site, else nothing."""
    secure = request.is_secure()
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=secure) else ""
