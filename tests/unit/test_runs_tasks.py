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


def test_a_notebook_is_not_written_for_each_cell_but_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    monkeypatch.setattr(engines, "write_ipynb", lambda *_: written.append(1))
    notebook = nbformat.from_dict(stub.total_notebook())
    for part in (notebook, *notebook.cells):
        part.metadata["papermill"] = nbformat.from_dict({})
    manager = engines.NotebookExecutionManager(notebook, output_path="out.ipynb", progress_bar=False)
    manager.notebook_start()
    assert len(written) == 1
    with papermill_engine.seldom_written(manager):
        for index, cell in enumerate(manager.nb.cells):
            manager.cell_start(cell, index)
            manager.cell_complete(cell, index)
        assert len(written) == 1
        monkeypatch.setattr(papermill_engine, "SECONDS_BETWEEN_WRITES", 0)
        manager.cell_start(manager.nb.cells[0], 0)
        assert len(written) == 2
    monkeypatch.setattr(papermill_engine, "SECONDS_BETWEEN_WRITES", 10)
    manager.notebook_complete()
    assert len(written) == 3
