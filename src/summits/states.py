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
    return is_exact(run) or (bool(_whole(run)) and not changed(run))


def is_exact(run: Run) -> bool:
    """Whether the result in place is undamaged and names the very files of today as what it was made from."""
    return bool(_whole(run).get("key") == run.key)


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


def _counts(run: Run, name: str, record: dict[str, Any]) -> bool:
    """Whether the result in place rests on what changed under a name: not on rows that it did not read.

    A run that it needs counts if that is not fresh, or if the result was made from another one of it.
    """
    before = record["ingredients"]
    if name in before.get("data", {}) and name in run.ingredients["data"]:
        return _touched(record, name) != []
    for need in run.upstream:
        if need.id == name and is_fresh(need):
            return bool(before["needs"].get(name) != plan.made_from(_whole(need)["ingredients"]))
    return True


def _touched(record: dict[str, Any], path: str) -> list[tuple[str, dict[str, str]]] | None:
    """The rows that came or went and that a run asked for; a table opened without asking is whole.

    None if the whole file counts: of other files than tables every change does.
    """
    if not path.endswith(".csv"):
        return None
    try:
        rows = _differing(path, record["ingredients"]["data"][path], (paths.data_dir() / path).read_bytes())
    except (archive.NotKept, UnicodeDecodeError, OSError):
        return None
    # Where nothing is known of what was opened, all of it was.
    if not record.get("opened"):
        return rows or None
    opened: list[dict[str, Any]] = [{}] if path in record["opened"] else []
    selections = record.get("rows", {}).get(path, opened)
    return [(sign, row) for sign, row in rows if any(_asked(row, selection) for selection in selections)]


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
    signed = [("+", row) for row in after if row not in old]
    signed += [("-", row) for row in before if row not in new]
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
    """What changed since the result in place was made: notebook, parameters, a table, a helper, packages.

    A table counts if the result read a row that came or went.
    """
    record = archive.record(run.directory / "record.json")
    if not record:
        return []
    before, now = _flat(record["ingredients"]), _flat(run.ingredients)
    names = sorted(name for name in before | now if before.get(name) != now.get(name))
    return [name for name in names if _counts(run, name, record)]


def because(run: Run) -> str:
    """Why a stale run is stale, for a reader: by table the rows that came or went; empty without a result."""
    record = archive.record(run.directory / "record.json")
    names = changed(run)
    tables = record["ingredients"]["data"] if names else {}
    reasons = [_in_words(name, _touched(record, name)) if name in tables else name for name in names]
    return f"  because {'; '.join(reasons)}" if reasons else ""


def _in_words(path: str, rows: list[tuple[str, dict[str, str]]] | None) -> str:
    """The rows by which a table differs from a kept one, counted by what stands in their first column."""
    if not rows:
        return f"{path} changed"
    counts = Counter((next(iter(row.values())), sign) for sign, row in rows)
    words = {"+": "more", "-": "fewer"}
    told = [f"{name} {n} row{'s' * (n > 1)} {words[sign]}" for (name, sign), n in sorted(counts.items())]
    return f"{path}: {', '.join(told[:4])}{f' and {len(told) - 4} others' if len(told) > 4 else ''}"


def _flat(ingredients: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in ingredients.items():
        flat |= value if name in ("data", "code", "needs") else {name: value}
    return flat
