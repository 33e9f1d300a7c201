"""Which runs are fresh, stale, failed or were never made. Imports nothing heavy: asking costs no time."""

from typing import Any

from summits import archive, notebooks
from summits.plan import Run


def state(run: Run) -> str:
    """State of a run: `fresh`, `stale` (what it depends on changed), `failed` (as it stands), `never`."""
    if is_fresh(run):
        return "fresh"
    key = run.failed_directory / "key.txt"
    if key.exists() and key.read_text() == run.key:
        return "failed"
    return "stale" if (run.directory / "record.json").exists() else "never"


def is_fresh(run: Run) -> bool:
    """Whether the result in place is the one that running now would give, and is undamaged."""
    record = archive.record(run.directory / "record.json")
    if record.get("key") != run.key:
        return False
    try:
        result = (run.directory / "notebook.ipynb").read_bytes()
    except OSError:
        return False
    return record["notebook_sha256"] == notebooks.digest(result)


def changed(run: Run) -> list[str]:
    """What changed since the result in place was made: notebook, parameters, a table, a helper, packages."""
    before = archive.record(run.directory / "record.json").get("ingredients")
    if before is None:
        return []
    flat_before, flat_now = _flat(before), _flat(run.ingredients)
    return sorted(name for name in flat_before | flat_now if flat_before.get(name) != flat_now.get(name))


def _flat(ingredients: dict[str, Any]) -> dict[str, Any]:
    parts = ("data", "code", "needs")
    flat = {name: value for name, value in ingredients.items() if name not in parts}
    for part in parts:
        flat |= ingredients.get(part, {})
    return flat
