"""No link token in a log."""

import logging

import pytest

from ground.logs import WithoutTokens


@pytest.mark.parametrize("path", ["/x3j2xifonpt5l", "/i/x3j2xifonpt5l/", "/x3j2xifonpt5l?a=1"])
def test_a_token_in_an_address_does_not_reach_the_log(path):
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Gone: %s", (path,), None)
    WithoutTokens().filter(record)
    assert "x3j2xifonpt5l" not in record.getMessage()


def test_other_addresses_stay_readable():
    record = logging.LogRecord("django.request", logging.ERROR, "", 0, "Error: %s", ("/api/v1/meetings/",), None)
    WithoutTokens().filter(record)
    assert record.getMessage() == "Error: /api/v1/meetings/"
