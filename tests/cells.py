"""Cells of the committed notebooks, executed by themselves on data whose answer is known."""

from pathlib import Path
from typing import Any

from summits import notebooks

FOLDER = Path(__file__).parents[1] / "notebooks"


class Cells:
    """The code cells of a notebook by id."""

    def __init__(self, stem: str) -> None:
        cells = notebooks.read(FOLDER / f"{stem}.ipynb")["cells"]
        self.sources = {cell["id"]: notebooks.text(cell["source"]) for cell in cells}

    def run(self, names: dict[str, Any], *cells: str, until: str = "") -> dict[str, Any]:
        """Execute cells with these names, each up to the line that starts with `until` if given."""
        for cell in cells:
            source, found, _ = (
                self.sources[cell].partition(f"\n{until}") if until else (self.sources[cell], "x", "")
            )
            assert found, f"Cell {cell} has no line {until!r}."
            exec(compile(source, f"cell {cell}", "exec"), names)
        return names
