"""Which runs are fresh, stale, failed or were never made. Imports nothing heavy: asking costs no time."""

import csv
import io
import sys
from collections import Counter
from functools import cache, lru_cache
from typing import Any

from helpers import paths
from summits import archive, notebooks, plan
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
    return is_exact(run) or _is_untouched(run)


def is_exact(run: Run) -> bool:
    """Whether the result in place is undamaged and names the very files of today as what it was made from."""
    record = _whole(run)
    return bool(record) and record["key"] == run.key


def _whole(run: Run) -> dict[str, Any]:
    """The record of an undamaged result; empty without one."""
    record = archive.record(run.directory / "record.json")
    try:
        result = (run.directory / "notebook.ipynb").read_bytes()
    except OSError:
        result = b""
    whole = bool(record) and record["notebook_sha256"] == notebooks.digest(result)
    if run.directory.exists() and not whole:
        _tell_damage(run.id)
    return record if whole else {}


def _is_untouched(run: Run) -> bool:
    """Whether all that changed are rows that the run did not read, in its tables and in the runs it needs."""
    record, names = _whole(run), changed(run)
    before = record.get("ingredients", {})
    if before.get("data", {}).keys() != run.ingredients["data"].keys():
        return False
    tables = [name for name in names if name in before["data"]]
    needs = [need for need in run.upstream if need.id in names]
    if not names or len(tables) + len(needs) < len(names) or any(_touched(record, name) for name in tables):
        return False
    made_from = {need.id: plan.made_from(_whole(need).get("ingredients", {})) for need in needs}
    return all(is_fresh(need) and before["needs"].get(need.id) == made_from[need.id] for need in needs)


def _touched(record: dict[str, Any], path: str) -> bool:
    """Whether a row that came or went is one that a run asked for; a table opened without asking is whole.

    Of other files than tables every change counts, and so it does where nothing is known of what was opened.
    """
    if not path.endswith(".csv") or not record.get("opened"):
        return True
    try:
        rows = _differing(path, record["ingredients"]["data"][path], (paths.data_dir() / path).read_bytes())
    except (archive.NotKept, UnicodeDecodeError, OSError):
        return True
    opened: list[dict[str, Any]] = [{}] if path in record["opened"] else []
    selections = record.get("rows", {}).get(path, opened)
    return any(_asked(row, selection) for selection in selections for _, row in rows)


def _asked(row: dict[str, str], selection: dict[str, Any]) -> bool:
    """Whether a row is one of a selection; see `helpers.catalog.ask`."""
    first, last, known = (selection.get(name) for name in ("first", "last", "known"))
    day, public = row.get("date", ""), row.get("vintage") or row.get("public_from") or row.get("date", "")
    inside = (not first or day >= first) and (not last or day <= last) and (not known or public <= known)
    columns = {name: values for name, values in selection.items() if isinstance(values, list)}
    return inside and all(set(row.get(name, "").split(";")) & set(values) for name, values in columns.items())


@lru_cache(maxsize=64)
def _differing(path: str, sha256: str, present: bytes) -> list[tuple[str, dict[str, str]]]:
    """The rows by which a table differs from a kept one: + or -, and the row by column.

    Where rows that stayed have changed places, all rows differ: what was read in their order may too.
    """
    before, after = _rows(archive.table(sha256)), _rows(present)
    old, new = set(before), set(after)
    if [row for row in before if row in new] != [row for row in after if row in old]:
        old = set()
    signed = [("+", row) for row in after if row not in old] + [
        ("-", row) for row in before if row not in new
    ]
    return [(sign, dict(zip(*row, strict=False))) for sign, row in signed]


def _rows(content: bytes) -> list[tuple[tuple[str, ...], ...]]:
    """The rows of a table, each with its heading: another column makes every row another one."""
    heading, *rows = map(tuple, csv.reader(io.StringIO(content.decode()))) if content else ((),)
    return [(heading, row) for row in rows]


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
        differing = _differing(path, sha256, (paths.data_dir() / path).read_bytes())
    except (archive.NotKept, UnicodeDecodeError, OSError):
        return f"{path} changed"
    counts = Counter(f"{next(iter(row.values()))} {sign}" for sign, row in differing)
    rows = [f"{name}{number}" for name, number in sorted(counts.items())]
    return f"{path}: {', '.join(rows[:4])}{f' and {len(rows) - 4} more' if len(rows) > 4 else ''} (rows)"


def _flat(ingredients: dict[str, Any]) -> dict[str, Any]:
    parts = ("data", "code", "needs")
    flat = {name: value for name, value in ingredients.items() if name not in parts}
    for part in parts:
        flat |= ingredients.get(part, {})
    return flat
