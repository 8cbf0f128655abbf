"""Health checks for machines. They say nothing about anybody.

/healthz: 200 when this process can read the database. /healthz/worker: 200 while some worker's heartbeat is younger
than a minute; without one nothing leaves the house.
"""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

from delivery.selectors import worker_alive
from ground import clock


def healthz(request: HttpRequest) -> HttpResponse:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return _say("database does not answer", 503)
    return _say("ok", 200)


def healthz_worker(request: HttpRequest) -> HttpResponse:
    try:
        alive = worker_alive(clock.now())
    except DatabaseError:
        return _say("database does not answer", 503)
    return _say("ok", 200) if alive else _say("no worker's heartbeat for a minute: nothing is sent", 503)


def _say(words: str, status: int) -> HttpResponse:
    return HttpResponse(words + "\n", status=status, content_type="text/plain")
