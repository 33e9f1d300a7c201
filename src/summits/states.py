"""Which runs are fresh, stale, failed or were never made. Imports nothing heavy: asking costs no time."""

import sys
from collections import Counter
from functools import cache
from typing import Any

from helpers import paths
from summits import archive, notebooks
from summits.plan import Run


def state(run: Run) -> str:
    """State of a run: `fresh`, `stale` (what it depends on changed), `failed` (as it stands), `never`."""
    if is_fresh(run):
        return "fresh"
    key = run.failed_directory / "key.txt"
    if key.exists() and key.read_bytes() == run.key.encode():
        return "failed"
    return "stale" if (run.directory / "record.json").exists() else "never"


def is_fresh(run: Run) -> bool:
    """Whether the result in place is the one that running now would give, and is undamaged."""
    record = archive.record(run.directory / "record.json")
    try:
        result = (run.directory / "notebook.ipynb").read_bytes()
    except OSError:
        result = b""
    whole = bool(record) and record["notebook_sha256"] == notebooks.digest(result)
    if run.directory.exists() and not whole:
        _tell_damage(run.id)
    return whole and record["key"] == run.key


@cache
def _tell_damage(name: str) -> None:
    """Say once of a run that its result is damaged."""
    message = "its result is damaged and counts as not made; `summits run` makes it again."
    print(f"{name}: {message}", file=sys.stderr)


def changed(run: Run) -> list[str]:
    """What changed since the result in place was made: notebook, parameters, a table, a helper, packages."""
    before = archive.record(run.directory / "record.json").get("ingredients")
    if before is None:
        return []
    flat_before, flat_now = _flat(before), _flat(run.ingredients)
    return sorted(name for name in flat_before | flat_now if flat_before.get(name) != flat_now.get(name))


def because(run: Run) -> str:
    """Why a stale run is stale, for a reader: by table the rows that came or went; empty without a result."""
    names = changed(run)
    before = archive.record(run.directory / "record.json")["ingredients"]["data"] if names else {}
    reasons = [_rows_of(name, before[name]) if name in before else name for name in names]
    return f"  because {'; '.join(reasons)}" if reasons else ""


def _rows_of(path: str, sha256: str) -> str:
    """The rows by which a table differs from a kept one, counted by what stands in their first column."""
    try:
        before = set(archive.table(sha256).decode().splitlines())
    except archive.NotKept:
        return f"{path} changed"
    after = set((paths.data_dir() / path).read_text(encoding="utf-8").splitlines())
    signed = [("+", line) for line in after - before] + [("-", line) for line in before - after]
    counts = Counter(f"{line.partition(',')[0]} {sign}" for sign, line in signed)
    rows = [f"{name}{number}" for name, number in sorted(counts.items())]
    return f"{path}: {', '.join(rows[:4])}{f' and {len(rows) - 4} more' if len(rows) > 4 else ''} (rows)"


def _flat(ingredients: dict[str, Any]) -> dict[str, Any]:
    parts = ("data", "code", "needs")
    flat = {name: value for name, value in ingredients.items() if name not in parts}
    for part in parts:
        flat |= ingredients.get(part, {})
    return flat
