"""Errors that services raise beside Django's PermissionDenied and ValidationError. The faces translate them."""


class PorchlightError(Exception):
    """Base of our own errors; its text is a sentence that may be shown to people."""

    status = 400
    code = "error"


class Unknown(PorchlightError):
    """There is nothing here by that name: a forged link, a mistyped address. HTTP 404."""

    status = 404
    code = "not_found"


class Settled(PorchlightError):
    """The thing asked about is over: a used invitation, a revoked link, an ended episode. HTTP 410."""

    status = 410
    code = "settled"


class Conflict(PorchlightError):
    """The same thing was done already, or by somebody else first. HTTP 409."""

    status = 409
    code = "conflict"


class TooMany(PorchlightError):
    """A limit per person or address is reached. HTTP 429."""

    status = 429
    code = "too_many"


class NotYet(PorchlightError):
    """What this is about is being written at this moment; the same again in a minute will do. HTTP 503."""

    status = 503
    code = "not_yet"
