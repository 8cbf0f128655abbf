"""The JSON face: one router, one shape of errors: {"error": {"code", "message", "fields"?}}."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from chat.api import urls as chat_urls
from circle.api import urls as circle_urls
from cravings.api import urls as cravings_urls
from delivery.api import urls as delivery_urls
from ground.errors import PorchlightError
from groups.api import urls as groups_urls
from meetings.api import urls as meetings_urls
from own.api import urls as own_urls
from porchlight.api_links import urls as links_urls
from support.api import urls as support_urls

urls: list[URLPattern | URLResolver] = [
    *chat_urls,
    *circle_urls,
    *cravings_urls,
    *delivery_urls,
    *groups_urls,
    *links_urls,
    *meetings_urls,
    *own_urls,
    *support_urls,
    path("schema/", SpectacularJSONAPIView.as_view(), name="api_schema"),
]


def error_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Render what services and DRF raise in one shape; None lets an unknown error become a logged 500."""
    if isinstance(error, PorchlightError):
        set_rollback()
        return _shape(error.status, error.code, str(error))
    if isinstance(error, ValidationError):
        set_rollback()
        fields = error.message_dict if hasattr(error, "error_dict") else None
        return _shape(400, "invalid", " ".join(dict.fromkeys(error.messages)), fields)
    if isinstance(error, Http404 | PermissionDenied | exceptions.APIException):
        answer = exception_handler(error, context)
        if answer is None:
            return None
        data = answer.data
        fields = data if isinstance(data, dict) and "detail" not in data else None
        message = str(data["detail"]) if isinstance(data, dict) and "detail" in data else "Please check the input."
        code = getattr(error, "default_code", "not_found" if isinstance(error, Http404) else "forbidden")
        answer.data = {"error": _error(str(code), message, fields)}
        return answer
    return None


def _shape(status: int, code: str, message: str, fields: Any = None) -> Response:
    return Response({"error": _error(code, message, fields)}, status=status)


def _error(code: str, message: str, fields: Any) -> dict[str, Any]:
    return {"code": code, "message": message, **({"fields": fields} if fields else {})}
