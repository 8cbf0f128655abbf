"""No link token in a log."""

import logging

import pytest

from ground.logs import WithoutTokens


@pytest.mark.parametrize("path", ["/x3j2xifonpt5l", "/i/x3j2xifonpt5l/", "/x3j2xifonpt5l?a=1"])
def test_a_token_in_an_address_does_not_reach_the_log(path):
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Gone: %s", (path,), None)
    WithoutTokens().filter(record)
    assert "x3j2xifonpt5l" not in record.getMessage()


def test_where_somebody_looks_for_a_meeting_does_not_reach_the_log():
    killed = (
        "Application instance <Task> for connection <WebRequest at 0x7f method=GET uri=/?near=52.5,13.4&q=gay"
        " clientproto=HTTP/1.1> took too long to shut down and was killed."
    )
    record = logging.LogRecord("daphne.server", logging.WARNING, "", 0, killed, (), None)
    WithoutTokens().filter(record)
    assert "52.5" not in record.getMessage()
    assert "gay" not in record.getMessage()
    assert "uri=/?… clientproto=HTTP/1.1> took too long" in record.getMessage()


def test_other_addresses_stay_readable():
    record = logging.LogRecord("django.request", logging.ERROR, "", 0, "Error: %s", ("/api/v1/meetings/",), None)
    WithoutTokens().filter(record)
    assert record.getMessage() == "Error: /api/v1/meetings/"
