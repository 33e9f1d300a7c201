"""nbval compares every plotted number of a figure. The series here is simulated."""

import subprocess
import sys

import nbformat
import pytest

from helpers import figures
from summits import notebooks

CELL = """\
import pandas as pd
from helpers import figures
months = pd.date_range("2020-01-01", periods=3, freq="MS", name="period")
values = pd.Series([1.0, 2.0, {value}], index=months)
fig = figures.line_panel({{"Simulated": values}}, title="It rises", unit="Index")
data = values.rename("value").reset_index()
figures.publish(fig, name="rise", alt="A rising line.", data=data, source="a simulation")
"""


def run_nbval(path):
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--nbval",
        "--nbval-current-env",
    ]
    return subprocess.run([*command, path.name], cwd=path.parent, capture_output=True, text=True, timeout=300)


def executed(*sources, tags=()):
    """Execute cells of code; the first has the tags."""
    nbclient = pytest.importorskip("nbclient")
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    cells[0].metadata["tags"] = list(tags)
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbclient.NotebookClient(notebook, timeout=120).execute()
    return notebook


def assert_compared(notebook, path):
    """Let nbval run a notebook again, and once more with one plotted number of its last cell changed."""
    nbformat.write(notebook, path)
    unchanged = run_nbval(path)
    assert unchanged.returncode == 0, unchanged.stdout
    notebook.cells[-1].source = notebook.cells[-1].source.replace("3.0]", "3.00001]")
    nbformat.write(notebook, path)
    changed = run_nbval(path)
    assert changed.returncode == 1
    assert "Cell outputs differ" in changed.stdout


def test_nbval_passes_an_unchanged_figure_and_fails_a_changed_number(tmp_path):
    notebook = executed(CELL.format(value="3.0"))
    (output,) = notebook.cells[0].outputs
    assert output.metadata["image/png"]["alt"] == "A rising line."
    assert_compared(notebook, tmp_path / "rise.ipynb")


PLACE = "from helpers import figures\n\nfigures.lead()"
LEAD = CELL.replace('source="a simulation")', 'source="a simulation", lead=True)')


def test_a_lead_figure_stands_in_its_place_and_is_compared_where_it_is_drawn(tmp_path):
    notebook = executed(PLACE, LEAD.format(value="3.0"), tags=["nbval-ignore-output"])
    (place,), (drawn,) = (cell.outputs for cell in notebook.cells)
    assert {"image/png", figures.FIGURE_MIME} <= set(place.data)
    assert "image/png" not in drawn.data and drawn.data["text/plain"] == place.data["text/plain"]
    ((cell, figure, _),) = notebooks.figures(notebook)
    assert (cell["id"], figure["name"]) == (notebook.cells[1].id, "rise")
    first, second = (notebooks.normalise(executed(PLACE, LEAD.format(value="3.0"))) for _ in range(2))
    assert [cell["outputs"] for cell in first["cells"]] == [cell["outputs"] for cell in second["cells"]]
    assert_compared(notebook, tmp_path / "lead.ipynb")


def test_the_place_stays_empty_where_nothing_is_drawn_and_no_place_loses_no_picture():
    (output,) = executed(PLACE).cells[0].outputs
    assert output.data == {"text/plain": ""}
    (output,) = executed(LEAD.format(value="3.0")).cells[0].outputs
    assert "image/png" in output.data
