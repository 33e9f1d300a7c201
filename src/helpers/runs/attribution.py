"""Why estimates moved: the present code is run again on the old data, and on the old data with its revisions.

The old data come from the archive, exactly as the earlier run read them. The claims are not put back: they
belong to what is asked, and count as code.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from helpers import changes, paths
from helpers.runs import archive, tasks
from helpers.runs.changes import Records, frame
from helpers.runs.plan import Run, plan

CODE = ("notebook", "helpers", "packages", "python", "parameters")
SPECIFICATION = "claims.yml"
Rerun = Callable[[list[Run], Mapping[str, str], bool], Records]


def attribute(report: dict[str, Any], before: Records, after: Records, rerun: Rerun) -> None:
    """Add to each moved estimate, in place, how much code, revisions and new data moved it.

    Left alone are estimates of runs that are not in their present state, that read the records of other runs
    (the cause is told where it arises), or whose old data are of another time than those of the other runs.

    Parameters
    ----------
    report
        From `helpers.runs.changes.compare`.
    before, after
        The records compared.
    rerun
        Takes runs, the kept tables to run them on (sha256 by path), and whether only their revisions are
        wanted; returns the records. See `rerun_on`.
    """
    moved = {each["run"] for each in report["estimates"] if each["kind"] == "moved"}
    present = [run for run in plan() if run.id in moved and run.key == after[run.id]["key"] and not run.needs]
    old_data: dict[str, str] = {}
    for run in present:
        old_data = _data(before[run.id]) | old_data
    fit = [run for run in present if _data(before[run.id]).items() <= old_data.items()]
    newer = [run for run in fit if _data(before[run.id]) != _data(after[run.id])]
    recoded = {run.id for run in fit if _code(before[run.id]) != _code(after[run.id])}
    on_old = before | rerun([run for run in newer if run.id in recoded], old_data, False)
    on_revised = after | rerun(newer, old_data, True)
    # With the data unchanged, all that moved was moved by code.
    on_old |= {run.id: after[run.id] for run in fit if run not in newer}
    for each in report["estimates"]:
        if each["kind"] == "moved" and each["run"] in {run.id for run in fit}:
            steps = (_value(found, each) for found in (before, on_old, on_revised, after))
            divided = changes.attribute(*steps)
            each["attribution"] = divided.record() if divided else None


def _data(record: Mapping[str, Any]) -> dict[str, str]:
    return {path: sha for path, sha in record["ingredients"]["data"].items() if path != SPECIFICATION}


def _code(record: Mapping[str, Any]) -> list[Any]:
    ingredients = record["ingredients"]
    return [*(ingredients[part] for part in CODE), ingredients["data"].get(SPECIFICATION)]


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
    helpers.runs.archive.NotKept
        If an old table is not in the archive.
    """
    if not runs:
        return {}
    old = {path: archive.table(sha256) for path, sha256 in hashes.items()}
    with tempfile.TemporaryDirectory(prefix="summits-attribution-") as folder:
        place = Path(folder)
        shutil.copytree(paths.data_dir(), place / "data")
        keys = _keys(place / "data")
        for path, content in old.items():
            _put(place / "data" / path, content, keys.get(path, []), revised)
        with _elsewhere(place):
            wanted = {run.id for run in runs}
            tasks.run_all([run for run in plan() if run.id in wanted], workers, echo)
            return dict.fromkeys(wanted, {}) | archive.records(place / "runs")


def _keys(data: Path) -> dict[str, list[str]]:
    """Columns that say what a row is about, by table: the primary key without the vintage."""
    described = json.loads((data / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    keys = {each["path"]: each.get("schema", {}).get("primaryKey", []) for each in described}
    return {path: [column for column in key if column != "vintage"] for path, key in keys.items()}


def _put(path: Path, old: bytes, key: list[str], revised: bool) -> None:
    """Put the old table in place, or of the present one the rows that are about what the old one is about."""
    if revised and key:
        kept = changes.revised_only(frame(old), frame(path.read_bytes()), key)
        kept.to_csv(path, index=False, lineterminator="\n")
    else:
        path.write_bytes(old)


@contextmanager
def _elsewhere(place: Path) -> Iterator[None]:
    """Let the data and the runs of this process be those below `place`."""
    own = {"SUMMITS_DATA": str(place / "data"), "SUMMITS_RUNS": str(place / "runs")}
    before = {name: os.environ.pop(name, None) for name in own}
    os.environ.update(own)
    try:
        yield
    finally:
        for name, value in before.items():
            del os.environ[name]
            if value is not None:
                os.environ[name] = value
