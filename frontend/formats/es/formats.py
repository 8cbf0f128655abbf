"""Spanish: "25 de diciembre de 2026", "vie 25 dic": days and months are written small, a short one needs no "de"."""

globals().update(
    {
        "j F": r"j \d\e F",
        "j F Y": r"j \d\e F \d\e Y",
        "j F, H:i": r"j \d\e F, H:i",
        "l j F": r"l j \d\e F",
        "l, j F": r"l, j \d\e F",
        "l, j F, H:i": r"l, j \d\e F, H:i",
        "j M": "j b",
        "j M Y": "j b Y",
        "j M, H:i": "j b, H:i",
        "j M H:i": "j b H:i",
        "D j M": "D j b",
        "D j M Y": "D j b Y",
        "D j M, H:i": "D j b, H:i",
        "D j M Y, H:i": "D j b Y, H:i",
    }
)
