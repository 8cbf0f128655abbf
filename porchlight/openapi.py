"""How /api/v1/ describes itself: GET /api/v1/schema/ (OpenAPI 3, by drf-spectacular), open to everybody.

Views here parse by hand and render plain objects, so a description is made of the view's own docstring, its address
and its methods; every refusal has the one shape of porchlight.api.
"""

import re
import sys
from inspect import cleandoc
from typing import Any, ClassVar

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny

ERROR = inline_serializer(
    "Error",
    {
        "error": inline_serializer(
            "ErrorBody",
            {
                "code": serializers.CharField(),
                "message": serializers.CharField(),
                "fields": serializers.DictField(required=False),
            },
        )
    },
)


class PlainSchema(AutoSchema):
    """Describes a view that has no serializer."""

    def get_description(self) -> str:  # type: ignore[override]
        own = getattr(type(self.view), self.method.lower()).__doc__ or type(self.view).__doc__
        return cleandoc(own or sys.modules[type(self.view).__module__].__doc__ or "")

    def get_tags(self) -> list[str]:
        return [type(self.view).__module__.partition(".")[0]]

    def get_operation_id(self) -> str:
        return "_".join([self.method.lower(), *re.findall(r"\w+", self.path.removeprefix("/api/v1/"))])

    def get_request_serializer(self) -> Any:
        if self.method not in {"POST", "PUT", "PATCH"}:
            return None
        # a view may say in `takes` what one of its methods reads
        return {"application/json": getattr(self.view, "takes", {}).get(self.method, {"type": "object"})}

    def get_response_serializers(self) -> Any:
        refused = OpenApiResponse(ERROR, description="The input cannot be read, or what it names is not there.")
        answers: dict[Any, Any] = {
            (200, "application/json"): {"type": "object"},
            400: refused,
            404: OpenApiResponse(ERROR, description="Not here, or not for you."),
        }
        if AllowAny not in self.view.permission_classes:
            answers[403] = OpenApiResponse(ERROR, description="Sign in first, or it is not yours to do.")
        return answers


class Once(SchemaGenerator):
    """Made once a process: the doors stay as they are, and half a second of work is nobody's for the asking."""

    made: ClassVar[Any] = None

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        if Once.made is None:
            Once.made = super().get_schema(request, public)  # type: ignore[no-untyped-call]
        return Once.made
