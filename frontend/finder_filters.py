"""The finder's filters as links and lists of choices: each is the same search with one thing changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from frontend.markup import NOTHING, joined, put
from ground.site import site_url
from meetings.fellowships import FELLOWSHIPS
from meetings.guide_types import LANGUAGES, TYPES
from meetings.kind_names import names_in
from meetings.selectors import finder
from meetings.selectors.asking import Asked

# what an address may carry
KEPT = (
    "q", "place", "near", "radius", "box", "day", "within", "on", "time", "mode", "tags", "lang", "fellowship", "sort",
)  # fmt: skip
# of these what holds on any day
LASTING = ("q", "place", "near", "radius", "box", "time", "mode", "tags", "lang", "fellowship")
TOLD = ("q", "place", "radius", "mode", "tags", "lang")  # that the widget knows (static/js/widget.js)
RADII = (5, 10, 25, 50, 100)
KINDS = ("BE", "W", "M", "LGBTQ", "Y", "SEN", "SP", "ST", "MED", "LIT", "O", "POA")
ACCESS = ("X", "XB", "ASL", "CF", "BA", "FF")
WAYS = ("A", "X-MED", "DD")  # secular, medication-friendly, dual diagnosis


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is a link: to the same search with or without it. `count`: how many it would leave, if known."""

    label: str
    url: str
    on: bool
    count: int | None = None


def type_name(code: str) -> str:
    """The name of a type in the reader's language."""
    return names_in(get_language() or "").get(code, TYPES[code])


def url_of(params: Mapping[str, str], **changes: str | None) -> str:
    """The finder's address with some parameters set, or left out (None)."""
    kept = {key: value for key, value in {**params, **changes}.items() if value}
    return "?" + urlencode(kept) if kept else "?"


def filters(params: dict[str, str], asked: Asked, today: date, counts: finder.Facets | None = None) -> dict[str, Any]:
    """All that stands below "More days and kinds"; with `counts` each choice says how many it leaves."""
    capped, find = counts is not None and counts.capped, reverse("find")
    spoken = {code: type_name(code) for code in LANGUAGES}
    # offered once it is counted that a meeting here has one: few lists say it
    known = {code: name for code, name in FELLOWSHIPS.items() if counts or code == asked.search.fellowship}
    return {
        "params": params,
        "asked": asked,
        "radii": RADII,
        "radius": asked.search.radius,
        "counts": counts,
        "day_chips": as_items(_day_chips(params, today, counts), find, more=capped),
        "time_chips": as_items(_time_chips(params), find),
        "groups": [
            (_("Made for"), as_items(_tag_chips(params, WAYS, counts), find, more=capped)),
            (_("Kind"), as_items(_tag_chips(params, KINDS, counts), find, more=capped)),
            (_("Access"), as_items(_tag_chips(params, ACCESS, counts), find, more=capped)),
        ],
        "languages": _options(params, "lang", spoken, counts.languages if counts else None, more=capped),
        "fellowships": _options(params, "fellowship", known, counts.fellowships if counts else None, more=capped),
        "sorts": _sorts(params, asked),
        "search_url": url_of(params),
    }


def elsewhere(params: Mapping[str, str], language: str) -> dict[str, str]:
    """The same search on paper, in a calendar and on another site. A position leads to paper only: the other two
    addresses are copied to machines that nobody here knows."""
    lasting = {key: value for key, value in params.items() if key in LASTING}
    ways = {"print_url": reverse("print_list") + url_of(lasting).removesuffix("?")}
    if "near" not in params:
        told = [("src", f"{site_url()}/widget.js"), *((f"data-{key}", params[key]) for key in TOLD if key in params)]
        written = format_html_join("", ' {}="{}"', [*told, ("data-words", language)])
        ways["calendar_url"] = reverse("calendar_search") + url_of(lasting).removesuffix("?")
        ways["widget"] = format_html("<script async{}></script>", written)
    return ways


def main_chips(params: dict[str, str]) -> list[Chip]:
    """The few that stand above the list."""
    return [
        _chip(params, _("Within the hour"), "within", "60", "on", "day", "time"),
        _chip(params, _("On now"), "on", "1", "within", "day", "time"),
        _chip(params, _("Today"), "day", "today", "within", "on"),
        _chip(params, _("Online"), "mode", "online"),
        _chip(params, _("In person"), "mode", "in_person"),
    ]


def as_items(chips: Iterable[Chip], page: str = "", *, more: bool = False) -> SafeString:
    """The items of a list of chips: some fifty on a page. `page`: the finder's, where another page holds them; `more`:
    each number means at least."""
    return joined([_item(chip, page, "+" if more else "") for chip in chips])


def _item(chip: Chip, page: str, sign: str) -> SafeString:
    on = SafeString(' chip-on" aria-current="true') if chip.on else NOTHING
    count = NOTHING if chip.count is None else put(' <small class="chip-count">{}{}</small>', str(chip.count), sign)
    return put('<li><a class="chip{}" href="{}">{}{}</a></li>', on, page + chip.url, chip.label, count)


def wider(params: dict[str, str], asked: Asked) -> list[tuple[str, str]]:
    """What to try when nothing was found: each drops one narrowing filter."""
    search = asked.search
    placed = bool(search.near or search.box)
    online = url_of(params, mode="online", place=None, near=None, radius=None, box=None, sort=None)
    few_words = search.words[0] if len(search.words) > 1 else None
    tries = [
        (search.within is not None or search.on_now, _("See what comes next"), url_of(params, within=None, on=None)),
        (search.day, _("Any day"), url_of(params, day=None)),
        (search.time, _("Any time of day"), url_of(params, time=None)),
        (search.near and search.radius < RADII[-1], _("Farther around"), url_of(params, radius=str(RADII[-1]))),
        (search.box, _("Anywhere"), url_of(params, box=None)),
        (placed and search.mode != "online", _("Online, from anywhere"), online),
        (search.tags, _("Any kind"), url_of(params, tags=None)),
        (search.language, _("Any language"), url_of(params, lang=None)),
        (search.fellowship, _("Any fellowship"), url_of(params, fellowship=None)),
        (search.mode and not placed, _("Online and in person"), url_of(params, mode=None)),
        (few_words, _("Only “%(word)s”") % {"word": few_words}, url_of(params, q=few_words)),
        (search.words and not few_words, _("Without the words"), url_of(params, q=None)),
        (params, _("Start again"), "?"),
    ]
    return [(label, url) for narrows, label, url in tries if narrows]


def _chip(params: dict[str, str], label: str, key: str, value: str, *never_with: str, count: int | None = None) -> Chip:
    on = params.get(key) == value
    return Chip(label, url_of(params, **{**dict.fromkeys(never_with), key: None if on else value}), on, count)


def _day_chips(params: dict[str, str], today: date, counts: finder.Facets | None) -> list[Chip]:
    """Tomorrow, then the days after it, each by its name."""

    def named(label: str, value: str, weekday: int) -> Chip:
        count = counts.days.get(finder.DAY_NAMES[weekday]) if counts else None
        return _chip(params, label, "day", value, "within", "on", count=count)

    chips = [named(_("Tomorrow"), "tomorrow", (today + timedelta(days=1)).weekday())]
    for ahead in range(2, 7):
        weekday = (today + timedelta(days=ahead)).weekday()
        chips.append(named(str(WEEKDAYS_ABBR[weekday]), finder.DAY_NAMES[weekday], weekday))
    return chips


def _time_chips(params: dict[str, str]) -> list[Chip]:
    names = {"morning": _("Morning"), "midday": _("Midday"), "evening": _("Evening"), "night": _("Night")}
    return [_chip(params, label, "time", value, "within", "on") for value, label in names.items()]


def _tag_chips(params: dict[str, str], codes: Iterable[str], counts: finder.Facets | None) -> list[Chip]:
    chosen = [tag for tag in params.get("tags", "").upper().split(",") if tag]
    chips = []
    for code in codes:
        rest = [tag for tag in chosen if tag != code]
        on = code in chosen
        url = url_of(params, tags=",".join(rest if on else [*rest, code]))
        chips.append(Chip(type_name(code), url, on, counts.tags[code] if counts else None))
    return chips


def _options(
    params: dict[str, str], key: str, names: Mapping[str, str], counts: Mapping[str, int] | None, *, more: bool
) -> SafeString:
    """Those that would leave something, the most first; all by name while the numbers are not known."""
    chosen = params.get(key, "").upper()
    kept = [(code, name) for code, name in names.items() if counts is None or counts.get(code) or code == chosen]
    if counts is None:
        return _written(((code, name) for code, name in sorted(kept, key=lambda one: one[1])), chosen)
    kept.sort(key=lambda one: (-counts.get(one[0], 0), one[1]))
    sign = "+" if more else ""
    return _written(((code, f"{name} ({counts.get(code, 0)}{sign})") for code, name in kept), chosen)


def _sorts(params: dict[str, str], asked: Asked) -> SafeString:
    options = [("", _("Soonest first")), (finder.BY_NAME, _("By name"))]
    if asked.search.near:
        options.insert(1, (finder.BY_DISTANCE, _("Nearest first")))
    return _written(options, params.get("sort", ""))


def _written(options: Iterable[tuple[str, str]], chosen: str) -> SafeString:
    """As HTML: a template would take longer over the many languages than over all the rest of the page."""
    here = SafeString(" selected")
    return joined(
        [
            put('<option value="{}"{}>{}</option>', code, here if code == chosen else NOTHING, label)
            for code, label in options
        ]
    )
