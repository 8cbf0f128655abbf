"""Text messages through the provider that PORCHLIGHT_SMS names. A repeat would be a second message on the phone."""

from delivery.catalogue import without_stop
from delivery.transports import Message, transport_of
from delivery.transports.sms import gsm7
from delivery.transports.sms.catalogue import offer_of
from delivery.transports.sms.gateways import Gateway


class SmsTransport:
    """One text message: the catalogue's words in GSM-7, with the offer of short replies where it fits one message."""

    absorbs_repeats = False

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    def send(self, address: str, message: Message) -> None:
        self.gateway.send(address, compose(message), message.ref)


def compose(message: Message) -> str:
    """The text as it leaves."""
    text = gsm7.fold(message.text)
    if not message.replies:
        return text
    plain = without_stop(text)
    ending = text.removeprefix(plain)
    with_offer = f"{plain} {gsm7.fold(offer_of(message.language))}{ending}"
    return with_offer if gsm7.length(with_offer) <= gsm7.ONE_MESSAGE else text


def gateway() -> Gateway | None:
    """The site's provider; None when it sends no text messages."""
    transport = transport_of("sms")
    return transport.gateway if isinstance(transport, SmsTransport) else None
