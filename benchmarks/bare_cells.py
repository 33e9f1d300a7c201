"""The yardstick: code cells of notebooks in one plain IPython process, without kernel, papermill or files.

Usage: TIMES=FILE python benchmarks/bare_cells.py NOTEBOOK[:name=value…]…   the seconds of each go to FILE.
"""

import json
import os
import sys
import time
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell

from helpers import records
from summits import notebooks, parameters


def run(path: Path, assignments: list[str]) -> None:
    """Run the cells of one notebook, with the values given in place of the defaults."""
    shell = InteractiveShell.instance()
    shell.reset(new_session=True)
    records._written.clear()
    records._contents.clear()
    notebook = notebooks.read(path)
    given = parameters.parse(parameters.schema(notebook), assignments)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and "injected-parameters" not in notebooks.tags(cell):
            shell.run_cell(notebooks.text(cell["source"]), store_history=True).raise_error()
            if "parameters" in notebooks.tags(cell):
                shell.push(given)


def main() -> None:
    """Run each notebook named, one after the other."""
    seconds = {}
    for argument in sys.argv[1:]:
        path, *assignments = argument.split(":")
        started = time.perf_counter()
        run(Path(path), assignments)
        seconds[argument] = time.perf_counter() - started
    Path(os.environ["TIMES"]).write_text(json.dumps(seconds))


if __name__ == "__main__":
    main()
