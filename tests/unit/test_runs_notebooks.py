"""The committed form of a notebook."""

import json

import pytest
import stub_collection as stub

from summits import engine, notebooks


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


def test_the_source_hash_sees_sources_and_tags_but_no_outputs() -> None:
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


def test_signs_that_no_font_has_are_named_with_the_mend() -> None:
    warning = "UserWarning: Glyph 20013 (\\N{CJK UNIFIED IDEOGRAPH-4E2D}) missing from font(s) DejaVu Sans.\n"
    stderr = {"output_type": "stream", "name": "stderr", "text": warning}
    cell = {**stub.code("plt.title('中')"), "execution_count": 1, "outputs": [stderr]}
    (problem,) = engine.output_problems({"cells": [cell]})
    assert "中" in problem and "fonts-noto-cjk" in problem and "\n" not in problem
