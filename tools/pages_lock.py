"""Write requirements-pages.lock: the part of requirements.lock that the pages need, with its hashes.

`make pages` installs from it. Run it after a change of the lock: `python tools/pages_lock.py`; a test keeps
the two in step.
"""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
# What src/summits/site.py, what it imports, and docs/ import themselves; setuptools installs the project.
IMPORTED = {"click", "ipython", "nbformat", "numpy", "pandas", "pyyaml", "setuptools"}
IMPORTED |= {"fonttools", "pillow", "tinycss2"}
# Asked for by what is needed, but used only where a notebook runs or a person types.
UNUSED = {"ipykernel", "jedi", "prompt-toolkit"}
HEAD = "# Made by tools/pages_lock.py from requirements.lock; edit that.\n"
PIN = re.compile(r"^[A-Za-z0-9][\w.-]*==.*?(?=^[A-Za-z0-9]|\Z)", re.MULTILINE | re.DOTALL)


def pins(lock: str) -> dict[str, list[str]]:
    """Text of each pin of a lock (a package may have one for each Python), by canonical name."""
    found: dict[str, list[str]] = {}
    for pin in PIN.findall(lock):
        found.setdefault(canonicalize_name(pin.partition("==")[0]), []).append(pin)
    return found


def askers(pin: str) -> set[str]:
    """Names of the packages that ask for a pin, as the comment `via` of the lock has them."""
    _, _, comment = pin.partition("# via")
    return {canonicalize_name(name) for name in re.findall(r"[A-Za-z0-9][\w.-]*", comment)}


def pages_lock() -> str:
    """Text of requirements-pages.lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [Requirement(text).name for text in project["optional-dependencies"]["site"]]
    locked = pins((ROOT / "requirements.lock").read_text())
    asks = {name: set().union(*map(askers, texts)) for name, texts in locked.items() if name not in UNUSED}
    needed, before = IMPORTED | {canonicalize_name(name) for name in asked}, set()
    while needed != before:
        before = needed
        needed = before | {name for name, by in asks.items() if by & before}
    return HEAD + "".join(text for name, texts in locked.items() if name in needed for text in texts)


if __name__ == "__main__":
    (ROOT / "requirements-pages.lock").write_text(pages_lock())
