"""A notebook answers first: its lead figure stands under In short, and its cells are short."""

import pytest
import stub_collection as stub

from helpers import paths
from summits import notebooks

COMMITTED = sorted(paths.notebooks_dir().glob("[0-9]*.ipynb"))
FIRST_CELLS = 3  # title, In short with the lead figure, heading of the parameters
LONGEST_CELL = 25  # lines


def picture_is_late(notebook):
    """Whether no picture stands in the first cells."""
    outputs = (output for cell in notebook["cells"][:FIRST_CELLS] for output in cell.get("outputs", []))
    return not any("image/png" in output.get("data", {}) for output in outputs)


def long_cells(notebook):
    """Names of the code cells that are too long; the parameters are a list and may be."""
    return [
        notebooks.name_of(cell, index)
        for index, cell in enumerate(notebook["cells"])
        if cell["cell_type"] == "code" and "parameters" not in notebooks.tags(cell)
        if len(notebooks.text(cell["source"]).splitlines()) > LONGEST_CELL
    ]


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_the_lead_figure_stands_in_the_first_cells(path):
    assert not picture_is_late(notebooks.read(path))


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_the_lead_figure_is_credited_to_the_cell_that_draws_it(path):
    cell, _, _ = next(notebooks.figures(notebooks.read(path)))
    assert "lead=True" in notebooks.text(cell["source"])


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_no_code_cell_is_long(path):
    assert long_cells(notebooks.read(path)) == []


def test_both_rules_can_close():
    picture = {"output_type": "display_data", "data": {"image/png": ""}, "metadata": {}}
    long = "x = 1\n" * (LONGEST_CELL + 1)
    late = stub.notebook(stub.code(long), {**stub.code("draw()"), "outputs": [picture]}, parameters=long)
    assert picture_is_late(late)
    assert long_cells(late) == ["cell 4 ('x = 1')"]
