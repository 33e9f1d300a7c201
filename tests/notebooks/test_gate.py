"""The gate over every committed notebook, and proof that each of its rules can close."""

import copy
import json
from collections.abc import Callable
from pathlib import Path

import gate
import nbformat
import pytest
import stub_collection as stub

from helpers import paths
from summits import notebooks, plan

SET_UP = "from helpers import figures\nfrom summits.parameters import check_running\n\ncheck_running()"
COMMITTED = sorted(paths.notebooks_dir().glob("*.ipynb"))


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_committed_notebook_passes_the_gate(path: Path) -> None:
    assert gate.problems(path) == []


def test_the_collection_lists_every_notebook() -> None:
    assert sorted(plan.collection()) == [path.stem for path in COMMITTED]


def good_notebook() -> dict:
    """A stub in the committed form that breaks no rule."""
    picture = {
        "output_type": "display_data",
        "data": {"image/png": "iVBORw0KGgo=", "text/plain": "figure"},
        "metadata": {"image/png": {"alt": "A line that rises."}},
    }
    record = {
        "output_type": "display_data",
        "data": {notebooks.RECORD_MIME: {"name": "rise", "value": 2.0}, "text/plain": "rise 2.0"},
        "metadata": {},
    }
    said = {
        "output_type": "display_data",
        "data": {"text/markdown": "It rose by 2.0."},
        "metadata": {},
    }
    made = stub.notebook(
        stub.markdown("## Look"),
        {**stub.code(SET_UP), "outputs": [picture]},
        stub.markdown("## Verdict"),
        {**stub.code("tables.verdict_table([])"), "outputs": [record]},
        {**stub.code("prose.text('It rose by {{rise:.1f}}.')", "text"), "outputs": [said]},
        stub.markdown("## Sources"),
        stub.code("tables.sources_table([])"),
    )
    return notebooks.normalise(made)


def saved(notebook: dict, folder: Path) -> Path:
    path = folder / "99_stub.ipynb"
    path.write_text(nbformat.writes(nbformat.from_dict(notebook)) + "\n")
    return path


def test_a_good_notebook_passes(tmp_path: Path) -> None:
    assert gate.problems(saved(good_notebook(), tmp_path)) == []


def code(notebook: dict, number: int) -> dict:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"][number]


STDERR = {"output_type": "stream", "name": "stderr", "text": "warning"}
RAISED = {"output_type": "error", "ename": "KeyError", "evalue": "x", "traceback": []}
PLAIN = {"output_type": "display_data", "data": {"text/plain": "<Axes at 0x7f00aa11>"}, "metadata": {}}
LONG = "def f():\n" + "    x = 1\n" * 20

SPOILT: dict[str, tuple[Callable[[dict], object], str]] = {
    "not executed": (lambda n: code(n, 1).update(execution_count=None), "not 1 to n"),
    "out of order": (lambda n: code(n, 1).update(execution_count=7), "not 1 to n"),
    "raised": (lambda n: code(n, 1)["outputs"].append(RAISED), "raised KeyError"),
    "stderr": (lambda n: code(n, 1)["outputs"].append(STDERR), "stderr"),
    "no parameters": (lambda n: code(n, 0)["metadata"].clear(), "no cell tagged"),
    "no as_of": (lambda n: code(n, 0).update(source="factor: int = 2  # multiplies"), "as_of is missing"),
    "not checked": (lambda n: code(n, 1).update(source="1"), "check_running() stands in no cell"),
    "checked late": (lambda n: code(n, 1).update(source="use_own()\ncheck_running()"), "after own events"),
    "injected": (lambda n: code(n, 1)["metadata"].update(tags=["injected-parameters"]), "injected"),
    "foreign kernel": (lambda n: n["metadata"]["kernelspec"].update(name="my_kernel"), "not python3"),
    "two titles": (lambda n: n["cells"][3].update(source="# Another"), "2 titles"),
    "no verdict": (lambda n: code(n, 2).update(source="1"), "no verdict table"),
    "no sources": (lambda n: code(n, 4).update(source="1"), "no generated sources"),
    "no alt text": (lambda n: code(n, 1)["outputs"][0]["metadata"].clear(), "without alt text"),
    "two figures": (
        lambda n: code(n, 1)["outputs"].append(copy.deepcopy(code(n, 1)["outputs"][0])),
        "2 figures",
    ),
    "machine path": (lambda n: code(n, 1).update(source="open('/home/me/x.csv')"), "/home/"),
    "memory address": (lambda n: code(n, 1)["outputs"].append(PLAIN), "0x7f00aa11"),
    "semicolon": (lambda n: code(n, 1).update(source="plot();"), "ends in `;`"),
    "magic": (lambda n: code(n, 1).update(source="%matplotlib inline"), "not plain Python"),
    "summary": (lambda n: code(n, 1).update(source="fit.summary()"), "summary()"),
    "foreign import": (
        lambda n: code(n, 1).update(source="import sklearn.metrics as m"),
        "imports sklearn",
    ),
    "long function": (lambda n: code(n, 1).update(source=LONG), "f has 21 lines"),
    "code after code": (
        lambda n: n["cells"].__setitem__(
            slice(3, 4), [n["cells"][4] | {"id": f"again-{k}"} for k in range(3)]
        ),
        "no prose before it",
    ),
    "typed number": (
        lambda n: code(n, 3)["outputs"][0]["data"].update({"text/markdown": "It rose by 3.0."}),
        "the prose is not what the records say",
    ),
    "field in Markdown": (lambda n: n["cells"][8].update(source="It rose by {{rise}}."), "use prose.text"),
    "other record": (
        lambda n: code(n, 2)["outputs"][0]["data"][notebooks.RECORD_MIME].update(value=9.0),
        "not what",
    ),
    "volatile metadata": (
        lambda n: code(n, 1)["metadata"].update(papermill={"duration": 1}),
        "committed form",
    ),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_each_rule_closes(fault: str, tmp_path: Path) -> None:
    spoil, message = SPOILT[fault]
    notebook = json.loads(json.dumps(good_notebook()))
    spoil(notebook)
    found = gate.problems(saved(notebook, tmp_path))
    assert any(message in problem for problem in found), found
