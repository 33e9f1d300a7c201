"""Keys of publishers: from the environment or ``.env`` into a request, and nowhere else."""

import logging
import os
from pathlib import Path
from urllib.parse import quote

from helpers import paths

# Environment variables that hold keys: each publisher adds its own when it is defined.
VARIABLES: set[str] = set()
HIDDEN = "[key]"


def read(variable: str, dotenv: Path | None = None) -> str:
    """Return a key from the environment, else from ``.env`` at the top of the checkout, else a blank."""
    if os.environ.get(variable):
        return os.environ[variable].strip()
    file = dotenv or paths.root() / ".env"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    for line in lines:
        name, mark, value = line.strip().removeprefix("export ").partition("=")
        if mark and name.strip() == variable:
            return value.partition(" #")[0].strip().strip("\"'")
    return ""


def redact(text: str) -> str:
    """Return a text with every key, plain or percent-encoded, replaced by ``[key]``."""
    for secret in filter(None, map(read, sorted(VARIABLES))):
        for form in (secret, quote(secret, safe=""), quote(secret)):
            text = text.replace(form, HIDDEN)
    return text


class _Redaction(logging.Filter):
    """Takes keys out of the lines in which the connection library logs the addresses it calls."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), None
        return True


# A filter counts only on the logger that writes the line, which is this one.
logging.getLogger("urllib3.connectionpool").addFilter(_Redaction())
