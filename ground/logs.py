"""What a log line must not carry: link tokens open pages without signing in, a search says where somebody is."""

import logging
import re

TOKEN = re.compile(r"(?<=/)[a-z2-7]{13}(?=/|\?|\s|$)")
SEARCH = re.compile(r"(/[^\s?\"'<>]*)\?[^\s\"'<>]+")  # what stands behind an address's question mark


class WithoutTokens(logging.Filter):
    """Replaces every link token and every search in the addresses of a record's message and arguments."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = TOKEN.sub("…", SEARCH.sub(r"\1?…", record.getMessage()))
        record.args = ()
        return True
