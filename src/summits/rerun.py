"""What a scheduler calls: refresh if configured, run what is due, say what changed, build the pages.

It keeps no state of its own and is safe to call twice: a second call finds everything fresh and does nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from helpers import paths
from summits import command, plan


@dataclass(frozen=True)
class Rerun:
    """How a rerun went.

    Attributes
    ----------
    refused : tuple of str
        Publishers whose reply was refused; their last good data were used.
    endings : dict of str to str
        By run: `fresh`, `done`, `failed` or `not run`.
    changed : bool
        Whether a result differs from the one before.
    report, pages : Path or None
        The folder of the change report, and the front page, if they were written.
    """

    refused: tuple[str, ...] = ()
    endings: dict[str, str] = field(default_factory=dict)
    changed: bool = False
    report: Path | None = None
    pages: Path | None = None

    @property
    def failed(self) -> bool:
        """Whether a publisher was refused or a run failed."""
        return bool(self.refused or {"failed", "not run"} & set(self.endings.values()))


def rerun(
    *,
    attribute: bool,
    publish: bool,
    workers: int,
    echo: Callable[[str], None],
    progress: Callable[[str], None],
) -> Rerun:
    """Bring data, results, change report and pages up to date.

    Parameters
    ----------
    attribute
        Run again what moved, to say why.
    publish
        Copy the published results over the notebooks.
    workers
        Number of processes.
    echo, progress
        Take one line at a time: of what was done, and of what is going on.

    Raises
    ------
    summits.tasks.Interrupted
        On Ctrl-C or SIGTERM. What is in place is whole; the next call goes on from there.
    """
    refused = _refresh(plan.refreshed_first(), echo)
    runs = plan.plan()
    endings = command.execute(runs, workers, progress)
    if publish:
        for path in command.publish(runs):
            echo(f"  published {path.name}")
    report, folder = {"changed": False}, None
    if done := [run for run, ending in endings.items() if ending == "done"]:
        report, folder = command.changes(
            None, None, attribute=attribute, workers=workers, echo=progress, only=done
        )
    pages = paths.root() / "_build" / "site"
    if done or not (pages / "index.html").exists():
        # Imported here, since it takes seconds and most calls find nothing to do.
        from summits import site

        site.build(paths.runs_dir(), pages)
    return Rerun(refused, endings, report["changed"], folder, pages / "index.html")


def _refresh(sources: list[str] | None, echo: Callable[[str], None]) -> tuple[str, ...]:
    """Refresh the publishers named (all, if the list is empty; none at all without a list)."""
    if sources is None:
        return ()
    from summits import refresh

    outcomes = refresh.refresh(sources, report=lambda outcome: echo("\n".join(outcome.lines())))
    return tuple(outcome.publisher for outcome in outcomes if outcome.state == "refused")
