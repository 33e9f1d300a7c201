"""The result of a sweep: every record of its runs in one tidy table, and one record compared in a figure.

The runs of a sweep are ordinary runs, kept and skipped like any other: a wider sweep executes only what is
new.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from helpers import paths
from summits import archive, states
from summits.plan import PUBLISHED, Run, set_name

FIELDS = ("name", "value", "low", "high", "unit", "n", "method", "window", "as_of", "details")


class SweepError(ValueError):
    """A sweep that cannot be compared as asked."""


@dataclass(frozen=True)
class Sweep:
    """Where table and figure of a sweep are, which record the figure compares, and which runs are missing."""

    table: Path
    figure: Path | None
    record: str
    missing: tuple[str, ...]


def collect(runs: Sequence[Run], record: str = "") -> Sweep:
    """Write the records of the runs that have a result as `records.csv`, and compare one in `comparison.png`.

    Parameters
    ----------
    runs
        The runs of one notebook's sweep, in order.
    record
        Name of the record to compare; by default the first number, one with an interval if there is one,
        that every run has.

    Returns
    -------
    Sweep
        In `runs/<notebook>/_sweeps/<what varied>/`. There is no figure if the runs share no number.

    Raises
    ------
    SweepError
        If no run has a result, or none recorded `record` as a number.
    """
    found = [(run, archive.record(run.directory / "record.json")) for run in runs if states.is_fresh(run)]
    if not found:
        raise SweepError(f"None of the {len(runs)} runs of the sweep has a result.")
    table = tidy(found)
    values = {name: ",".join(map(_text, taken)) for name, taken in varied(runs).items()}
    folder = paths.runs_dir() / runs[0].notebook / "_sweeps" / (set_name(values) or PUBLISHED)
    archive.write(folder / "records.csv", table.to_csv(index=False, lineterminator="\n").encode())
    chosen = record or _comparable(table, len(found))
    figure = folder / "comparison.png"
    figure.unlink(missing_ok=True)
    if chosen:
        draw(table, chosen, figure)
    missing = tuple(run.id for run in runs if run not in [known for known, _ in found])
    return Sweep(folder / "records.csv", figure if chosen else None, chosen, missing)


def varied(runs: Sequence[Run]) -> dict[str, list[Any]]:
    """Parameters that a sweep sets, with their values in order of appearance."""
    # A set of the collection need not name what it leaves as declared.
    values: dict[str, list[Any]] = {name: [] for run in runs for name in run.given}
    for run in runs:
        for name, taken in values.items():
            if run.parameters[name] not in taken:
                taken.append(run.parameters[name])
    return values


def tidy(found: Sequence[tuple[Run, dict[str, Any]]]) -> pd.DataFrame:
    """Every record of every run, in one table.

    Parameters
    ----------
    found
        Runs, each with the content of its `record.json`.

    Returns
    -------
    DataFrame
        One row per run and record: `run`, one column `parameter_<name>` for each parameter that the sweep
        sets, and the fields of the record; `details` is JSON.
    """
    names = varied([run for run, _ in found])
    rows = [
        [run.id, *(_text(run.parameters[name]) for name in names), *(result.get(field) for field in FIELDS)]
        for run, record in found
        for result in record["records"]
    ]
    table = pd.DataFrame(rows, columns=["run", *(f"parameter_{name}" for name in names), *FIELDS])
    dumped = [json.dumps(each or {}, ensure_ascii=False, sort_keys=True) for each in table["details"]]
    return table.assign(details=dumped)


def draw(table: pd.DataFrame, record: str, path: Path) -> None:
    """Compare one record over the runs of a sweep: its value and interval in each.

    Raises
    ------
    SweepError
        If no run recorded it as a number.
    """
    from helpers.figures import coefficient_plot, save

    rows = table[table["name"] == record]
    ends = ["value", "low", "high"]
    rows = rows.assign(**rows[ends].apply(pd.to_numeric, errors="coerce")).dropna(subset="value")
    if rows.empty:
        raise SweepError(f"No run of the sweep recorded {record!r} as a number.")
    parameters = [column for column in table if column.startswith("parameter_")]
    labels = rows[parameters].rename(columns=lambda name: name.removeprefix("parameter_"))
    rows = rows.assign(label=[_label(row) for row in labels.to_dict("records")])
    low, high = rows["value"].min(), rows["value"].max()
    unit = rows["unit"].iloc[0]
    title = f"{record.replace('_', ' ')}: {low:,.3g} to {high:,.3g} {unit} over {len(rows)} runs"
    save(coefficient_plot(rows, title=title, unit=unit), path, source="records of the runs named on the left")


def _label(row: dict[str, str]) -> str:
    return ", ".join(f"{name} = {value or 'not set'}" for name, value in row.items())


def _comparable(table: pd.DataFrame, n_runs: int) -> str:
    numbers = table[pd.to_numeric(table["value"], errors="coerce").notna()]
    shared = numbers.groupby("name", sort=False).agg(runs=("run", "size"), low=("low", "count"))
    shared = shared[shared["runs"] == n_runs]
    return next(iter([*shared.index[shared["low"] == n_runs], *shared.index]), "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
