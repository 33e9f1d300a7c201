"""Keys of publishers: from the environment or ``.env`` into a request, and nowhere else."""

import logging
import os
import re
import unicodedata
from pathlib import Path
from urllib.parse import quote, quote_plus

from helpers import paths

# Environment variables that hold keys: each publisher adds its own when it is defined.
VARIABLES: set[str] = set()

# A shorter text is no key: taking it out would garble every message.
SHORTEST = 5
LONGEST_TEXT = 400


def read(variable: str, dotenv: Path | None = None) -> str:
    """Return a key from the environment, else from ``.env`` at the top of the checkout, else a blank."""
    if os.environ.get(variable):
        return os.environ[variable].strip()
    file = dotenv or paths.root() / ".env"
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        name, mark, value = line.strip().removeprefix("export ").partition("=")
        if mark and name.strip() == variable:
            return value.partition(" #")[0].strip().strip("\"'")
    return ""


def redact(text: str) -> str:
    """Return a text with every key, plain or percent-encoded, replaced by ``[key]``."""
    secrets = [secret for secret in map(read, VARIABLES) if len(secret) >= SHORTEST]
    forms = {form for each in secrets for form in (each, quote(each, safe=""), quote(each), quote_plus(each))}
    longest_first = sorted(forms, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), "[key]", text, flags=re.I) if forms else text


def clean(text: str) -> str:
    """Return a publisher's text fit to print and to store: no keys, no control or odd signs, not too long."""
    odd = {sign for sign in text if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")}
    plain = redact(text).translate({ord(sign): "\N{REPLACEMENT CHARACTER}" for sign in odd})
    return plain if len(plain) <= LONGEST_TEXT else plain[:LONGEST_TEXT] + "…"


def _redact_log(record: logging.LogRecord) -> bool:
    """Take keys out of the lines in which the connection library logs the addresses it calls."""
    record.msg, record.args = redact(record.getMessage()), None
    return True


# A filter counts only on the logger that writes the line, which is this one.
logging.getLogger("urllib3.connectionpool").addFilter(_redact_log)
