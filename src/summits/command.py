"""What the commands do: run what is not fresh, publish, and say how things stand."""

import functools
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers import paths
from summits import parameters, states
from summits.notebooks import read
from summits.plan import PUBLISHED, Run, find, plan

if TYPE_CHECKING:
    from summits import sweeps


def run(
    selection: Iterable[str],
    assignments: Iterable[str],
    workers: int,
    echo: Callable[[str], None],
    address: str = "",
) -> tuple[list[Run], dict[str, str]]:
    """Plan a selection and execute what is not fresh.

    Returns
    -------
    tuple
        The runs, and by run how it ended: `fresh`, `done`, `failed` or `not run`.

    Raises
    ------
    summits.tasks.Interrupted
        On Ctrl-C or SIGTERM. Errors of the plan are raised before anything starts.
    """
    runs = plan(selection, assignments)
    return runs, execute(runs, workers, echo, address)


def execute(runs: list[Run], workers: int, echo: Callable[[str], None], address: str = "") -> dict[str, str]:
    """Execute what is not fresh, and say by run how it ended; see `summits.tasks.run_all`."""
    if all(states.is_fresh(each) for each in runs):
        return {each.id: "fresh" for each in runs}
    from summits import tasks

    return tasks.run_all(runs, workers, echo, address)


def sweep(
    notebook: str,
    assignments: Iterable[str],
    record: str,
    workers: int,
    echo: Callable[[str], None],
    address: str = "",
) -> tuple[list[Run], dict[str, str], "sweeps.Sweep"]:
    """Run a notebook with every combination of the values given, and collect what the runs recorded.

    Raises
    ------
    summits.tasks.Interrupted, summits.sweeps.SweepError
    """
    from summits import sweeps

    runs = plan([notebook], assignments, sweep=True)
    endings = execute(runs, workers, echo, address)
    members = [each for each in runs if each.notebook == find(notebook)]
    return runs, endings, sweeps.collect(members, record)


def changes(
    before: Path | None,
    after: Path | None,
    *,
    attribute: bool,
    workers: int,
    echo: Callable[[str], None],
    only: Iterable[str] | None = None,
) -> tuple[dict[str, Any], Path]:
    """Compare two sets of runs, write the report, and return it with its folder.

    Parameters
    ----------
    before, after, only
        See `summits.changes.pair`.
    attribute
        Run again what moved, to say why.
    workers, echo
        Of these reruns.

    Raises
    ------
    summits.changes.ChangesError, summits.archive.NotKept
    """
    from summits import attribution, change_report
    from summits import changes as comparison

    old, new = comparison.pair(before, after, only)
    report = comparison.compare(old, new)
    if attribute:
        rerun = functools.partial(attribution.rerun_on, workers=workers, echo=echo)
        attribution.attribute(report, old, new, rerun)
    return report, change_report.write(report, old, new)


def publish(runs: Iterable[Run]) -> list[Path]:
    """Copy fresh published runs over the notebooks they were made from; return the notebooks that changed."""
    changed = []
    for each in runs:
        if each.set == PUBLISHED and states.is_fresh(each):
            content = (each.directory / "notebook.ipynb").read_bytes()
            if content != each.source.read_bytes():
                temporary = each.source.with_suffix(".ipynb.new")
                temporary.write_bytes(content)
                os.replace(temporary, each.source)
                changed.append(each.source)
    return changed


def run_states() -> list[dict[str, Any]]:
    """Return the listed runs by state, with what changed since the run of a stale one."""
    return [{"run": each.id, "state": states.state(each), "changed": states.changed(each)} for each in plan()]


def parameter_table(notebook: str) -> list[parameters.Parameter]:
    """Parameters of one notebook, in the order of its cell."""
    return list(parameters.schema(read(paths.notebooks_dir() / f"{find(notebook)}.ipynb")).values())
