"""A person with a browser without JavaScript: reads pages, fills in the forms that stand there, presses buttons.

It knows nothing of the product but what a page shows, so a story told with it uses public doors only.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx

SKIPPED = {"submit", "button", "image", "reset", "file"}


@dataclass
class Form:
    """One form of a page: where it goes, what is filled in already, what its buttons say."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)  # (words, name, value)


class FormReader(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._button: tuple[str, str] | None = None
        self._select = self._textarea = ""
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        if self._form is None:
            return
        name = given.get("name", "")
        if tag == "input":
            self._input(given, name)
        elif tag == "button":
            self._button, self._words = (name, given.get("value", "")), []
        elif tag == "select":
            self._select = name
            self._form.names.add(name)
        elif tag == "option" and self._select:
            values = self._form.fields.setdefault(self._select, [])
            if "selected" in given or not values:
                self._form.fields[self._select] = [given.get("value", "")]
        elif tag == "textarea":
            self._textarea, self._words = name, []

    def _input(self, given: dict[str, str], name: str) -> None:
        assert self._form is not None
        kind = given.get("type", "text")
        if kind == "submit":
            self._form.buttons.append((given.get("value", ""), name, given.get("value", "")))
        if not name or kind in SKIPPED:
            return
        self._form.names.add(name)
        if kind not in {"checkbox", "radio"} or "checked" in given:
            self._form.fields.setdefault(name, []).append(given.get("value", "on" if kind == "checkbox" else ""))

    def handle_endtag(self, tag: str) -> None:
        if self._form is None:
            return
        words = " ".join("".join(self._words).split())
        if tag == "form":
            self._form = None
        elif tag == "button" and self._button is not None:
            self._form.buttons.append((words, *self._button))
            self._button = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._textarea:
            self._form.names.add(self._textarea)
            self._form.fields[self._textarea] = ["".join(self._words).strip()]
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        self._words.append(data)


class Lost(Exception):
    """The page is not what the story expected: what was looked for, and what stood there."""


class Visitor:
    """One person, one cookie jar. `page` is the last answer."""

    def __init__(self, site: str, name: str = "a guest") -> None:
        self.name = name
        self.site = site
        self.client = httpx.Client(base_url=site, follow_redirects=True, timeout=60, headers={"Accept-Language": "en"})
        self.page: httpx.Response | None = None

    def go(self, address: str, *, expect: int = 200) -> httpx.Response:
        """Open an address (path or whole). Raises Lost when the status is another."""
        return self._arrive(self.client.get(address), expect)

    def press(
        self, button: str, *, action: str = "", expect: int = 200, values: dict[str, Any] | None = None
    ) -> httpx.Response:
        """Press the button whose words contain `button`, in the first form that has it, with `values` filled in.

        `action` narrows the choice to forms whose address contains it. Raises Lost when there is none.
        """
        assert self.page is not None
        for form in self.forms():
            for words, name, value in form.buttons:
                if button.lower() in words.lower() and action in form.action:
                    return self._send(form, {name: value} if name else {}, values or {}, expect)
        seen = [f"{form.action}: {[words for words, _, _ in form.buttons]}" for form in self.forms()]
        raise Lost(f"{self.name} finds no button {button!r} on {self.page.url}. There are: {seen}")

    def forms(self) -> list[Form]:
        assert self.page is not None
        reader = FormReader()
        reader.feed(self.page.text)
        return reader.forms

    def json(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        """One call of the JSON door, with the CSRF token of the cookie jar. Returns the decoded body."""
        headers = {"X-CSRFToken": self.client.cookies.get("csrftoken") or "", "Referer": self.site}
        answer = self.client.request(method, path, json=body, headers=headers)
        if answer.status_code != expect:
            raise Lost(f"{method} {path} answers {answer.status_code}, not {expect}: {answer.text[:300]}")
        return answer.json() if answer.content else None

    def sees(self, words: str) -> bool:
        assert self.page is not None
        return words.lower() in " ".join(self.page.text.split()).lower()

    def _send(self, form: Form, pressed: dict[str, str], values: dict[str, Any], expect: int) -> httpx.Response:
        assert self.page is not None
        unknown = set(values) - form.names
        if unknown:
            raise Lost(f"the form on {self.page.url} has no field {sorted(unknown)}, but {sorted(form.names)}")
        data = {**form.fields, **pressed, **values}
        address = urljoin(str(self.page.url), form.action)
        headers = {"Referer": str(self.page.url), "Accept": "text/html"}
        if form.method == "post":
            return self._arrive(self.client.post(address, data=data, headers=headers), expect)
        return self._arrive(self.client.get(address, params=data, headers=headers), expect)

    def _arrive(self, answer: httpx.Response, expect: int) -> httpx.Response:
        self.page = answer
        if answer.status_code != expect:
            text = " ".join(answer.text.split())
            raise Lost(f"{self.name}: {answer.url} answers {answer.status_code}, not {expect}: {text[-600:]}")
        return answer
