"""Spanish: "25 de diciembre de 2026"; a month that is cut short needs no "de"."""

globals().update(
    {
        "j F": r"j \d\e F",
        "j F Y": r"j \d\e F \d\e Y",
        "l j F": r"l j \d\e F",
        "l, j F": r"l, j \d\e F",
        "l, j F, H:i": r"l, j \d\e F, H:i",
    }
)
