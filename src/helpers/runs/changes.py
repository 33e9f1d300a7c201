"""What changed between two sets of runs, and why: data, events, code, parameters, estimates, verdicts.

A set of runs is a folder `<notebook>/<set>/record.json`. By default the present results are compared with
those that they replaced. The report is a plain dictionary; `change_report` writes it, `attribution` says why
an estimate moved.
"""

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from helpers import changes, paths
from helpers.runs import archive
from helpers.runs.plan import PUBLISHED

Records = dict[str, dict[str, Any]]


class ChangesError(ValueError):
    """Two sets of runs that cannot be compared as asked."""


def pair(
    before: Path | None, after: Path | None, only: Iterable[str] | None = None
) -> tuple[Records, Records]:
    """Records of the two sets of runs to compare.

    Parameters
    ----------
    before, after
        Folders of runs. Without `before`, each published run in place is compared with the one it replaced
        (with itself if it never replaced one); without `after`, the folder of runs in use is meant.
    only
        Ids of the runs of interest; all if None.

    Raises
    ------
    ChangesError
        If a folder holds no record.
    """
    present = _records(after or paths.runs_dir())
    if before is None:
        published = {run: record for run, record in present.items() if record["set"] == PUBLISHED}
        replaced = archive.records(archive.previous_folder())
        old, new = {run: replaced.get(run, record) for run, record in published.items()}, published
    else:
        old, new = _records(before), present
    if only is not None:
        wanted = set(only)
        old, new = ({run: r for run, r in each.items() if run in wanted} for each in (old, new))
    return old, new


def _records(folder: Path) -> Records:
    found = archive.records(folder)
    if not found:
        raise ChangesError(f"{folder} holds no <notebook>/<set>/record.json. Run `summits run` first.")
    return found


def compare(before: Records, after: Records) -> dict[str, Any]:
    """Compare two sets of runs.

    Returns
    -------
    dict
        `changed`; `runs` (new, gone, number compared); `causes` by run; `observations` (one row per period
        that differs); `events`; `tables` (rows added and removed in other tables); `not_kept` (tables whose
        old or new content is not in the archive); `estimates` and `verdicts` that differ, with their run.
    """
    both = [run for run in after if run in before]
    tables = _table_changes(before, after, both)
    return {
        "changed": set(before) != set(after) or any(before[run]["key"] != after[run]["key"] for run in both),
        "runs": {
            "compared": len(both),
            "new": sorted(set(after) - set(before)),
            "gone": sorted(set(before) - set(after)),
        },
        "causes": {run: found for run in both if (found := causes(before[run], after[run]))},
        **tables,
        "estimates": [
            {"run": run, **found}
            for run in both
            for found in changes.estimates(before[run]["records"], after[run]["records"])
        ],
        "verdicts": [
            {"run": run, **found}
            for run in both
            for found in changes.verdicts(before[run]["records"], after[run]["records"])
        ],
    }


def causes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What, other than data, differs between two executions of a run, in words."""
    old, new = before["ingredients"], after["ingredients"]
    found = ["notebook changed"] if old["notebook"] != new["notebook"] else []
    files = sorted(path for path, _ in set(old.get("code", {}).items()) ^ set(new.get("code", {}).items()))
    found += [f"helpers changed: {', '.join(dict.fromkeys(files))}"] if files else []
    for what, pairs in (
        ("parameter", (before["parameters"], after["parameters"])),
        ("package", (before["packages"], after["packages"])),
    ):
        names = sorted(pairs[0] | pairs[1])
        found += [
            f"{what} {name}: {pairs[0].get(name)!r} → {pairs[1].get(name)!r}"
            for name in names
            if pairs[0].get(name) != pairs[1].get(name)
        ]
    return found + [
        f"needs {run}, which changed" for run in new["needs"] if old["needs"].get(run) != new["needs"][run]
    ]


def _table_changes(before: Records, after: Records, both: list[str]) -> dict[str, list[Any]]:
    """Changes of all data tables, each pair of versions compared once."""
    versions = {
        (path, before[run]["ingredients"]["data"].get(path), sha256)
        for run in both
        for path, sha256 in after[run]["ingredients"]["data"].items()
    }
    found: dict[str, list[Any]] = {"observations": [], "events": [], "tables": [], "not_kept": []}
    for path, old, new in sorted(versions, key=str):
        if old is None or old == new:
            continue
        try:
            tables = [archive.table(old), archive.table(new)]
        except archive.NotKept:
            found["not_kept"].append(path)
            continue
        if path.startswith("observations/"):
            found["observations"] += changes.observations(*map(frame, tables)).to_dict("records")
        elif path == "events.csv":
            found["events"] += changes.rows_by_key(*map(frame, tables), key="event_id").to_dict("records")
        else:
            found["tables"].append({"table": path, **_lines(*tables)})
    return found


def frame(content: bytes) -> pd.DataFrame:
    """Read a data table as text, every cell as it is written."""
    return pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)


def _lines(old: bytes, new: bytes) -> dict[str, int]:
    before, after = (set(content.splitlines()) for content in (old, new))
    return {"added": len(after - before), "removed": len(before - after)}
