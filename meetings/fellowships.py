"""The fellowships a meeting can belong to: a short code, and the name in full by which people look for it."""

import re
from functools import lru_cache

from meetings.folding import fold

FELLOWSHIPS: dict[str, str] = {
    "AA": "Alcoholics Anonymous",
    "AL-ANON": "Al-Anon Family Groups",
    "ACA": "Adult Children of Alcoholics",
    "CA": "Cocaine Anonymous",
    "CMA": "Crystal Meth Anonymous",
    "CODA": "Co-Dependents Anonymous",
    "DA": "Debtors Anonymous",
    "DRA": "Dual Recovery Anonymous",
    "EDA": "Eating Disorders Anonymous",
    "GA": "Gamblers Anonymous",
    "HA": "Heroin Anonymous",
    "LIFERING": "LifeRing Secular Recovery",
    "MA": "Marijuana Anonymous",
    "MARA": "Medication-Assisted Recovery Anonymous",
    "NA": "Narcotics Anonymous",
    "NAR-ANON": "Nar-Anon Family Groups",
    "NICA": "Nicotine Anonymous",
    "OA": "Overeaters Anonymous",
    "RD": "Recovery Dharma",
    "SAA": "Sex Addicts Anonymous",
    "SLAA": "Sex and Love Addicts Anonymous",
    "SMART": "SMART Recovery",
    "SOS": "Secular Organizations for Sobriety",
    "WFS": "Women for Sobriety",
}

_WORD = re.compile(r"[A-Za-z][A-Za-z-]*")
# codes that are words of another kind in a name: a state, a day, the distress call
_AMBIGUOUS = frozenset({"CA", "MA", "GA", "DA", "HA", "RD", "SMART", "SOS", "MARA"})


@lru_cache(maxsize=4096)
def fellowship_in(name: str) -> str:
    """The code of the fellowship that the name of an office or area tells: in full, or by its initials; else empty.

    `"Philadelphia Alcoholics Anonymous"`, `"Greater New York NA"`. Two of them say nothing.
    """
    folded = f" {fold(name)} "
    full = {code for code, words in FELLOWSHIPS.items() if f" {fold(words)} " in folded}
    short = {word for word in _WORD.findall(name) if word in FELLOWSHIPS} - _AMBIGUOUS
    found = full or short
    return found.pop() if len(found) == 1 else ""
