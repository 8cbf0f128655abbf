"""What an entry of our own Meeting Guide feed is called, so that the list it came from knows it again.

The spec allows 64 characters. A meeting on several weekdays is several entries: `slug`, `slug-2`, `slug-3` ….
"""

from hashlib import blake2b

MOST = 64
ROOM = MOST - 4  # for `-7`, and `-12` where numbers are skipped since another meeting has that name


def slug_out(slug: str, turn: int = 1) -> str:
    """The slug of the `turn`-th entry of the meeting with this address here; a long one is shortened, unmistakably."""
    if len(slug) > ROOM:
        mark = blake2b(slug.encode(), digest_size=5).hexdigest()
        slug = f"{slug[: ROOM - len(mark) - 1].rstrip('-')}-{mark}"
    return slug if turn == 1 else f"{slug}-{turn}"
