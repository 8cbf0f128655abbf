"""What only a mail says."""

STOP_LINE = {
    "en": "Stop these messages: {stop}",
    "es": "No recibir más mensajes: {stop}",
}

OFFER = {
    "en": "You may also answer this mail with one sign: 1 on it, 2 reached, 3 can't. STOP ends these messages.",
    "es": "También puedes responder a este correo con un signo: 1 voy, 2 hecho, 3 no puedo. STOP termina los mensajes.",
}


def offer_of(language: str) -> str:
    """The line that offers short answers."""
    return OFFER.get(language, OFFER["en"])


def stop_line_of(language: str, stop: str) -> str:
    """The line at the end that takes the place of the word STOP."""
    return STOP_LINE.get(language, STOP_LINE["en"]).format(stop=stop)
