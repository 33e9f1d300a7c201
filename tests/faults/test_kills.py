"""SIGKILL while results are put in place, at random moments and between any two steps: results stay whole."""

import dataclasses
import itertools
import json
import multiprocessing
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import stub_collection as stub

from helpers import paths
from summits import archive, command, engine, notebooks, plan

KILLS = 60
FORK = multiprocessing.get_context("fork")
STEPS = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree", "ctypes.dlsym"}
MOST_STEPS, ALL_DONE = 100, 7


@pytest.fixture
def collection(checkout: stub.Checkout, monkeypatch: pytest.MonkeyPatch) -> stub.Checkout:
    """A checkout with one notebook, seen by the helpers of this process."""
    for name in ("data", "runs", "notebooks"):
        monkeypatch.setattr(paths, f"{name}_dir", lambda name=name: checkout.root / name)
    checkout.write({"01_total": (stub.total_notebook(), {})})
    return checkout


@pytest.fixture
def planned(collection: stub.Checkout) -> plan.Run:
    """The run of that notebook."""
    return plan.plan()[0]


def put_in_place(planned: plan.Run, number: int) -> plan.Run:
    """Change the data and put a result of the number in place, as the engine does after a notebook."""
    executed = notebooks.read(planned.source)
    for cell in executed["cells"]:
        cell.update({"execution_count": 1} if cell["cell_type"] == "code" else {})
    executed["metadata"] = {notebooks.OWN: {"opened": [], "addresses": [], "rows": {}}}
    table = paths.data_dir() / "observations" / "made_up.csv"
    executed["metadata"][notebooks.OWN]["opened"] = [str(table)]
    table.with_suffix(".new").write_text(
        f"series_id,period,value,vintage,source_id\nmade_up,2020-01,{number},2020-03-01,none\n"
    )
    os.replace(table.with_suffix(".new"), table)
    data = plan.data_hashes(planned.reads)
    run = dataclasses.replace(planned, ingredients={**planned.ingredients, "data": data})
    engine.working_folder().mkdir(parents=True, exist_ok=True)
    working = Path(tempfile.mkdtemp(dir=engine.working_folder()))
    engine.complete(working, executed, run)
    archive.keep_previous(run)
    engine.promote(working, run)
    return run


def put_in_place_for_ever(planned: plan.Run, first: int, begun: Event) -> None:
    for number in itertools.count(first):
        put_in_place(planned, number)
        begun.set()


def process(function: Callable[..., None], *arguments: Any) -> BaseProcess:
    """Start a function in a process of its own."""
    started = FORK.Process(target=function, args=arguments, daemon=True)
    started.start()
    return started


def assert_whole(result: Path) -> dict[str, Any]:
    """Check that notebook and record belong together, and that all that is kept can be read."""
    record = json.loads((result / "record.json").read_text())
    assert record["notebook_sha256"] == notebooks.digest((result / "notebook.ipynb").read_bytes())
    for kept in (archive.records(archive.previous_folder()) | archive.records(paths.runs_dir())).values():
        assert kept["records"] == [] and kept["key"]
    for sha256 in record["ingredients"]["data"].values():
        assert archive.table(sha256)
    return record


def test_a_kill_at_any_moment_leaves_a_whole_result(collection: stub.Checkout, planned: plan.Run) -> None:
    chance = random.Random(5)
    put_in_place(planned, -2)
    before = time.monotonic()
    put_in_place(planned, -1)
    once = time.monotonic() - before
    keys = set()
    for kill in range(KILLS):
        begun = FORK.Event()
        worker = process(put_in_place_for_ever, planned, 1000 * kill, begun)
        assert begun.wait(20)
        time.sleep(chance.uniform(0, once))
        worker.kill()
        worker.join()
        assert worker.exitcode == -signal.SIGKILL
        keys.add(assert_whole(planned.directory)["key"])
    assert len(keys) == KILLS
    with (collection.root / "data" / "observations" / "made_up.csv").open("a") as table:
        table.write("made_up,2021-01,1,2021-03-01,none\n")
    assert "1 done" in collection.summits("run", "-j", "1")
    assert "1 fresh" in collection.summits("run", "-j", "1")
    assert not list(engine.working_folder().glob("*/"))


def die_before(step: int, function: Callable[..., Any], *arguments: Any) -> None:
    """Call a function, and die just before the given step of it that changes a file or a folder."""
    steps = itertools.count()

    def watch(event: str, details: tuple[Any, ...]) -> None:
        writes = event == "open" and details[2] & (os.O_WRONLY | os.O_RDWR)
        # The exchange of two folders is seen when its function is looked up.
        if (writes or event in STEPS) and next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    function(*arguments)
    os._exit(ALL_DONE)


def test_a_kill_between_any_two_steps_leaves_the_old_or_the_new_result(planned: plan.Run) -> None:
    ends = []
    for step in range(MOST_STEPS):
        old = put_in_place(planned, 1).key
        worker = process(die_before, step, put_in_place, planned, 2)
        worker.join()
        ends.append("old" if assert_whole(planned.directory)["key"] == old else "new")
        if worker.exitcode == ALL_DONE:
            break
        assert worker.exitcode == -signal.SIGKILL
    assert worker.exitcode == ALL_DONE and ends == sorted(ends, reverse=True) and ends.count("old") > 5
    assert ends.count("new") > 1


def test_a_kill_between_any_two_steps_of_publishing_leaves_the_old_or_the_new_notebook(
    planned: plan.Run,
) -> None:
    run = put_in_place(planned, 1)
    old, new = planned.source.read_bytes(), (run.directory / "notebook.ipynb").read_bytes()
    ends = []
    for step in range(MOST_STEPS):
        planned.source.write_bytes(old)
        worker = process(die_before, step, command.publish, [run])
        worker.join()
        ends.append({old: "old", new: "new"}[planned.source.read_bytes()])
        assert_whole(run.directory)
        if worker.exitcode == ALL_DONE:
            break
        assert worker.exitcode == -signal.SIGKILL
    assert worker.exitcode == ALL_DONE and ends == sorted(ends, reverse=True)
    assert ends[0] == "old" and ends[-1] == "new"


def publish_on_a_full_disk(run: plan.Run, most: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    command.publish([run])


@pytest.mark.parametrize("most", [0, 100])
def test_a_full_disk_while_publishing_keeps_the_notebook(planned: plan.Run, most: int) -> None:
    run = put_in_place(planned, 1)
    before = planned.source.read_bytes()
    worker = process(publish_on_a_full_disk, run, most)
    worker.join()
    assert worker.exitcode == 1 and planned.source.read_bytes() == before
    assert command.publish([run]) == [planned.source]


@pytest.mark.parametrize("system", [SimpleNamespace(), SimpleNamespace(renameat2=lambda *_: -1)])
def test_where_folders_cannot_be_exchanged_the_files_are_moved(
    planned: plan.Run, monkeypatch: pytest.MonkeyPatch, system: SimpleNamespace
) -> None:
    monkeypatch.setattr(engine.ctypes, "CDLL", lambda _: system)
    for number in (1, 2):
        run = put_in_place(planned, number)
        assert assert_whole(planned.directory)["key"] == run.key
