"""SIGKILL at random moments of putting results in place: sixty kills, and the result is always whole."""

import json
import multiprocessing
import os
import random
import signal
import tempfile
import time
from pathlib import Path

import pytest
import stub_collection as stub

from helpers import paths
from helpers.runs import archive, engine, notebooks, plan

KILLS = 60


@pytest.fixture
def collection(checkout: stub.Checkout, monkeypatch: pytest.MonkeyPatch) -> stub.Checkout:
    """A checkout with one notebook, seen by the helpers of this process."""
    for name in ("data", "runs", "notebooks"):
        monkeypatch.setattr(paths, f"{name}_dir", lambda name=name: checkout.root / name)
    checkout.write({"01_total": (stub.total_notebook(), {})})
    return checkout


def put_in_place_for_ever(root: Path) -> None:
    """Change the data and put the result in place, again and again, as the engine does after a notebook."""
    executed = notebooks.read(root / "notebooks" / "01_total.ipynb")
    for cell in executed["cells"]:
        cell.update({"execution_count": 1} if cell["cell_type"] == "code" else {})
    executed["metadata"] = {notebooks.OWN: {"opened": [], "addresses": []}}
    for number in range(10**6):
        table = root / "data" / "observations" / "made_up.csv"
        table.with_suffix(".new").write_text(
            f"series_id,period,value,vintage,source_id\nmade_up,2020-01,{number},2020-03-01,none\n"
        )
        os.replace(table.with_suffix(".new"), table)
        (run,) = plan.plan()
        engine.working_folder().mkdir(parents=True, exist_ok=True)
        working = Path(tempfile.mkdtemp(dir=engine.working_folder()))
        engine.complete(working, executed, run)
        engine.promote(working, run)


def test_a_kill_at_any_moment_leaves_a_whole_result(collection: stub.Checkout) -> None:
    chance = random.Random(5)
    result = collection.root / "runs" / "01_total" / "published"
    moments = {"old and new": 0}
    for _ in range(KILLS):
        worker = multiprocessing.get_context("fork").Process(
            target=put_in_place_for_ever, args=(collection.root,), daemon=True
        )
        worker.start()
        time.sleep(chance.uniform(0.02, 0.12))
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
        assert worker.exitcode == -signal.SIGKILL
        if not result.exists():
            continue
        record = json.loads((result / "record.json").read_text())
        notebooks.read(result / "notebook.ipynb")
        for kept in (archive.records(archive.previous_folder()) | archive.records(paths.runs_dir())).values():
            assert kept["records"] == [] and kept["key"]
        for sha256 in record["ingredients"]["data"].values():
            assert archive.table(sha256)
        whole = record["notebook_sha256"] == notebooks.digest((result / "notebook.ipynb").read_bytes())
        moments["old and new"] += not whole
    # Between the two renames the notebook is new and its record old: the next run sees that and mends it.
    assert moments["old and new"] <= KILLS / 4
    with (collection.root / "data" / "observations" / "made_up.csv").open("a") as table:
        table.write("made_up,2021-01,1,2021-03-01,none\n")
    assert "1 done" in collection.summits("run", "-j", "1")
    assert "1 fresh" in collection.summits("run", "-j", "1")
    assert not list(engine.working_folder().glob("*/"))
