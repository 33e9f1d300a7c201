"""In which order runs start."""

import pytest
import stub_collection as stub

from helpers import paths
from helpers.runs import plan, tasks


def test_what_others_wait_for_longest_starts_first(
    checkout: stub.Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("data", "runs", "notebooks"):
        monkeypatch.setattr(paths, f"{name}_dir", lambda name=name: checkout.root / name)
    needs = {"01_first": [], "02_second": ["01_first"], "03_last": ["02_second"], "04_alone": []}
    checkout.write({name: (stub.total_notebook(), {"needs": need}) for name, need in needs.items()})
    runs = plan.plan()
    marks = {run.notebook: [mark.name for mark in tasks._priority(run, runs)] for run in runs}
    expected = {"01_first": ["try_first"], "02_second": [], "03_last": ["try_last"], "04_alone": ["try_last"]}
    assert marks == expected
