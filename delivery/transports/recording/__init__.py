"""The recording twin: keeps what would have left the house. For tests, replays and benches."""

from dataclasses import dataclass, field

from delivery.transports import Message, TransportError


@dataclass
class RecordingTransport:
    """Remembers hand-overs as (address, message); refuses for good what is in `refused`, for now what is in `busy`."""

    absorbs_repeats: bool = True
    sent: list[tuple[str, Message]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)

    def send(self, address: str, message: Message) -> None:
        if address in self.refused:
            raise TransportError("refused for good", permanent=True)
        if address in self.busy:
            raise TransportError("busy, try later", permanent=False)
        self.sent.append((address, message))
