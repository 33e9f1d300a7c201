"""Why estimates moved: the present code is run again on the old data, and on the old data with its revisions.

The old data come from the archive, exactly as the earlier run read them. The claims are not put back: they
belong to what is asked, and count as code.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

from helpers import paths, schema
from summits import archive, changes, parameters, states, tasks
from summits.changes import Records, frame
from summits.plan import Run, plan

CODE = ("notebook", "code", "packages", "python", "parameters")
SPECIFICATION = "claims.yml"
# Runs with the tables, sha256 by path, that all of them were made from before.
Groups = list[tuple[dict[str, str], list[Run]]]
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
    groups: Groups = []
    names = dict.fromkeys(each["run"] for each in moved)
    why = {name: _obstacle(name, runs, before, after, groups) for name in names}

    def differing(group: list[Run], part: Callable[[Mapping[str, Any]], Any]) -> list[Run]:
        return [run for run in group if any(part(before[x.id]) != part(after[x.id]) for x in with_needs(run))]

    on_old, on_revised = dict(before), dict(after)
    for old_data, group in groups:
        newer, recoded = differing(group, _data), differing(group, _code)
        on_old |= rerun([run for run in newer if run in recoded], old_data, False)
        # With the data unchanged, all that moved was moved by code.
        on_old |= {run.id: after[run.id] for run in group if run not in newer}
        on_revised |= rerun(newer, old_data, True)
    for each in moved:
        each["undivided"] = why[each["run"]]
        if not each["undivided"]:
            divided = changes.attribute(*(_value(one, each) for one in (before, on_old, on_revised, after)))
            lacking = {"undivided": "it could not be estimated at every step"}
            each.update({"attribution": divided} if divided else lacking)


def _obstacle(name: str, runs: Mapping[str, Run], before: Records, after: Records, groups: Groups) -> str:
    """Say why the moves of a run cannot be divided, or nothing: it then joins a group of equal old data."""
    if name not in runs or after[name]["key"] not in (runs[name].key, _in_place(runs[name])):
        return "the later run is not the one that the notebooks of today would give"
    chain = [each.id for each in with_needs(runs[name])]
    if any(each not in before for each in chain):
        return "a run whose records it reads is not among the earlier ones"
    # A run that was never replaced may have been carried over to tables that changed in rows it did not read.
    replaced = [each for each in chain if before[each]["key"] != after.get(each, {}).get("key")]
    items = [item for each in replaced for item in _data(before[each]).items()]
    own = {path: sha256 for each in chain for path, sha256 in _data(before[each]).items()} | dict(items)
    if any(own[path] != sha256 for path, sha256 in items):
        return "its earlier data are of another time than those of the runs whose records it reads"
    for tables, members in groups:
        if all(tables.get(path, sha256) == sha256 for path, sha256 in own.items()):
            tables |= own
            members.append(runs[name])
            return ""
    groups.append((own, [runs[name]]))
    return ""


def _in_place(run: Run) -> str:
    """Key of the result in place if that is fresh, though rows changed that it did not read; else empty."""
    return str(archive.record(run.directory / "record.json")["key"]) if states.is_fresh(run) else ""


def with_needs(run: Run) -> list[Run]:
    """Return a run and all runs whose records it reads, directly or through others."""
    return [run, *(each for need in run.upstream for each in with_needs(need))]


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
            wanted: Records = {run.id: {} for run in runs}
            due: dict[str, Run] = {}
            for notebook in dict.fromkeys(run.notebook for run in runs):
                # A default of today may name what the old data lack; the other notebooks do not wait for it.
                with suppress(parameters.ParameterError):
                    chosen = [run for run in plan([notebook]) if run.id in wanted]
                    due |= {each.id: each for run in chosen for each in with_needs(run)}
            tasks.run_all(list(due.values()), workers, echo)
            return wanted | archive.records(place / "runs")


def _put(data: Path, path: str, old: bytes, revised: bool) -> None:
    """Put the old table in place, or of the present one the rows that are about what the old one is about."""
    table, place = schema.table_of(path), data / path
    # What a row is about: the primary key without the vintage.
    if revised and table and (key := [column for column in table.key if column != "vintage"]):
        known = changes.revised_only(frame(old), frame(place.read_bytes()), key)
        known.to_csv(place, index=False, lineterminator="\n")
    else:
        place.write_bytes(old)
