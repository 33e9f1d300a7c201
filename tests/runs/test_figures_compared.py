"""nbval compares every plotted number of a figure. The series here is simulated."""

import subprocess
import sys

import nbformat
import pytest

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


def test_nbval_passes_an_unchanged_figure_and_fails_a_changed_number(tmp_path):
    """Execute a notebook, let nbval run it again, and once more with one plotted number changed."""
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL.format(value="3.0"))])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbclient.NotebookClient(notebook, timeout=120).execute()
    (output,) = notebook.cells[0].outputs
    assert output.metadata["image/png"]["alt"] == "A rising line."
    path = tmp_path / "rise.ipynb"
    nbformat.write(notebook, path)
    unchanged = run_nbval(path)
    assert unchanged.returncode == 0, unchanged.stdout
    notebook.cells[0].source = CELL.format(value="3.00001")
    nbformat.write(notebook, path)
    changed = run_nbval(path)
    assert changed.returncode == 1
    assert "Cell outputs differ" in changed.stdout
