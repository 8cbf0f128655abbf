"""A link as a drawing that a phone's camera reads."""

import segno
from django.utils.safestring import SafeString, mark_safe


def qr_of(link: str) -> SafeString:
    """The QR of a link as inline SVG, scaled by its box; nothing a person typed goes into the picture's markup."""
    drawn = segno.make(link, error="m").svg_inline(
        omitsize=True, border=0, dark="#1f2a37", svgclass=None, lineclass=None
    )
    return mark_safe(drawn)  # noqa: S308
