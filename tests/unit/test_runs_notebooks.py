"""The committed form of a notebook."""

import io
import itertools
import json
import warnings

import matplotlib.pyplot as plt
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
    picture = {"image.png": {"image/png": "iVBORw0KGgo="}, "两 b.jpg": {"image/jpeg": "/9j/"}}
    cell = {**stub.markdown("![](attachment:image.png)"), "attachments": picture}
    raw = {**cell, "cell_type": "raw"}
    normal = notebooks.normalise(stub.notebook(cell, raw))
    assert [each["attachments"] for each in normal["cells"] if "attachments" in each] == [picture, picture]
    assert notebooks.as_source(normal)["cells"][-1]["attachments"] == picture
    assert notebooks.source_hash(stub.notebook(cell)) == notebooks.source_hash(stub.notebook(cell))


def test_neighbouring_pieces_of_a_stream_are_joined() -> None:
    pieces = [{"output_type": "stream", "name": "stdout", "text": text} for text in ("a\n", "b", "c\n")]
    display = {"output_type": "display_data", "data": {"text/plain": "d"}, "metadata": {}}
    cell = {**stub.code("print()"), "outputs": [*pieces, display, pieces[0]]}
    (outputs,) = [c["outputs"] for c in notebooks.normalise(stub.notebook(cell))["cells"] if c.get("outputs")]
    assert [output.get("text") for output in outputs] == ["a\nbc\n", None, "a\n"]


@pytest.mark.parametrize(
    "names",
    sorted(set(itertools.permutations(["stdout", "stderr", "stdout", "stderr"]))),
    ids=lambda names: " ".join(names),
)
def test_streams_that_take_turns_have_one_form(names: tuple[str, ...]) -> None:
    said = {"stdout": iter("ab"), "stderr": iter("xy")}
    pieces = [{"output_type": "stream", "name": name, "text": next(said[name])} for name in names]
    cell = {**stub.code("print()"), "outputs": pieces}
    (outputs,) = [c["outputs"] for c in notebooks.normalise(stub.notebook(cell))["cells"] if c.get("outputs")]
    assert [(each["name"], each["text"]) for each in outputs] == [("stdout", "ab"), ("stderr", "xy")]


@pytest.mark.parametrize(
    "text",
    [
        "<object object at 0x7f00c8a1b2c0>",
        "<function <lambda> at 0x7f00c8a1b2c0>",
        "<bound method A.b of <__main__.A object at 0x00007F00C8A1B2C0>>",
        "<generator object f at 0x55aa>",
        '<table id="T_1a08e">',
        "<table id='T_1a08e'>",
        "#T_1a08e_row0_col0 {",
        "#T_1a08e_row0_col0, #T_1a08e_row1_col0 {",
        "#T_1a08e th {",
        '<div id="altair-viz-0123456789abcdef0123456789abcdef">',
        '<div id="4f3c2b1a-0d9e-4c8b-a7f6-5e4d3c2b1a09">',
    ],
)
@pytest.mark.parametrize("form", ["text/html", "text/plain", "text/latex", "image/svg+xml", "stream"])
def test_what_differs_from_run_to_run_is_no_result(text: str, form: str) -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": [text]}
    display = {"output_type": "display_data", "data": {form: text}, "metadata": {}}
    cell = {**stub.code("x"), "execution_count": 1, "outputs": [stream if form == "stream" else display]}
    (problem,) = engine.output_problems({"cells": [cell]})
    assert "differs from run to run" in problem


@pytest.mark.parametrize(
    "data",
    [
        {"application/json": {"shown": ["<object object at 0x7f00c8a1b2c0>"]}},
        {"application/vnd.jupyter.widget-view+json": {"model_id": "0123456789abcdef" * 2}},
        {"image/svg+xml": "<svg><dc:date>2026-01-02T03:04:05.678901</dc:date></svg>"},
    ],
)
def test_what_differs_in_a_form_that_is_no_text_is_no_result(data: dict) -> None:
    display = {"output_type": "display_data", "data": data, "metadata": {}}
    cell = {**stub.code("x"), "execution_count": 1, "outputs": [display]}
    (problem,) = engine.output_problems({"cells": [cell]})
    assert "differs from run to run" in problem


@pytest.mark.parametrize(
    "text", ['<table id="T_exports">', "#T_tools_row0 {", "0x10", "T_1a08e2", "at 0x1F", "00:00:00", "a" * 64]
)
def test_what_only_looks_like_it_is_a_result(text: str) -> None:
    display = {"output_type": "display_data", "data": {"text/html": text}, "metadata": {}}
    assert (
        engine.output_problems({"cells": [{**stub.code("x"), "execution_count": 1, "outputs": [display]}]})
        == []
    )


@pytest.mark.parametrize("text", ["中芯国际", "삼성전자", "ไทย", "東京 삼성"])
@pytest.mark.parametrize("place", ["title", "xlabel", "ylabel"])
def test_signs_that_no_font_has_are_named_with_the_mend(text: str, place: str) -> None:
    with warnings.catch_warnings(record=True) as caught, plt.rc_context({"font.family": "DejaVu Sans"}):
        warnings.simplefilter("always")
        figure, axes = plt.subplots()
        axes.set(**{place: text})
        figure.savefig(io.BytesIO())
        plt.close(figure)
    said = "\n".join(f"UserWarning: {each.message}" for each in caught)
    stderr = {"output_type": "stream", "name": "stderr", "text": said}
    cell = {**stub.code("plt.title()"), "execution_count": 1, "outputs": [stderr]}
    (problem,) = engine.output_problems({"cells": [cell]})
    assert (
        all(sign in problem for sign in text.split()[0]) and "fonts-noto" in problem and "\n" not in problem
    )
