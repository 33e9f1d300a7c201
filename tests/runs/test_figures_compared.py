"""nbval compares every plotted number of a figure. The series here is simulated."""

import copy
import os
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


def executed(*sources, tags=()):
    """Execute cells of code; the first has the tags."""
    nbclient = pytest.importorskip("nbclient")
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    cells[0].metadata["tags"] = list(tags)
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbclient.NotebookClient(notebook, timeout=120).execute()
    return notebook


PLACE = "from helpers import figures\n\nfigures.lead()"
LEAD = CELL.replace('source="a simulation")', 'source="a simulation", lead=True)')


@pytest.fixture(scope="module")
def drawn():
    """A notebook with a figure where it is drawn, and one with a figure in the place of the lead."""
    lead = executed(PLACE, LEAD.format(value="3.0"), tags=["nbval-ignore-output"])
    return {"rise": executed(CELL.format(value="3.0")), "lead": lead}


@pytest.fixture(scope="module")
def compared(drawn, tmp_path_factory):
    """What nbval says of each as it is, and with one plotted number of its last cell changed."""
    folder = tmp_path_factory.mktemp("compared")
    for name, notebook in drawn.items():
        changed = copy.deepcopy(notebook)
        changed.cells[-1].source = changed.cells[-1].source.replace("3.0]", "3.00001]")
        nbformat.write(notebook, folder / f"{name}.ipynb")
        nbformat.write(changed, folder / f"{name}_changed.ipynb")
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", "-p", "no:cacheprovider"]
    command += ["--nbval", "--nbval-current-env", "."]
    # Where CI is set, pytest's summary repeats whole messages; elsewhere it cuts them at the terminal.
    shell = {**os.environ, "CI": "true", "JUPYTER_DEFAULT_PROVISIONER_NAME": "forked"}
    return subprocess.run(command, cwd=folder, env=shell, capture_output=True, text=True, timeout=300).stdout


@pytest.mark.parametrize("name", ["rise", "lead"])
def test_nbval_passes_an_unchanged_figure_and_fails_a_changed_number(drawn, compared, name):
    failed = [line.split("::") for line in compared.splitlines() if line.startswith(("FAILED", "ERROR"))]
    cells = [cell for file, cell, *_ in failed if file.split()[-1].startswith(f"{name}_changed")]
    assert [cell.split()[:2] for cell in cells] == [["Cell", str(len(drawn[name].cells) - 1)]], compared
    assert not [file for file, *_ in failed if "_changed" not in file], compared
    assert compared.partition("short test summary")[0].count("Cell outputs differ") == len(failed) == 2


def test_a_figure_has_its_alt_text(drawn):
    (output,) = drawn["rise"].cells[0].outputs
    assert output.metadata["image/png"]["alt"] == "A rising line."


def test_a_lead_figure_stands_in_its_place_and_is_counted_where_it_is_drawn(drawn):
    notebook = drawn["lead"]
    (place,), (told,) = (cell.outputs for cell in notebook.cells)
    assert {"image/png", figures.FIGURE_MIME} <= set(place.data)
    assert "image/png" not in told.data and told.data["text/plain"] == place.data["text/plain"]
    ((cell, figure, _),) = notebooks.figures(notebook)
    assert (cell["id"], figure["name"]) == (notebook.cells[1].id, "rise")
    again = executed(PLACE, LEAD.format(value="3.0"))
    first, second = (notebooks.normalise(copy.deepcopy(each)) for each in (notebook, again))
    assert [cell["outputs"] for cell in first["cells"]] == [cell["outputs"] for cell in second["cells"]]


def test_the_place_stays_empty_where_nothing_is_drawn_and_no_place_loses_no_picture():
    (output,) = executed(PLACE).cells[0].outputs
    assert output.data == {"text/plain": ""}
    (output,) = executed(LEAD.format(value="3.0")).cells[0].outputs
    assert "image/png" in output.data
