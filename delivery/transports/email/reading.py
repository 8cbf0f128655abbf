"""A mail that came in, read for what an answer needs and nothing else. Pure: no Django.

Which message it answers is told by an opaque id that only the reader of that message holds: in the address it was sent
to (`replies+ID@…`), in the thread (`In-Reply-To`, `References`), or behind the word in the subject (`STOP ID`).
"""

import hashlib
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from html import unescape

MOST = 1 << 20  # bytes that are looked at: what is said stands at the beginning
ID = re.compile(r"(?:^|[+<\s])([0-9a-f]{32})(?=@|$|\s)")
THREAD = ("In-Reply-To", "References")
SENT_TO = ("To", "Cc", "Delivered-To", "X-Original-To", "X-Envelope-To", "Envelope-To")
BY_ITSELF = {"bulk", "junk", "list", "auto_reply"}
COMMAND = re.compile(r"^\s*(stop|stopall|unsubscribe|baja)\b", re.IGNORECASE)
QUOTED = re.compile(r"^\s*>|^\s*(On|El|Am|Le)\b.{4,200}(wrote|escribió|schrieb|a écrit)\s*:\s*$", re.IGNORECASE)
BEGINS_BEFORE = re.compile(r"^\s*(On|El|Am|Le)\b.*\d.*$", re.IGNORECASE)  # such a line, broken in two by a mail program
BEGINS_AFTER = re.compile(r"^.*(wrote|escribió|schrieb|a écrit)\s*:\s*$", re.IGNORECASE)
END = re.compile(r"^\s*(-{2,}\s*$|-{3,}.*-{3,}\s*$|_{10,}|(From|De|Von)\s*:\s)", re.IGNORECASE)
TAG = re.compile(
    r"<(br|/p|/div|/tr)\b[^>]*>|<(style|script|blockquote)\b.*?</\2\s*>|<[^>]+>", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Letter:
    """`reference` is the same when a mail is told twice. `said`: the one line that counts; `refs`: what it answers.

    `automatic`: a machine wrote it (an absence note, a list, a report): nothing in it is anybody's word.
    """

    reference: str
    sender: str
    refs: tuple[str, ...]
    said: str
    automatic: bool


def letter_from(raw: bytes) -> Letter:
    """Read a mail as it travels (RFC 5322); of a long one the beginning."""
    return letter_of(message_from_bytes(raw[:MOST], policy=policy.default))


def letter_of(mail: EmailMessage) -> Letter:
    """What a parsed mail says."""
    subject = _head(mail, "Subject")
    whole = "\n".join(f"{name}: {value}" for name, value in mail.raw_items()) + _body(mail)
    reference = _head(mail, "Message-ID").strip() or whole
    return Letter(
        reference="mail:" + hashlib.sha256(reference.encode(errors="replace")).hexdigest()[:58],
        sender=parseaddr(_head(mail, "From"))[1],
        refs=_refs(mail, subject),
        said=subject if COMMAND.match(subject) else first_line(_body(mail)),
        automatic=_automatic(mail),
    )


def first_line(text: str) -> str:
    """The first line that the writer of an answer wrote: what is quoted is passed over, a signature ends it."""
    lines = text.splitlines()
    for place, line in enumerate(lines):
        after = lines[place + 1] if place + 1 < len(lines) else ""
        if END.match(line):
            return ""
        broken = BEGINS_BEFORE.match(line) and BEGINS_AFTER.match(after)
        if not line.strip() or QUOTED.match(line) or broken or (BEGINS_AFTER.match(line) and place):
            continue
        return line.strip()[:200]
    return ""


def _refs(mail: EmailMessage, subject: str) -> tuple[str, ...]:
    sent_to = [address for _name, address in getaddresses([_head(mail, name) for name in SENT_TO])]
    found = [tag for address in sent_to if (tag := address.rpartition("@")[0].rpartition("+")[2])]
    found += ID.findall(subject) + [ref for name in THREAD for ref in ID.findall(_head(mail, name))]
    return tuple(dict.fromkeys(ref for ref in found if re.fullmatch(r"[0-9a-f]{32}", ref)))


def _automatic(mail: EmailMessage) -> bool:
    by_itself = _head(mail, "Auto-Submitted").partition(";")[0].strip().lower() not in {"", "no"}
    nobody = _head(mail, "Return-Path").strip() == "<>"
    report = mail.get_content_type() == "multipart/report"
    return by_itself or nobody or report or _head(mail, "Precedence").strip().lower() in BY_ITSELF


def _body(mail: EmailMessage) -> str:
    """The text of a mail; of one that has only HTML the words in it. Empty for what cannot be read."""
    try:
        part = mail.get_body(preferencelist=("plain", "html"))
        text = part.get_content() if part is not None else ""
    except (LookupError, ValueError, KeyError, AttributeError):
        return ""
    if part is not None and part.get_content_subtype() == "html":
        text = unescape(TAG.sub(lambda tag: "\n" if tag.group(1) else " ", text))
    return text if isinstance(text, str) else ""


def _head(mail: EmailMessage, name: str) -> str:
    """Every header of this name in one line."""
    try:
        return " ".join(", ".join(str(value) for value in mail.get_all(name, [])).split())
    except Exception:  # noqa: BLE001  (a header that the standard library stumbles over says nothing)
        return ""
