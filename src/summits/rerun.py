"""What a scheduler calls: refresh if configured, run what is due, say what changed, build the pages.

It keeps no state of its own and is safe to call twice: a second call finds everything fresh and does nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from helpers import paths
from summits import command, plan

KEPT_LOGS = 24
Echo = Callable[[str], None]


@dataclass(frozen=True)
class Rerun:
    """How a rerun went.

    Attributes
    ----------
    refused : tuple of str
        Publishers whose reply was refused or waits for a person; their last good data were used.
    endings : dict of str to str
        By run: `fresh`, `done`, `failed` or `not run`.
    changed : bool
        Whether a result differs from the one before.
    """

    refused: tuple[str, ...] = ()
    endings: dict[str, str] = field(default_factory=dict)
    changed: bool = False

    @property
    def failed(self) -> bool:
        """Whether a run failed."""
        return bool({"failed", "not run"} & set(self.endings.values()))

    def summary(self, code: int) -> str:
        """All of it in one line, with the exit code that tells it."""
        counts = Counter(self.endings.values())
        runs = ", ".join(f"{counts[ending]} {ending}" for ending in sorted(counts))
        refused = f"refused: {', '.join(self.refused)}" if self.refused else "no publisher refused"
        return f"rerun: {runs}; {'changed' if self.changed else 'unchanged'}; {refused}; exit code {code}"


@contextmanager
def logged(echo: Echo) -> Iterator[Echo]:
    """Yield what takes a line and also writes it, with its time, to a dated log below `runs/_log/`.

    The latest 24 logs are kept. An error is the last line of its log.
    """
    folder = paths.runs_dir() / "_log"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.log").open("w", encoding="utf-8") as log:
        for old in sorted(folder.glob("*.log"))[:-KEPT_LOGS]:
            old.unlink(missing_ok=True)

        def write(line: str) -> None:
            print(f"{datetime.now(UTC):%H:%M:%S} {line}", file=log, flush=True)

        def tell(line: str) -> None:
            write(line)
            echo(line)

        try:
            yield tell
        except BaseException as error:
            write(f"{type(error).__name__}: {error}")
            raise


def rerun(*, attribute: bool, publish: bool, workers: int, echo: Echo, progress: Echo) -> Rerun:
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
    for run, ending in endings.items():
        if ending != "fresh":
            echo(f"  {ending:7}  {run}")
    for path in command.publish(runs) if publish else ():
        echo(f"  published {path.name}")
    report: dict[str, Any] = {"changed": False}
    if done := [run for run, ending in endings.items() if ending == "done"]:
        report, folder = command.changes(
            None, None, attribute=attribute, workers=workers, echo=progress, only=done
        )
        echo(f"Changes: {folder}")
    pages = paths.root() / "_build" / "site"
    front = pages / "index.html"
    files = [path.stat().st_mtime for path in (front, paths.data_dir() / "datapackage.json") if path.exists()]
    if done or not front.exists() or files[0] < files[-1]:
        # Imported here, since it takes seconds and most calls find nothing to do.
        from summits import site

        site.build(paths.runs_dir(), pages)
    echo(f"Site: {pages / 'index.html'}")
    return Rerun(refused, endings, report["changed"])


def _refresh(sources: list[str] | None, echo: Echo) -> tuple[str, ...]:
    """Refresh the publishers named (all, if the list is empty; none at all without a list).

    A refresh at work is waited for in any case, so that the runs see whole data.
    """
    from summits import refresh
    from summits.publishers import store

    if sources is None:
        with store.locked(paths.data_dir(), wait=True):
            return ()
    outcomes = refresh.refresh(sources, report=lambda outcome: echo("\n".join(outcome.lines())), wait=True)
    return tuple(each.publisher for each in outcomes if each.reason and each.state != "skipped")
