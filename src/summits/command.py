"""What the commands do: run what is not fresh, publish, and say what changed."""

import functools
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from summits import archive, parameters, states
from summits.plan import PUBLISHED, Run, collection, find, plan


def planned(
    selection: Iterable[str], assignments: Iterable[str], file: Path | None = None, sweep: bool = False
) -> list[Run]:
    """Runs of a selection, parameters of a file and of the command line together; see `summits.plan.plan`."""
    assignments = list(assignments)
    if file:
        set_by_hand = {text.partition("=")[0] for text in assignments}
        from_file = parameters.assignments_of(file)
        assignments += [text for text in from_file if text.partition("=")[0] not in set_by_hand]
    return plan(selection, assignments, sweep)


def named(selection: Iterable[str]) -> set[str]:
    """Ids of the notebooks of a selection; of all of the collection, if it is empty."""
    listed = collection()
    return {find(name, listed) for name in selection} or set(listed)


def preview(runs: list[Run]) -> list[str]:
    """One line for each run that is due, with the reason, and one that counts them."""
    due = [run for run in runs if not states.is_fresh(run)]
    lines = [f"{states.state(run):7} {run.id}{states.because(run)}" for run in due]
    return [*lines, f"{len(due)} of {len(runs)} runs are due."]


def execute(
    runs: list[Run],
    workers: int,
    echo: Callable[[str], None],
    address: str = "",
    forced: Collection[str] = (),
) -> dict[str, str]:
    """Execute what is not fresh or belongs to a forced notebook, and say by run how it ended.

    Raises
    ------
    summits.tasks.Interrupted
        On Ctrl-C or SIGTERM.
    """
    if not forced and all(states.is_exact(each) for each in runs):
        return {each.id: "fresh" for each in runs}
    from summits import tasks

    return tasks.run_all(runs, workers, echo, address, forced)


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
                archive.write(each.source, content)
                changed.append(each.source)
    return changed
