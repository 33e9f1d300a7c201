"""Two runs beside each other: what differs is told, what does not is not."""

import json

import nbformat
import pytest
from click.testing import CliRunner

from helpers import paths
from helpers.records import RECORD_MIME
from summits import side_by_side
from summits.cli import main


def record(name, value, low=None, high=None, unit="percent", **details):
    """One record as `helpers.records` writes it."""
    content = {"name": name, "value": value, "low": low, "high": high, "unit": unit, "n": None}
    return content | {"method": "", "window": "", "as_of": "", "details": details}


def notebook(path, parameters, records):
    """An executed notebook with these parameters and records."""
    cell = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}, id="parameters")
    outputs = [nbformat.v4.new_output("display_data", {RECORD_MIME: each}) for each in records]
    nbformat.write(
        nbformat.v4.new_notebook(cells=[cell, nbformat.v4.new_code_cell("", outputs=outputs, id="results")]),
        path,
    )
    return path


@pytest.fixture
def pair(tmp_path):
    """A published run and one of an own window."""
    effect, apart = record("effect", 5.0, 1.0, 9.0), record("gap", 1.0, 0.5, 1.5)
    word = record("C01a_verdict", "inconclusive", unit="text", verdict="inconclusive")
    fact = record("fall", 85.0, sentence="Sales fell 85%", basis="b")
    first = notebook(tmp_path / "a.ipynb", "days: int = 90  # length", [effect, apart, word, fact])
    effect, apart = record("effect", 7.0, 2.0, 12.0), record("gap", 3.0, 2.0, 4.0)
    word = record("C01a_verdict", "supported", unit="text", verdict="supported")
    fact = record("fall", 80.0, sentence="Sales fell 80%", basis="b")
    second = notebook(tmp_path / "b.ipynb", "days: int = 60  # length", [effect, apart, word, fact])
    return first, second


def test_parameters_facts_estimates_and_words_stand_side_by_side(pair):
    report = side_by_side.compare(*pair)
    assert report["differs"]
    rows = {part: {row["name"]: row for row in report[part]} for part in ("parameters", "facts", "verdicts")}
    assert (rows["parameters"]["days"]["first"], rows["parameters"]["days"]["second"]) == ("90", "60")
    assert rows["facts"]["fall"]["second"] == "Sales fell 80%"
    assert rows["verdicts"]["C01a_verdict"]["second"] == "supported"
    estimates = {row["name"]: row for row in report["estimates"]}
    assert (estimates["effect"]["difference"], estimates["effect"]["intervals"]) == (2.0, "overlap")
    assert estimates["gap"]["intervals"] == "apart"


def test_equal_runs_do_not_differ(pair):
    report = side_by_side.compare(pair[0], pair[0])
    assert not report["differs"]
    assert "0 of 1 differ" in side_by_side.as_text(report)


def test_intervals_that_touch_overlap(tmp_path):
    ends = [(0.0, 1.0), (1.0, 2.0)]
    paths_of = [
        notebook(tmp_path / f"{low}.ipynb", "", [record("effect", low, low, high)]) for low, high in ends
    ]
    assert side_by_side.compare(*paths_of)["estimates"][0]["intervals"] == "overlap"


def test_the_command_tells_by_its_code_and_writes_json_and_a_page(pair, tmp_path):
    call = ["compare", *map(str, pair), "--json", "--page", str(tmp_path / "page.html")]
    result = CliRunner().invoke(main, call)
    assert result.exit_code == 10
    assert json.loads(result.stdout)["verdicts"][0]["differs"]
    assert "Sales fell 80%" in (tmp_path / "page.html").read_text("utf-8")
    assert CliRunner().invoke(main, ["compare", str(pair[0]), str(pair[0])]).exit_code == 0


def test_a_page_holds_the_figures_of_both():
    committed = paths.notebooks_dir() / "09_restraint.ipynb"
    page = side_by_side.as_page(side_by_side.compare(committed, committed), committed, committed)
    assert page.count("<img") == 2 * page.count("<h3>") > 0
    assert "http" not in page


@pytest.mark.parametrize(
    ("which", "mend"),
    [
        ("09/window_61", "It has published"),
        ("09:window_days=61", "`summits run 09 -p window_days=61`"),
        ("09/window_60", "`summits run 09 -p window_days=60`"),
    ],
)
def test_a_run_that_is_not_there_names_the_mend(which, mend, tmp_path, monkeypatch):
    monkeypatch.setenv("SUMMITS_RUNS", str(tmp_path))
    with pytest.raises(side_by_side.CompareError, match=mend):
        side_by_side.find(which)


def test_a_run_is_found_under_the_name_of_its_set_and_of_its_parameters(tmp_path, monkeypatch):
    monkeypatch.setenv("SUMMITS_RUNS", str(tmp_path))
    for folder in ("window_60", "window_days=60"):
        place = tmp_path / "09_restraint" / folder
        place.mkdir(parents=True)
        (place / "notebook.ipynb").write_text("{}", encoding="utf-8")
        # A set of the collection is kept under its own name only.
        if folder == "window_60":
            assert side_by_side.find("09:window_days=60") == place / "notebook.ipynb"
        assert side_by_side.find(f"09/{folder}") == place / "notebook.ipynb"
        (place / "notebook.ipynb").unlink()


def test_two_notebooks_are_not_set_side_by_side():
    result = CliRunner().invoke(
        main, ["compare", *(str(next(paths.notebooks_dir().glob(f"{n}_*"))) for n in ("09", "02"))]
    )
    [line] = result.output.splitlines()
    assert result.exit_code == 2 and line.endswith("are two notebooks. Name two runs of one.")


def test_the_text_shows_words_that_hold_too_and_a_new_folder_is_made_for_the_page(pair, tmp_path):
    assert "inconclusive" in side_by_side.as_text(side_by_side.compare(pair[0], pair[0]))
    page = tmp_path / "new" / "page.html"
    result = CliRunner().invoke(main, ["compare", *map(str, pair), "--page", str(page)])
    assert result.stderr == f"Page: {page}\n" and "<th>Intervals</th>" in page.read_text("utf-8")
