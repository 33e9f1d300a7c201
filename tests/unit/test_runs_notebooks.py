"""The committed form of a notebook, and prose that is filled from records."""

import json

import pytest
import stub_collection as stub

from summits import engine, notebooks, prose


def recorded(**fields: object) -> dict:
    """A code cell that holds one record."""
    output = {"output_type": "display_data", "data": {notebooks.RECORD_MIME: fields}, "metadata": {}}
    return {**stub.code("record()"), "outputs": [output]}


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


def test_an_unknown_name_names_the_cell() -> None:
    notebook = stub.notebook(recorded(name="drop", value=1.0), stub.markdown("It fell by {{fall}}."))
    with pytest.raises(
        prose.ProseError, match=r"cell 5 \('It fell by \{\{fall\}\}\.'\).*nothing is recorded"
    ):
        prose.fill_cells(notebook, {})


@pytest.mark.parametrize("parameters", [{}, {"drop": 3}])
def test_a_name_that_means_two_things_is_an_error(parameters: dict) -> None:
    notebook = stub.notebook(
        recorded(name="drop", value=1.0), *[recorded(name="drop", value=2.0)] * (not parameters)
    )
    with pytest.raises(prose.ProseError, match="twice or is named like a parameter"):
        prose.fill_cells(notebook, parameters)


def filled_notebook() -> dict:
    notebook = stub.notebook(recorded(name="drop", value=1.0), stub.markdown("It fell by {{drop:.1f}}."))
    prose.fill_cells(notebook, {})
    return notebook


def test_a_filled_notebook_is_its_own_source_again() -> None:
    template = stub.notebook(recorded(name="drop", value=1.0), stub.markdown("It fell by {{drop:.1f}}."))
    filled = filled_notebook()
    assert filled["cells"][4]["source"] == "It fell by 1.0."
    assert notebooks.as_source(filled) == notebooks.as_source(template)
    assert notebooks.source_hash(filled) == notebooks.source_hash(template)


def test_a_number_typed_into_filled_prose_is_refused() -> None:
    notebook = filled_notebook()
    notebook["cells"][4]["source"] = "It fell by 2.0."
    with pytest.raises(notebooks.NotebookError, match=r"Cell 5: .*edited after it had been filled"):
        notebooks.as_source(notebook)


def test_a_filled_cell_may_get_a_new_template() -> None:
    notebook = filled_notebook()
    notebook["cells"][4]["source"] = "It dropped by {{drop:.2f}}."
    assert notebooks.as_source(notebook)["cells"][4] == {
        **stub.markdown("It dropped by {{drop:.2f}}."),
        "id": "c4",
    }


def executed() -> dict:
    """A notebook as papermill leaves it."""
    result = {
        "output_type": "execute_result",
        "data": {"text/plain": ["1\n", "2"]},
        "metadata": {},
        "execution_count": 9,
    }
    run = {"execution_count": 9, "outputs": [result], "id": "kept"}
    volatile = {"papermill": {"duration": 0.1}, "execution": {"iopub.execute_input": "now"}, "tags": []}
    notebook = stub.notebook({**stub.code("1"), **run, "metadata": volatile}, stub.code(""))
    notebook["metadata"] = {
        "papermill": {"start_time": "now", "input_path": "/somewhere"},
        "kernelspec": {"name": "python3", "display_name": "Mine", "language": "python"},
        "language_info": {"name": "python", "version": "3.11.7"},
        "widgets": {},
    }
    return notebook


def test_normalise_drops_what_differs_between_equal_runs() -> None:
    normal = notebooks.normalise(executed())
    assert "somewhere" not in json.dumps(normal) and "duration" not in json.dumps(normal)
    assert normal["metadata"] == {"kernelspec": notebooks.KERNELSPEC, "language_info": {"name": "python"}}
    assert [cell.get("execution_count") for cell in normal["cells"]] == [None, None, 1, 2, None]
    assert normal["cells"][3]["outputs"][0]["execution_count"] == 2
    assert normal["cells"][3]["metadata"] == {}
    assert notebooks.normalise(normal) == normal


def test_normalise_keeps_what_a_notebook_was_made_from() -> None:
    notebook = executed()
    notebook["metadata"][notebooks.MADE_FROM] = {"notebook": "abc", "data": {}}
    kept = notebooks.normalise(notebook)["metadata"][notebooks.MADE_FROM]
    assert kept == {"notebook": "abc", "data": {}}


def test_normalise_keeps_alt_text_tags_and_ids() -> None:
    notebook = executed()
    notebook["cells"][3]["outputs"][0]["metadata"] = {"image/png": {"alt": "A line."}}
    normal = notebooks.normalise(notebook)
    assert normal["cells"][3]["outputs"][0]["metadata"]["image/png"]["alt"] == "A line."
    assert normal["cells"][2]["metadata"]["tags"] == ["parameters"]
    assert [cell["id"] for cell in normal["cells"]] == ["c0", "c1", "c2", "c3", "c4"]


def test_the_source_hash_sees_sources_tags_and_templates_but_no_outputs() -> None:
    notebook = executed()
    before = notebooks.source_hash(notebook)
    notebook["cells"][3]["outputs"] = []
    notebook["metadata"] = {}
    assert notebooks.source_hash(notebook) == before
    notebook["cells"][3]["metadata"]["tags"] = ["remove-input"]
    assert notebooks.source_hash(notebook) != before


@pytest.mark.parametrize("content", ["", "{", '{"nbformat": 3}', "[]"])
def test_what_is_not_a_notebook_is_refused(tmp_path, content: str) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text(content)
    with pytest.raises(notebooks.NotebookError, match=r"x\.ipynb"):
        notebooks.read(path)


def test_the_committed_form_keeps_every_key_of_a_cell() -> None:
    picture = {"image.png": {"image/png": "iVBORw0KGgo="}}
    cell = {**stub.markdown("![](attachment:image.png)"), "attachments": picture}
    normal = notebooks.normalise(stub.notebook(cell))
    assert any(each.get("attachments") == picture for each in normal["cells"])


def test_neighbouring_pieces_of_a_stream_are_joined() -> None:
    pieces = [{"output_type": "stream", "name": "stdout", "text": text} for text in ("a\n", "b", "c\n")]
    display = {"output_type": "display_data", "data": {"text/plain": "d"}, "metadata": {}}
    cell = {**stub.code("print()"), "outputs": [*pieces, display, pieces[0]]}
    (outputs,) = [c["outputs"] for c in notebooks.normalise(stub.notebook(cell))["cells"] if c.get("outputs")]
    assert [output.get("text") for output in outputs] == ["a\nbc\n", None, "a\n"]


@pytest.mark.parametrize(
    "text", ["<object object at 0x7f00c8a1b2c0>", '<table id="T_1a08e">', "#T_1a08e_row0_col0 {"]
)
@pytest.mark.parametrize("form", ["text/html", "text/plain", "stream"])
def test_what_differs_from_run_to_run_is_no_result(text: str, form: str) -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": [text]}
    display = {"output_type": "display_data", "data": {form: text}, "metadata": {}}
    cell = {**stub.code("x"), "execution_count": 1, "outputs": [stream if form == "stream" else display]}
    (problem,) = engine.output_problems({"cells": [cell]})
    assert "differs from run to run" in problem
