"""What only a mail says."""

STOP_LINE = {
    "en": "Stop these messages: {stop}",
    "es": "No recibir más mensajes: {stop}",
}


def stop_line_of(language: str, stop: str) -> str:
    """The line at the end that takes the place of the word STOP."""
    return STOP_LINE.get(language, STOP_LINE["en"]).format(stop=stop)
