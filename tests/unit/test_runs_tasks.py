"""Around the kernels of runs: which run starts first, folders of sockets, how often a notebook is written."""

from pathlib import Path

import nbformat
import pytest
import stub_collection as stub
from papermill import engines

from helpers import paths
from summits import papermill_engine, plan, tasks, temporary


def test_what_others_wait_for_longest_starts_first(
    checkout: stub.Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("data", "runs", "notebooks"):
        monkeypatch.setattr(paths, f"{name}_dir", lambda name=name: checkout.root / name)
    needs = {"01_first": [], "02_second": ["01_first"], "03_last": ["02_second"], "04_alone": []}
    checkout.write({name: (stub.total_notebook(), {"needs": need}) for name, need in needs.items()})
    runs = plan.plan()
    ranks = {run.notebook: tasks._rank(run, runs)[0] for run in runs}
    assert ranks == {"01_first": 0, "02_second": 1, "03_last": 2, "04_alone": 2}


def test_folders_that_killed_runs_left_are_removed_and_those_in_use_stay(tmp_path: Path) -> None:
    abandoned, about_to_be_locked, other = (
        tmp_path / name for name in ("summits-kernel-1", "summits-kernel-2", "summits-attribution-3")
    )
    for folder in (abandoned, about_to_be_locked, other):
        folder.mkdir()
    for folder in (abandoned, other):
        (folder / "kernel-1").touch()
    with temporary.folder("summits-kernel-", tmp_path) as used:
        (used / "kernel-1").touch()
        temporary.sweep("summits-kernel-", tmp_path)
        assert set(tmp_path.iterdir()) == {used, about_to_be_locked, other}
    assert set(tmp_path.iterdir()) == {about_to_be_locked, other}


def test_a_notebook_is_written_when_its_cells_have_ended_however_they_did(
    checkout: stub.Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    monkeypatch.setattr(engines, "write_ipynb", lambda *_: written.append(1))
    settings = {"output_path": "out.ipynb", "progress_bar": False}

    def execute(*cells: str, **limits: int) -> None:
        notebook = nbformat.from_dict(stub.notebook(*map(stub.code, cells)))
        for part in (notebook, *notebook.cells):
            part.metadata["papermill"] = nbformat.from_dict({})
        papermill_engine.Engine.execute_notebook(notebook, "python3", **settings, **limits)

    execute("print(1)", "1 / 0", "2")
    assert len(written) == 2
    with pytest.raises(papermill_engine.RunTimeoutError):
        execute("import time\ntime.sleep(60)", run_timeout=0)
    assert len(written) == 4
