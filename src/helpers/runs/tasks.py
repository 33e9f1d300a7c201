"""Runs as pytask tasks: pytask orders them, skips what has not changed, and spreads the rest over processes.

A task depends on the key of its run and on the records of the runs it needs; its products are the executed
notebook and the record. `runs/pytask.lock` remembers the state of both.
"""

import functools
import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

import filelock
import pytask
from pytask_parallel import ParallelBackend, registry
from pytask_parallel import execute as scheduling

from helpers import paths
from helpers.runs import archive, report, states
from helpers.runs.cluster import connected
from helpers.runs.engine import RunFailed, execute, working_folder, working_prefix
from helpers.runs.papermill_engine import remove_abandoned_folders
from helpers.runs.plan import Run

Echo = Callable[[str], None]
# pytask-parallel looks for ended runs at intervals that grow to a second, in which a worker would be idle.
scheduling._Sleeper = functools.partial(scheduling._Sleeper, timings=[0.05])


class Interrupted(KeyboardInterrupt):
    """The user or the system asked to stop; results in place are untouched."""


def run_all(runs: list[Run], workers: int, echo: Echo, address: str = "") -> dict[str, str]:
    """Execute what is not fresh, and say how each run ended.

    Only one process works in a `runs` folder at a time; a second one waits.

    Parameters
    ----------
    runs
        A plan, in order.
    workers
        Number of processes.
    echo
        Takes one line of progress at a time.
    address
        Of a Dask scheduler, whose workers take the place of the processes.

    Returns
    -------
    dict of str to str
        By run: `fresh`, `done`, `failed`, or `not run` (one it needs failed).

    Raises
    ------
    Interrupted
        On Ctrl-C or SIGTERM.
    helpers.runs.cluster.ClusterError
    """
    with _only_one(echo), _stopping_at_signals() as caught:
        with connected(address) if address else _processes(workers) as (executor, at_once):
            session = _build(runs, _Told(executor, echo), at_once)
        if caught:
            raise KeyboardInterrupt
        archive.prune({run.id for run in runs})
        return _endings(session, runs, echo)


@contextmanager
def _only_one(echo: Echo) -> Iterator[None]:
    """Hold the lock of the `runs` folder; what a killed process left in the temporary place is removed."""
    paths.runs_dir().mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(paths.runs_dir() / ".lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        echo("Another `summits run` is at work here; waiting for it.")
        lock.acquire()
    try:
        shutil.rmtree(working_folder(), ignore_errors=True)
        yield
    finally:
        shutil.rmtree(working_folder(), ignore_errors=True)
        remove_abandoned_folders()
        lock.release()


@contextmanager
def _stopping_at_signals() -> Iterator[list[int]]:
    """Turn Ctrl-C and SIGTERM into `Interrupted`, after ending the workers; their kernels end with them.

    Yields the signals caught: pytask swallows the exception that a signal raises.
    """
    caught: list[int] = []

    def stop(number: int, _frame: Any) -> None:
        caught.append(number)
        for child in multiprocessing.active_children():
            child.kill()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    except KeyboardInterrupt:
        raise Interrupted(signal.Signals(caught[0]).name) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _processes(workers: int) -> Iterator[tuple[Executor, int]]:
    """Yield a pool of processes and its size.

    They are forked where that is safe: they then share the packages already imported, and hold the lock of
    the `runs` folder until they have ended, even if their parent is killed.
    """
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=_start_worker, initargs=(os.getpid(),)
    ) as pool:
        yield pool, workers


class _Told(Executor):
    """An executor that says when a run starts and how it ends."""

    def __init__(self, executor: Executor, echo: Echo) -> None:
        self.executor, self.echo = executor, echo

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future:
        """Submit a task, as pytask-parallel does."""
        name, started = named["task"].name, time.monotonic()
        self.echo(f"  running  {name}")
        future = self.executor.submit(function, *arguments, **named)
        future.add_done_callback(lambda done: self._say_end(name, time.monotonic() - started, done))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the executor."""
        self.executor.shutdown(wait)

    def _say_end(self, name: str, seconds: float, done: Future) -> None:
        if done.cancelled():
            return
        failure = done.exception() or (done.result().exc_info or (None, None))[1]
        if failure is None:
            self.echo(f"  done     {name}  {seconds:.1f} s")
        elif isinstance(failure, RunFailed):
            self.echo(str(failure))


def _start_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end when the parent is gone, so that no orphan goes on writing."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def end_with_parent() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def _build(runs: list[Run], executor: Executor, at_once: int) -> pytask.Session:
    config = paths.runs_dir() / "pytask.toml"
    config.write_text("[tool.pytask.ini_options]\n")
    registry.register_parallel_backend(ParallelBackend.CUSTOM, lambda n_workers: executor)
    pytask.console.quiet = True
    return pytask.build(
        tasks=[_task(run, runs) for run in runs],
        config=config,
        paths=[],
        parallel_backend=ParallelBackend.CUSTOM,
        n_workers=at_once,
        capture="no",
        verbose=0,
        show_traceback=False,
    )


def _endings(session: pytask.Session, runs: list[Run], echo: Echo) -> dict[str, str]:
    ended = {report.task.name: report for report in session.execution_reports}
    if not ended:
        message = f"pytask stopped before the first run ({session.exit_code.name}). Is the disk full?"
        raise OSError(message)
    for each in ended.values():
        if isinstance(failure := (each.exc_info or (None, None))[1], OSError):
            echo(f"  {each.task.name}: {failure}")
    return {run.id: _ending(run, ended[run.id].outcome if run.id in ended else None, echo) for run in runs}


def _task(run: Run, runs: list[Run]) -> pytask.TaskWithoutPath:
    node = pytask.NodeInfo(arg_name="run", path=(), task_path=None, task_name=run.id, value=None)
    needed = [paths.runs_dir() / need / "record.json" for need in run.needs]
    return pytask.TaskWithoutPath(
        name=run.id,
        function=_execute,
        depends_on={
            "run": pytask.PythonNode(name=run.id, value=run, hash=_key, node_info=node),
            "records": [pytask.PathNode.from_path(path) for path in needed],
        },
        produces={
            "notebook": pytask.PathNode.from_path(run.directory / "notebook.ipynb"),
            "record": pytask.PathNode.from_path(run.directory / "record.json"),
        },
        markers=[mark.mark for mark in _priority(run, runs)],
    )


def _priority(run: Run, runs: list[Run]) -> list[pytask.MarkDecorator]:
    """First the runs for which runs wait that others wait for, last those for which none does."""
    waiting = {other.id for other in runs if run.id in other.needs}
    if not waiting:
        return [pytask.mark.try_last]
    return [pytask.mark.try_first] if any(waiting & set(other.needs) for other in runs) else []


def _key(run: Run) -> str:
    return run.key


def _execute(run: Run, **_: Any) -> None:
    execute(run)


def _ending(run: Run, outcome: pytask.TaskOutcome | None, echo: Echo) -> str:
    if outcome == pytask.TaskOutcome.SUCCESS:
        return "done"
    if outcome == pytask.TaskOutcome.SKIP_UNCHANGED:
        return "fresh"
    if states.state(run) != "failed" and (
        left := next(working_folder().glob(f"{working_prefix(run)}*"), None)
    ):
        echo(
            report.keep_aside(left, run, RuntimeError("The worker process was killed or ran out of memory."))
        )
    return "failed" if states.state(run) == "failed" else "not run"
