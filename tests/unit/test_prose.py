"""Prose with numbers: a kernel fills it from its records and parameters, where it stands, also afterwards."""

from pathlib import Path

import papermill
import pytest
import stub_collection as stub

from helpers import prose
from summits import notebooks

VALUES = {"drop": {"value": -0.2834, "low": -0.41, "high": None, "n": 96}, "window": {"value": 12}}


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{{drop:.0%}}", "-28%"),
        ("{{ drop.low :.2f}} of {{drop.n}}", "-0.41 of 96"),
        ("within {{window}} months", "within 12 months"),
        ("up to {{drop.high:.1f}}", "up to not available"),
        ("$\\frac{a}{b}$", "$\\frac{a}{b}$"),
    ],
)
def test_fill(template: str, filled: str) -> None:
    assert prose.fill(template, VALUES) == filled


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{drp}}", "Did you mean drop"),
        ("{{drop.lo}}", "has no part 'lo'. Did you mean low"),
        ("{{drop:%Y}}", "cannot be written as '%Y'"),
        ("{{drop value}}", "is not a field"),
        ("{{drop}", "is not a field"),
    ],
)
def test_a_template_that_cannot_be_filled_is_an_error(template: str, message: str) -> None:
    with pytest.raises(prose.ProseError, match=message):
        prose.fill(template, VALUES)


def test_a_name_that_means_two_things_is_an_error() -> None:
    drop = {"name": "drop", "value": 1.0}
    for contents, parameters in (([drop, drop], {}), ([drop], {"drop": 3})):
        with pytest.raises(prose.ProseError, match="twice or is named like a parameter"):
            prose.known_values(contents, parameters)


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


def test_a_number_that_begins_a_line_and_ends_a_sentence_is_no_list():
    values = {"rank": {"value": 7}}
    assert prose.fill("rank\n{{rank}}. Where", values) == "rank\n7\\. Where"
    assert prose.fill("rank {{rank}}. Where", values) == "rank 7. Where"
