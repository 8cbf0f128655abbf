"""How allauth behaves here: our words, our door for signing up, secrets encrypted."""

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from delivery.subscriptions import PUSH_WAYS, push_end
from people import sessions

NO_MATCH = _("That name and password do not match. Check both, or ask for a code by e-mail.")
CODE_DIFFERS = _("That did not match. Nothing is lost: please try once more.")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made at /join/ only, behind the age question."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is closed."),
        "email_password_mismatch": NO_MATCH,
        "username_password_mismatch": NO_MATCH,
        "invalid_login": NO_MATCH,
        "email_taken": _("This address belongs to an account already."),
        "duplicate_email": _("This address is already on your list."),
        "incorrect_code": CODE_DIFFERS,
        "incorrect_password": _("That password does not match."),
        "enter_current_password": _("Please type the password you have now."),
        "invalid_or_expired_key": _("This link is used or too old. Ask for a fresh one."),
        "invalid_password_reset": _("This link is used or too old. Ask for a fresh one."),
        "too_many_login_attempts": _("That was tried many times. Please wait five minutes and try again."),
        "rate_limited": _("That was a bit fast. Please wait a minute and try again."),
        "unknown_email": _("No account has this address."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def logout(self, request: HttpRequest) -> None:
        account, ways = request.user, request.session.get(PUSH_WAYS, [])
        super().logout(request)
        if account.is_authenticated:
            push_end(actor=account.person, way_ids=ways)
            sessions.say_ended(account)

    def set_password(self, user: Any, password: str) -> None:
        super().set_password(user, password)
        sessions.say_ended(user)


class PasskeyAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """A phone's list of passkeys shows the alias, never the e-mail address."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": CODE_DIFFERS,
    }

    def encrypt(self, text: str) -> str:
        return Fernet(settings.FIELD_KEY).encrypt(text.encode()).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        return Fernet(settings.FIELD_KEY).decrypt(encrypted_text.encode("ascii")).decode()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # noqa: A002  (allauth's name)
        return gettext("This device")

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return {**entity, "display_name": user.alias, "name": user.alias}

    def _get_site_name(self) -> str:
        return "Porchlight"
