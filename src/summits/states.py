"""Which runs are fresh, stale, failed or were never made. Imports nothing heavy: asking costs no time."""

import json
from typing import Any

from summits import notebooks
from summits.plan import Run


def state(run: Run) -> str:
    """State of a run: `fresh`, `stale` (what it depends on changed), `failed` (as it stands), `never`."""
    if is_fresh(run):
        return "fresh"
    key = run.failed_directory / "key.txt"
    if key.exists() and key.read_text() == run.key:
        return "failed"
    return "stale" if (run.directory / "record.json").exists() else "never"


def record(run: Run) -> dict[str, Any]:
    """Record of the result in place; OSError or JSONDecodeError if there is none."""
    return json.loads((run.directory / "record.json").read_text(encoding="utf-8"))


def is_fresh(run: Run) -> bool:
    """Whether the result in place is the one that running now would give, and is undamaged."""
    try:
        found = record(run)
        result = (run.directory / "notebook.ipynb").read_bytes()
    except (OSError, json.JSONDecodeError):
        return False
    return found["key"] == run.key and found["notebook_sha256"] == notebooks.digest(result)


def changed(run: Run) -> list[str]:
    """What changed since the result in place was made: notebook, parameters, a table, a helper, packages."""
    try:
        before = record(run)["ingredients"]
    except (OSError, json.JSONDecodeError):
        return []
    flat_before, flat_now = _flat(before), _flat(run.ingredients)
    return sorted(name for name in flat_before | flat_now if flat_before.get(name) != flat_now.get(name))


def _flat(ingredients: dict[str, Any]) -> dict[str, Any]:
    parts = ("data", "code", "needs")
    flat = {name: value for name, value in ingredients.items() if name not in parts}
    for part in parts:
        flat |= ingredients.get(part, {})
    return flat
