"""The names of this room's kinds of messages, and their topics. What each says stands in the catalogue, who may get it
in kinds."""

OFFER = "craving_offer"
SUPPORTER = "craving_supporter"
VOICE = "craving_voice"
PAGE = "craving_page"
QUIET = "craving_quiet"
DANGER = "craving_danger"
PROMPT = "craving_prompt"


def topic_of(press_id: int) -> str:
    """What a withdrawal cancels together."""
    return f"press:{press_id}"
