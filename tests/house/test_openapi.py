"""/api/v1/ describes itself, whole and without a sign-in."""

import json

import pytest
from django.test import Client
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator

pytestmark = pytest.mark.django_db


def test_every_door_of_the_api_is_described_once_and_in_words():
    answer = Client().get("/api/v1/schema/")
    assert answer.status_code == 200
    schema = json.loads(answer.content)
    assert schema["openapi"].startswith("3.")
    patterns = {
        str(one.pattern) for group in get_resolver().url_patterns if str(group.pattern) == "api/v1/"
        for one in group.url_patterns
    }  # fmt: skip
    assert len(schema["paths"]) >= len(patterns) - 2
    operations = [one for path in schema["paths"].values() for name, one in path.items() if name != "parameters"]
    assert all(one["description"] for one in operations)
    ids = [one["operationId"] for one in operations]
    assert len(set(ids)) == len(ids)
    assert "/api/v1/meetings/" in schema["paths"]
    assert schema["components"]["schemas"]["Error"]


def test_it_is_made_once_however_often_anybody_asks(monkeypatch):
    first = Client().get("/api/v1/schema/").content
    monkeypatch.setattr(SchemaGenerator, "parse", lambda *_given: 1 / 0)
    assert Client().get("/api/v1/schema/?version=2").content == first
