"""Why estimates moved: the present code is run again on the old data, and on the old data with its revisions.

The old data come from the archive, exactly as the earlier run read them. The claims are not put back: they
belong to what is asked, and count as code.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from helpers import paths, schema
from summits import archive, changes, tasks
from summits.changes import Records, frame
from summits.plan import Run, plan

CODE = ("notebook", "code", "packages", "python", "parameters")
SPECIFICATION = "claims.yml"
Rerun = Callable[[list[Run], Mapping[str, str], bool], Records]


def attribute(report: dict[str, Any], before: Records, after: Records, rerun: Rerun) -> None:
    """Add to each moved estimate, in place, how much code, revisions and new data moved it.

    A run that reads the records of others is executed together with them. `undivided` says why a move is not
    divided, and is empty if it is.

    Parameters
    ----------
    report
        From `summits.changes.compare`.
    before, after
        The records compared.
    rerun
        Takes runs, the kept tables to run them on (sha256 by path), and whether only their revisions are
        wanted; returns the records. See `rerun_on`.
    """
    moved = [each for each in report["estimates"] if each["kind"] == "moved"]
    runs = {run.id: run for run in plan()}
    old_data: dict[str, str] = {}
    names = dict.fromkeys(each["run"] for each in moved)
    why = {name: _obstacle(name, runs, before, after, old_data) for name in names}
    fit = {name: [each.id for each in with_needs(runs[name], runs)] for name in names if not why[name]}

    def differing(part: Callable[[Mapping[str, Any]], Any]) -> list[str]:
        return [name for name, chain in fit.items() if any(part(before[x]) != part(after[x]) for x in chain)]

    newer, recoded = differing(_data), differing(_code)
    on_old = before | rerun([runs[name] for name in newer if name in recoded], old_data, False)
    # With the data unchanged, all that moved was moved by code.
    on_old |= {name: after[name] for name in fit if name not in newer}
    on_revised = after | rerun([runs[name] for name in newer], old_data, True)
    for each in moved:
        each["undivided"] = why[each["run"]]
        if each["undivided"]:
            continue
        divided = changes.attribute(*(_value(one, each) for one in (before, on_old, on_revised, after)))
        if divided:
            each["attribution"] = divided
        else:
            each["undivided"] = "it could not be estimated at every step"


def _obstacle(
    name: str, runs: Mapping[str, Run], before: Records, after: Records, old_data: dict[str, str]
) -> str:
    """Say why the moves of a run cannot be divided, or nothing; its old data are then added to the rest."""
    if name not in runs or runs[name].key != after[name]["key"]:
        return "the later run is not the one that the notebooks of today would give"
    chain = with_needs(runs[name], runs)
    if any(each.id not in before for each in chain):
        return "a run whose records it reads is not among the earlier ones"
    own = [item for each in chain for item in _data(before[each.id]).items()]
    if any((old_data | dict(own)).get(path) != sha256 for path, sha256 in [*own, *old_data.items()]):
        return "its earlier data are of another time than those of other runs"
    old_data |= own
    return ""


def with_needs(run: Run, runs: Mapping[str, Run]) -> list[Run]:
    """Return a run and all runs whose records it reads, directly or through others."""
    return [run, *(each for need in run.needs for each in with_needs(runs[need], runs))]


def _data(record: Mapping[str, Any]) -> dict[str, str]:
    return {path: sha for path, sha in record["ingredients"]["data"].items() if path != SPECIFICATION}


def _code(record: Mapping[str, Any]) -> list[Any]:
    ingredients = record["ingredients"]
    return [*(ingredients.get(part) for part in CODE), ingredients["data"].get(SPECIFICATION)]


def _value(found: Records, each: Mapping[str, Any]) -> float | None:
    values = {record["name"]: record["value"] for record in found.get(each["run"], {}).get("records", [])}
    return values.get(each["name"])


def rerun_on(
    runs: list[Run], hashes: Mapping[str, str], revised: bool, workers: int, echo: Callable[[str], None]
) -> Records:
    """Execute runs with the present code on the data of an earlier time, in a place of its own.

    Parameters
    ----------
    runs
        What to execute.
    hashes
        Kept data tables, by path, that take the place of the present ones.
    revised
        Use the present values of the periods and events that the kept tables know.

    Returns
    -------
    dict
        Records by run; those of a run that failed are empty.

    Raises
    ------
    summits.archive.NotKept
        If an old table is not in the archive.
    """
    if not runs:
        return {}
    old = {path: archive.table(sha256) for path, sha256 in hashes.items()}
    with tempfile.TemporaryDirectory(prefix="summits-attribution-") as folder:
        place = Path(folder)
        # Without a description, which would not fit the tables that are put back.
        shutil.copytree(paths.data_dir(), place / "data", ignore=shutil.ignore_patterns("datapackage.json"))
        for path, content in old.items():
            _put(place / "data", path, content, revised)
        elsewhere = {"SUMMITS_DATA": str(place / "data"), "SUMMITS_RUNS": str(place / "runs")}
        with mock.patch.dict(os.environ, elsewhere):
            wanted = {run.id for run in runs}
            listed = {run.id: run for run in plan()}
            due = {each.id for name in wanted for each in with_needs(listed[name], listed)}
            tasks.run_all([run for run in listed.values() if run.id in due], workers, echo)
            return dict.fromkeys(wanted, {}) | archive.records(place / "runs")


def _put(data: Path, path: str, old: bytes, revised: bool) -> None:
    """Put the old table in place, or of the present one the rows that are about what the old one is about."""
    table, place = schema.table_of(path), data / path
    # What a row is about: the primary key without the vintage.
    if revised and table and (key := [column for column in table.key if column != "vintage"]):
        known = changes.revised_only(frame(old), frame(place.read_bytes()), key)
        known.to_csv(place, index=False, lineterminator="\n")
    else:
        place.write_bytes(old)
