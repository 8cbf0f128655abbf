"""What a short text message means. Where it is unclear it means nothing, except that STOP is heard generously."""

import re

STOP, START, HELP = "stop", "start", "help"
WHOLE = {
    STOP: {"stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out"}
    | {"baja", "parar", "para", "alto", "cancelar", "terminar", "no mas", "no más"},
    START: {"start", "unstop", "empezar"},
    HELP: {"help", "info", "ayuda"},
}
REPLY = re.compile(r"^\(?([1-9])[.)]?$")
FIRST = re.compile(r"^(stop|stopall|unsubscribe)\b")


def meaning(text: str) -> str:
    """ "stop", "start", "help", a digit, or empty for what is none of them."""
    said = " ".join(text.casefold().split()).strip(" .,;:!?\"'")
    for word, forms in WHOLE.items():
        if said in forms:
            return word
    if FIRST.match(said):
        return STOP
    reply = REPLY.match(said)
    return reply.group(1) if reply else ""
