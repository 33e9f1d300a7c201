"""Prose in an executed notebook: it speaks of its own run, and stands where it was called."""

from pathlib import Path

import papermill
import pytest
import stub_collection as stub

from summits import notebooks

RECORDED = """\
from helpers import prose, records

records.record("total", 2.5 * factor, unit="units")"""


def run(folder: Path, *cells: str, **values: object) -> dict:
    notebook = stub.notebook(*[stub.code(source) for source in cells])
    notebook["metadata"] |= {"kernelspec": notebooks.KERNELSPEC, "language_info": {"name": "python"}}
    notebooks.write(notebook, folder / "notebook.ipynb")
    return papermill.execute_notebook(
        folder / "notebook.ipynb", None, parameters=values, progress_bar=False, engine_name="summits"
    )


def texts(executed: dict) -> list[str]:
    outputs = [output for cell in executed["cells"] for output in cell.get("outputs", [])]
    return [o["data"]["text/markdown"] for o in outputs if "text/markdown" in o.get("data", {})]


def test_a_text_speaks_of_the_run_in_which_it_stands(tmp_path: Path) -> None:
    early = "from helpers import prose\nprose.text('{{total:.1f}} with {{factor}}')"
    late = "prose.text('{{total.unit}}, not {{total.n}}')"
    executed = run(tmp_path, early, RECORDED, late, "prose.finish()", factor=3)
    assert texts(executed) == ["7.5 with 3", "units, not not available"]
    # The early text stands where it was called, not at the end.
    assert "7.5 with 3" in str(executed["cells"][4]["outputs"])


def test_what_is_never_recorded_fails_at_the_end_by_name(tmp_path: Path) -> None:
    with pytest.raises(
        papermill.PapermillExecutionError, match="nothing is recorded as 'totl'. Did you mean total"
    ):
        run(tmp_path, RECORDED, "prose.text('{{totl}}')", "prose.finish()")
