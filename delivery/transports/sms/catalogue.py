"""What only a text message says: the short replies it offers, and what we answer to one that comes in."""

OFFER = {
    "en": "1 on it 2 reached 3 can't",
    "es": "1 voy 2 hecho 3 no puedo",
}

CODE = {
    "en": "{code} is your code. It holds for 15 minutes. If you did not ask for it, do nothing.",
    "es": "{code} es tu código. Vale 15 minutos. Si no lo pediste, no hagas nada.",
}

ANSWERS = {
    "stopped": {
        "en": "Done. No more messages from us to this number. START lets them come again.",
        "es": "Hecho. No enviaremos más mensajes a este número. START los permite de nuevo.",
    },
    "started": {
        "en": "Messages may come to this number again. STOP ends them. People you said stop to stay stopped.",
        "es": "Este número puede recibir mensajes otra vez. STOP termina. A quien dijiste que no, sigue en no.",
    },
    "help": {
        "en": "Someone you know asked us to write to this number. STOP ends these messages. More: {site}",
        "es": "Alguien que conoces nos pidió escribir a este número. STOP termina estos mensajes. Más: {site}",
    },
    "noted": {
        "en": "Thank you, noted.",
        "es": "Gracias, anotado.",
    },
    "settled": {
        "en": "Thank you. That one is settled, nothing more to do.",
        "es": "Gracias. Eso ya está resuelto, no hace falta nada.",
    },
    "which": {
        "en": "More than one message to this number is open. Please use the link in the one you mean.",
        "es": "Hay más de un mensaje abierto. Usa el enlace del que quieras responder.",
    },
    "unread": {
        "en": "Nobody reads this number. Please use the link in the message. STOP ends them, HELP tells more.",
        "es": "Nadie lee este número. Usa el enlace del mensaje. STOP los termina, HELP explica.",
    },
}


def offer_of(language: str) -> str:
    """The line that offers short replies."""
    return OFFER.get(language, OFFER["en"])


def code_text(language: str, code: str) -> str:
    """What brings the code that proves a number."""
    return CODE.get(language, CODE["en"]).format(code=code)


def answer_of(name: str, language: str, site: str = "") -> str:
    """What we answer to a text message that came in."""
    forms = ANSWERS[name]
    return forms.get(language, forms["en"]).format(site=site)
