"""Records: what may be written, and what is read back from notebooks. All values here are simulated."""

import json
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import pytest

from helpers import records
from helpers.methods.results import Estimate


@pytest.fixture
def notebook(monkeypatch):
    """A stand-in for the kernel: `run(cell)` starts an execution; `outputs` is what was displayed."""
    shell = SimpleNamespace(user_ns={"In": ["cell 1"]}, execution_count=1)
    outputs = []

    def run(cell):
        shell.execution_count += 1
        shell.user_ns["In"].append(cell)

    monkeypatch.setattr(records, "get_ipython", lambda: shell)
    monkeypatch.setattr(records, "display", lambda bundle, raw: outputs.append(bundle))
    monkeypatch.setattr(records, "_written", {})
    monkeypatch.setattr(records, "_contents", {})
    return SimpleNamespace(run=run, outputs=outputs)


def write(path, *cells):
    """Write an executed notebook whose cells hold the given outputs."""
    made = nbformat.v4.new_notebook()
    for bundles in cells:
        cell = nbformat.v4.new_code_cell("record(...)", execution_count=1)
        cell.outputs = [nbformat.v4.new_output("display_data", data=bundle) for bundle in bundles]
        made.cells.append(cell)
    nbformat.write(made, path)
    return path


def test_the_overview_lists_what_was_recorded(notebook):
    records.record("C18a_effect", 0.75, unit="difference in shares", low=0.2, high=1, n=11, method="Fisher")
    records.record("place", "Busan = Korea", unit="text")
    listed = records.overview()
    assert listed["Value"].tolist() == ["0.75 difference in shares [0.2, 1]", "Busan = Korea"]
    assert listed["Record"].tolist() == ["C18a_effect", "place"]
    assert listed["n"].tolist() == [11, pd.NA]


def test_a_record_travels_through_the_file(notebook, tmp_path):
    records.record(
        "chip_drop",
        np.float64(-0.31234567),
        unit="log points",
        low=-0.42,
        high=-0.2,
        n=np.int64(4),
        method="AR(1) REML",
        window="0..+6 months",
        as_of=pd.Timestamp("2026-08-04"),
        verdict="supported",
        dates=[pd.Timestamp("2022-10-07")],
    )
    records.record("meetings", 11, unit="events")
    table = records.read(write(tmp_path / "02_chip_exports.ipynb", [], notebook.outputs))
    assert table["name"].tolist() == ["chip_drop", "meetings"]
    row = table.iloc[0]
    assert (row["notebook"], row["cell"], row["value"], row["n"]) == ("02_chip_exports", 2, -0.312346, 4)
    assert row["as_of"] == "2026-08-04"
    assert row["details"] == {"dates": ["2022-10-07"], "verdict": "supported"}
    assert pd.isna(table.iloc[1]["low"])
    assert notebook.outputs[0]["text/plain"].startswith(
        "chip_drop = -0.312346 log points [-0.42, -0.2], n = 4"
    )
    json.dumps(notebook.outputs, allow_nan=False)


def test_every_estimate_of_the_methods_can_be_recorded(notebook):
    estimate = Estimate(1.0, float("-inf"), 2.0, "percent", 9, "one-sided", p_value=0.2, details={"reps": 99})
    records.record("one_sided", **estimate.record())
    content = notebook.outputs[0][records.RECORD_MIME]
    assert content["low"] is None
    assert content["high"] == 2.0
    assert content["details"] == {"p_value": 0.2, "reps": 99}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"value": float("nan")}, "finite"),
        ({"value": float("inf")}, "finite"),
        ({"p_value": float("nan")}, "finite"),
        ({"value": 5.0, "low": 1.0, "high": 2.0}, "between low and high"),
        ({"low": 3.0, "high": 2.0}, "between low and high"),
        ({"unit": " "}, "unit"),
        ({"value": "yes"}, "unit 'text'"),
        ({"unit": "text"}, "unit 'text'"),
        ({"value": None}, "reason in `why`"),
        ({"value": True}, "one number or one word"),
        ({"value": [1.0, "a"]}, "one number or one word"),
        ({"low": "a", "high": 2.0}, "a number between low and high"),
        ({"as_of": "30.6.2021"}, "YYYY-MM-DD"),
        ({"n": -1}, "count"),
        ({"n": 2.5}, "count"),
        ({"verdict": "proved"}, "verdict is one of"),
        ({"name": "Chip drop"}, "lower-case"),
        ({"model": object()}, "cannot hold object"),
    ],
)
def test_a_bad_record_is_refused(given, said, notebook):
    with pytest.raises(records.BadRecord, match=said):
        records.record(**({"name": "drop", "value": 1.5, "unit": "percent"} | given))
    assert not notebook.outputs


def test_facts_in_words_and_missing_values(notebook):
    records.record("origin", "Korea", unit="text")
    records.record("drop", None, unit="percent", why="Only three usable events.")
    assert notebook.outputs[0]["text/plain"] == "origin = Korea"
    assert notebook.outputs[1]["text/plain"] == "drop = not estimated"


def test_the_same_name_twice_is_refused_but_a_cell_may_run_again(notebook):
    notebook.run("cell 2")
    records.record("drop", 1, unit="percent")
    with pytest.raises(records.BadRecord, match="already written"):
        records.record("drop", 2, unit="percent")
    notebook.run("cell 2")
    records.record("drop", 2, unit="percent")
    notebook.run("cell 3")
    with pytest.raises(records.BadRecord, match="already written"):
        records.record("drop", 3, unit="percent")


def test_outside_a_notebook_nothing_is_recorded():
    with pytest.raises(records.BadRecord, match="notebooks only"):
        records.record("drop", 1, unit="percent")


def test_reading_a_folder_and_an_empty_notebook(notebook, tmp_path):
    records.record("drop", 1, unit="percent")
    write(tmp_path / "b.ipynb", notebook.outputs)
    (tmp_path / "deep").mkdir()
    write(tmp_path / "deep" / "a.ipynb", notebook.outputs)
    write(tmp_path / "none.ipynb", [])
    table = records.read(tmp_path)
    assert table["notebook"].tolist() == ["b", "a"]
    empty = records.read(tmp_path / "none.ipynb")
    assert empty.empty
    assert list(empty.columns) == list(records.COLUMNS)


def test_faults_name_the_notebook_and_the_cell(notebook, tmp_path):
    records.record("drop", 1, unit="percent")
    (bundle,) = notebook.outputs
    with pytest.raises(records.BadRecord, match=r"twice.ipynb, cell 3: 'drop' is already written by cell 1"):
        records.read(write(tmp_path / "twice.ipynb", [bundle], [], [bundle]))
    bad = {records.RECORD_MIME: bundle[records.RECORD_MIME] | {"low": 3.0, "high": 4.0}}
    with pytest.raises(records.BadRecord, match=r"bad.ipynb, cell 2: .*between low and high"):
        records.read(write(tmp_path / "bad.ipynb", [], [bad]))
    with pytest.raises(records.BadRecord, match=r"odd.ipynb, cell 1: .*fields"):
        records.read(write(tmp_path / "odd.ipynb", [{records.RECORD_MIME: {"name": "x"}}]))
    with pytest.raises(records.BadRecord, match=r"absent.ipynb: not a readable notebook"):
        records.read(tmp_path / "absent.ipynb")
