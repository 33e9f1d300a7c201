"""What differs between two states of knowledge, or two sets of runs, and why.

Observations, events, estimates and verdicts are compared by pure functions on tables and records. A set of
runs is a folder `<notebook>/<set>/record.json`; by default the present results are compared with those that
they replaced. The report is a plain dictionary: `change_report` writes it, `attribution` says why an estimate
moved.
"""

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers import paths
from summits import archive
from summits.plan import PUBLISHED

Records = dict[str, dict[str, Any]]
CAUSES = ("code", "revision", "new data")


def observations(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Compare the latest value of every period in two tables of observations.

    Parameters
    ----------
    before, after : DataFrame
        Columns `series_id`, `period`, `value`, `vintage`, as text.

    Returns
    -------
    DataFrame
        One row per period that differs: `series_id`, `period`, `kind` (new, revised or withdrawn), `old`,
        `new` (floats), `vintage` of the new value (of the old one if withdrawn); sorted by series and period.
    """
    old, new = _latest(before), _latest(after)
    both = old.add_suffix("_old").join(new.add_suffix("_new"), how="outer")
    kind = pd.Series("revised", both.index)
    kind[both["value_old"].isna()] = "new"
    kind[both["value_new"].isna()] = "withdrawn"

    columns = {"kind": kind, "old": both["value_old"], "new": both["value_new"]}
    table = pd.DataFrame(columns | {"vintage": both["vintage_new"].fillna(both["vintage_old"])})
    return table[both["value_old"].ne(both["value_new"])].reset_index()


def _latest(rows: pd.DataFrame) -> pd.DataFrame:
    ordered = rows.sort_values(["series_id", "period", "vintage"])
    latest = ordered.drop_duplicates(["series_id", "period"], keep="last")
    latest = latest.set_index(["series_id", "period"])[["value", "vintage"]]
    return latest.assign(value=pd.to_numeric(latest["value"]).astype(float))


def by_series(differences: pd.DataFrame) -> pd.DataFrame:
    """Summarise `observations` by series.

    Returns
    -------
    DataFrame
        By `series_id`: counts `new`, `revised` and `withdrawn`, `first` and `last` period that differ, and
        `largest`, the largest revision in percent of the old value (missing if there is none).
    """
    counts = pd.crosstab(differences["series_id"], differences["kind"])
    counts = counts.reindex(columns=["new", "revised", "withdrawn"], fill_value=0)
    spans = differences.groupby("series_id")["period"].agg(first="min", last="max")
    percent = 100 * (differences["new"] / differences["old"].where(differences["old"] != 0) - 1)
    # The last of a group that is known: the one furthest from zero.
    by_size = percent.loc[percent.abs().sort_values(kind="stable").index]
    largest = by_size.groupby(differences["series_id"]).last()
    return counts.join(spans).join(largest.rename("largest")).rename_axis(columns=None)


def rows_by_key(before: pd.DataFrame, after: pd.DataFrame, key: str) -> pd.DataFrame:
    """Compare two tables, such as the events, field by field.

    Parameters
    ----------
    before, after : DataFrame
        Text tables with a column `key` that names each row.

    Returns
    -------
    DataFrame
        `key`, `kind` (new, edited or removed), and for an edit the `field` with its `old` and `new` text.
    """
    old, new = (table.astype(str).set_index(key).to_dict("index") for table in (before, after))
    found = [(name, "new", "", "", "") for name in new.keys() - old.keys()]
    found += [(name, "removed", "", "", "") for name in old.keys() - new.keys()]
    found += [
        (name, "edited", field, old[name].get(field, ""), text)
        for name in new.keys() & old.keys()
        for field, text in new[name].items()
        if old[name].get(field, "") != text
    ]
    table = pd.DataFrame(found, columns=[key, "kind", "field", "old", "new"])
    return table.sort_values([key, "field"], ignore_index=True)


def estimates(
    before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Compare the numbers that two executions of a notebook recorded.

    Parameters
    ----------
    before, after
        Records with `name`, `value`, `low`, `high`, `unit`; texts are left to `verdicts`.

    Returns
    -------
    list of dict
        One for each number that is new, gone, or whose value or interval differs: `name`, `unit`, `kind`
        (moved, new or gone), `old` and `new` as [value, low, high], and `overlap`: whether the two intervals
        share a point, None where one of them is not known.
    """
    old, new = _numbers(before), _numbers(after)
    found = []
    for name in old | new:
        kind = "moved" if name in old and name in new else "new" if name in new else "gone"
        unit, ends = (new.get(name) or old[name])["unit"], [_ends(old.get(name)), _ends(new.get(name))]
        if ends[0] != ends[1]:
            facts = {"name": name, "unit": unit, "kind": kind, "old": ends[0], "new": ends[1]}
            found.append({**facts, "overlap": overlap(*ends)})
    return found


def _numbers(records: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {record["name"]: record for record in records if not isinstance(record["value"], str)}


def _ends(record: Mapping[str, Any] | None) -> list[float | None]:
    return [record.get(part) for part in ("value", "low", "high")] if record else [None] * 3


def overlap(old: list[float | None], new: list[float | None]) -> bool | None:
    """Whether two intervals, each [value, low, high], share a point; None where an end is not known."""
    (old_low, old_high), (new_low, new_high) = old[1:], new[1:]
    if old_low is None or old_high is None or new_low is None or new_high is None:
        return None
    return old_low <= new_high and new_low <= old_high


def verdicts(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """List the verdicts that flipped: `name`, `old` and `new` word, empty where there was none."""
    old, new = _words(before), _words(after)
    return [
        {"name": name, "old": old.get(name, ""), "new": new.get(name, "")}
        for name in old | new
        if old.get(name) != new.get(name)
    ]


def _words(records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    words = ((record["name"], record.get("details", {}).get("verdict")) for record in records)
    return {name: word for name, word in words if word}


def attribute(
    old: float | None, present_code: float | None, revised: float | None, new: float | None
) -> dict[str, Any] | None:
    """Divide the move of an estimate among code, revision and new data.

    The steps are taken in this order: present code on the old data, then revised values of the old periods,
    then new periods and events. Their sum is the whole move; another order may divide it differently.

    Parameters
    ----------
    old, new : float or None
        The estimate as recorded before and after.
    present_code : float or None
        What the present code and parameters give on the old data.
    revised : float or None
        What they give when, of the new data, only revised values of periods known before are used.

    Returns
    -------
    dict or None
        The step of each cause in the unit of the estimate (`code`, `revision`, `new_data`), and `main`, the
        cause of the largest (empty if the value did not move). None if one of the four was not estimated.
    """
    if old is None or present_code is None or revised is None or new is None:
        return None
    steps = (present_code - old, revised - present_code, new - revised)
    # Records hold six significant digits: what differences leave below that is rounding.
    floor = 1e-9 * max(abs(old), abs(new))
    sure = [0.0 if abs(step) <= floor else step for step in steps]
    main = CAUSES[int(np.argmax(np.abs(sure)))] if any(sure) else ""
    return dict(zip(("code", "revision", "new_data"), sure, strict=True)) | {"main": main}


def revised_only(before: pd.DataFrame, after: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Rows of `after` that are about what `before` is about: revisions, but nothing new.

    Parameters
    ----------
    before, after : DataFrame
    key : list of str
        Columns that say what a row is about (the primary key without the vintage).
    """
    known = pd.MultiIndex.from_frame(before[key].astype(str))
    return after[pd.MultiIndex.from_frame(after[key].astype(str)).isin(known)]


class ChangesError(ValueError):
    """Two sets of runs that cannot be compared as asked."""


def pair(
    before: Path | None, after: Path | None, only: Iterable[str] | None = None
) -> tuple[Records, Records]:
    """Records of the two sets of runs to compare.

    Parameters
    ----------
    before, after
        Folders of runs, or of one run each, such as two parameter sets of a notebook. Without `before`, each
        published run in place is compared with the one it replaced (with itself if it never replaced one);
        without `after`, the folder of runs in use is meant.
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
    """Records below a folder; that of one run stands under its notebook, whatever its parameters."""
    found = archive.records(folder)
    if alone := archive.record(folder / "record.json"):
        found = {alone["notebook"]: alone}
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
    new, gone = sorted(set(after) - set(before)), sorted(set(before) - set(after))
    recorded = {run: (before[run]["records"], after[run]["records"]) for run in both}
    return {
        "changed": bool(new or gone) or any(before[run]["key"] != after[run]["key"] for run in both),
        "runs": {"compared": len(both), "new": new, "gone": gone},
        "causes": {run: found for run in both if (found := causes(before[run], after[run]))},
        **_table_changes(before, after, both),
        "estimates": [{"run": run, **each} for run in both for each in estimates(*recorded[run])],
        "verdicts": [{"run": run, **each} for run in both for each in verdicts(*recorded[run])],
    }


def causes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What, other than data, differs between two executions of a run, in words."""
    old, new = before["ingredients"], after["ingredients"]
    found = ["notebook changed"] if old["notebook"] != new["notebook"] else []
    files = sorted(path for path, _ in set(old.get("code", {}).items()) ^ set(new.get("code", {}).items()))
    found += [f"helpers changed: {', '.join(dict.fromkeys(files))}"] if files else []
    for part in ("parameters", "packages"):
        earlier, later = before[part], after[part]
        differing = [name for name in sorted(earlier | later) if earlier.get(name) != later.get(name)]
        found += [f"{part[:-1]} {name}: {earlier.get(name)!r} → {later.get(name)!r}" for name in differing]
    needs = [run for run, key in new["needs"].items() if old["needs"].get(run) != key]
    return found + [f"needs {run}, which changed" for run in needs]


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
            found["observations"] += observations(*map(frame, tables)).to_dict("records")
        elif path == "events.csv":
            found["events"] += rows_by_key(frame(tables[0]), frame(tables[1]), "event_id").to_dict("records")
        else:
            lines = [set(content.splitlines()) for content in tables]
            counts = {"added": len(lines[1] - lines[0]), "removed": len(lines[0] - lines[1])}
            found["tables"].append({"table": path} | counts)
    return found


def frame(content: bytes) -> pd.DataFrame:
    """Read a data table as text, every cell as it is written."""
    return pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
