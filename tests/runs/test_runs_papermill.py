"""papermill by hand: the checks of the command, before a file is written; notebooks of others run as ever."""

from pathlib import Path

import nbformat
import papermill
import pytest
import stub_collection as stub
from nbclient import NotebookClient

from summits import notebooks, parameters

PARAMETERS = """\
level: float = 0.05  # level; range: 0.0..0.5
days: int = 30  # days; range: 1..90
shares: list = [0.5]  # shares
as_of: str = ""  # date"""


def write(path: Path, cell: str, *code: str) -> Path:
    notebook = stub.notebook(*[stub.code(source) for source in code], parameters=cell)
    notebook["metadata"] |= {"kernelspec": notebooks.KERNELSPEC, "language_info": {"name": "python"}}
    notebooks.write(notebook, path)
    return path


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"level": float("nan")}, "level=nan: the number must be finite"),
        ({"level": float("-inf")}, "level=-inf: the number must be finite"),
        ({"level": float("inf")}, "level=inf: the number must be finite"),
        ({"level": "nan"}, "level='nan': the type must be float"),
        ({"shares": [0.1, float("nan")]}, "shares=nan: the number must be finite"),
        ({"shares": [float("inf")]}, "shares=inf: the number must be finite"),
        ({"shares": []}, "the list is empty"),
        ({"days": None}, "the type must be int"),
        ({"days": True}, "the type must be int"),
        ({"days": 1.5}, "the type must be int"),
        ({"days": {"a": 1}}, "the type must be int"),
        ({"as_of": "2021-06"}, "Write the day, as 2021-06-30"),
        ({"as_of": "no"}, "not a date"),
        ({"days": "1:30"}, "the type must be int"),
        ({"dais": 3}, "Did you mean days?"),
    ],
)
def test_a_wrong_value_is_refused_before_a_file_is_written(
    tmp_path: Path, values: dict, message: str
) -> None:
    source = write(tmp_path / "source.ipynb", PARAMETERS, "import helpers")
    with pytest.raises(parameters.ParameterError) as refused:
        papermill.execute_notebook(source, tmp_path / "result.ipynb", parameters=values, progress_bar=False)
    assert message in str(refused.value) and "\n" not in str(refused.value)
    assert not (tmp_path / "result.ipynb").exists()


def test_a_text_becomes_what_the_declaration_says(tmp_path: Path) -> None:
    source = write(tmp_path / "source.ipynb", PARAMETERS, "import helpers", "print(days, level, shares)")
    given = {"days": "010", "level": "1e-2", "shares": "[.25, 1]"}
    executed = papermill.execute_notebook(source, None, parameters=given, progress_bar=False)
    assert executed.cells[-1].outputs[0].text == "10 0.01 [0.25, 1.0]\n"
    assert notebooks.OWN not in executed.metadata


THEIRS = {
    "no types": ["alpha = 0.1\nratio = 2", "print(alpha)"],
    "None and an expression": ["msg = None\nalpha = 1 / 3", "print(alpha)"],
    "a magic": ["%matplotlib inline\nalpha = 0.1", "print(alpha)"],
    "types without comments": ["alpha: float = 0.1", "print(alpha)"],
    "a name like a secret": ["api_key = ''\nalpha = 0.1", "print(alpha)"],
    "words on stderr": ["alpha = 0.1", "import sys; print('careful', file=sys.stderr)", "print(alpha)"],
    "an object": ["alpha = 0.1", "print(object())", "print(alpha)"],
    "our name in a text": ["alpha = 0.1", "'import helpers'", "print(alpha)"],
    "their own helpers": ["alpha = 0.1", "import helpers\nhelpers.say(alpha)"],
    "a part of their own helpers": ["alpha = 0.1", "from helpers import say\nsay(alpha)"],
}


@pytest.mark.parametrize("name", THEIRS)
def test_a_notebook_of_others_runs_as_with_plain_papermill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in THEIRS[name]]
    cells[0].metadata["tags"] = ["parameters"]
    metadata = {"kernelspec": notebooks.KERNELSPEC, "language_info": {"name": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), tmp_path / "theirs.ipynb")
    (tmp_path / "helpers.py").write_text("say = print\n" if "helpers" in name else "")
    monkeypatch.chdir(tmp_path)
    executed = papermill.execute_notebook(
        "theirs.ipynb", "result.ipynb", parameters={"alpha": 0.2}, progress_bar=False
    )
    assert executed.cells[-1].outputs[0].text == "0.2\n" and Path("result.ipynb").exists()


def test_a_notebook_of_others_without_parameters_runs_too(tmp_path: Path) -> None:
    cells = [nbformat.v4.new_markdown_cell("Text"), nbformat.v4.new_code_cell("print(6 * 7)")]
    metadata = {"kernelspec": notebooks.KERNELSPEC, "language_info": {"name": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), tmp_path / "theirs.ipynb")
    executed = papermill.execute_notebook(tmp_path / "theirs.ipynb", None, progress_bar=False)
    assert executed.cells[-1].outputs[0].text == "42\n"


@pytest.mark.parametrize(("days", "refused"), [("30", False), ("300", True), ("'30'", True)])
def test_the_set_up_cell_checks_where_nothing_else_does(days: str, refused: bool) -> None:
    declared = PARAMETERS.replace("int = 30", f"int = {days}")
    check = "from summits import parameters\nparameters.check_running()\n'all well'"
    cells = [nbformat.v4.new_code_cell(source) for source in ("1 + 1", declared, check)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    executed = NotebookClient(notebook, allow_errors=True, kernel_name="python3").execute()
    (output,) = executed.cells[-1].outputs
    assert (output.output_type == "error") == refused
    if refused:
        assert output.traceback == [f"{output.ename}: {output.evalue}"] and "days=" in output.evalue


def test_the_set_up_cell_checks_what_was_injected() -> None:
    check = "from summits import parameters\nparameters.check_running()"
    cells = [nbformat.v4.new_code_cell(source) for source in (PARAMETERS, "days = 91", check)]
    executed = NotebookClient(nbformat.v4.new_notebook(cells=cells), allow_errors=True).execute()
    assert executed.cells[-1].outputs[0].evalue == "days=91: outside the range 1 to 90."
