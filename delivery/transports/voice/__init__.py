"""A call to a number through the provider that PORCHLIGHT_VOICE names: a voice says one short text, twice.

A repeat would be a second ring. Somebody else may pick up, and so may a machine: the text is safe for both.
"""

from delivery.catalogue import without_stop
from delivery.transports import Message
from delivery.transports.voice.gateways import Gateway

VOICES = {"en": "en-GB", "es": "es-ES"}  # what the voice is told to speak


class VoiceTransport:
    absorbs_repeats = False

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    def send(self, address: str, message: Message) -> None:
        """Raises TransportError or Uncertain."""
        self.gateway.call(address, without_stop(message.text), VOICES.get(message.language, VOICES["en"]))
