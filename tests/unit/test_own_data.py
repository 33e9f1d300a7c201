"""Own events, own series, the wheel and the examples: what a user of the package does from another folder."""

import doctest
import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from samples import package as sample

import helpers
from helpers import catalog, observations, paths, prose, records, tables, timeline
from helpers.methods.checks import UnusableInput
from summits import cli, parameters, plan, validation

MODULES = ["studies", "observations", "timeline"]
MODULES += ["methods.placebo", "methods.comparison", "methods.verdict"]
FILE = "date,label,kind\n2023-03-31,Japan's plan,tightening\n2024-03-16,A call,meeting\n"
NOTEBOOKS = ["02", "05", "06", "09", "10", "14"]


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file of own events in the folder where one stands; afterwards everything is as published."""
    path = tmp_path / "mine.csv"
    path.write_text(FILE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    yield path
    timeline.use_own()


@pytest.mark.parametrize("module", MODULES)
def test_every_example_runs(module: str) -> None:
    tried = doctest.testmod(importlib.import_module(f"helpers.{module}"))
    assert tried.attempted and not tried.failed


def test_every_function_of_the_reference_has_an_example() -> None:
    page = (paths.root() / "docs" / "api.md").read_text(encoding="utf-8")
    lacking = []
    for module, members in re.findall(r"automodule:: (helpers\S+)\n\s+:members: (.+)", page):
        for name in members.split(", "):
            value = getattr(importlib.import_module(module), name)
            if not isinstance(value, type) and ">>>" not in (value.__doc__ or ""):
                lacking.append(f"{module}.{name}")
    assert lacking == []


def test_own_events_take_the_place_of_sets_of_their_kind(mine: Path) -> None:
    easing = timeline.event_set("easing_major").index.tolist()
    timeline.use_own(["ec-oct7-2022"], "mine.csv")
    assert timeline.event_set("tightening_major").index.tolist() == ["ec-oct7-2022", "japan-s-plan"]
    assert timeline.meetings().index.tolist() == ["a-call"]
    assert timeline.event_set("easing_major").index.tolist() == easing
    # A Saturday: both exchanges open on Monday.
    days = timeline.events(ids="a-call")[["first_us_trading_day", "first_asia_trading_day"]].iloc[0]
    assert days.tolist() == [pd.Timestamp("2024-03-18")] * 2
    assert timeline.meetings(as_of="2024-03-15").empty
    counted = timeline.without_replaced(timeline.events())
    assert set(counted[counted["direction"] == "tightening"].index) == {"ec-oct7-2022", "japan-s-plan"}


def test_what_an_own_variant_says_is_marked(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    for module in (tables, prose, records):
        monkeypatch.setattr(module, "display", lambda bundle, **_: said.extend(map(str, bundle.values())))
    monkeypatch.setattr(records, "_claim", lambda name: None)
    timeline.use_own(file=mine)
    tables.show(pd.DataFrame({"a": [1]}), f"Tests as written; sha256 {catalog.claims_hash()}")
    tables.verdict_table([{"claim": "C", "verdict": "supported", "why": "w"}], "Verdicts")
    records.record("own_variant_test", "supported", unit="text")
    prose.text("## The title\n\n**In short.** Nothing.")
    prose.text("### The name of a section")
    marks = [text for text in said if timeline.VARIANT in text]
    assert any("sha256" in text for text in marks)
    assert any(f"supported ({timeline.VARIANT})" in text for text in marks)
    # One banner where the summary begins; the name of a section states no result.
    banner, section = said[-2:]
    assert "**In short.** Nothing." in banner and banner.count(timeline.VARIANT) == 1
    assert "`tightening_major`: japan-s-plan; `meetings`: a-call" in banner
    assert section.count(timeline.VARIANT) == 0
    timeline.use_own()
    assert timeline.marked("supported") == "supported" and timeline.banner() == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("date,label\n2024-03-01,a\n", "Write the columns date,label,kind"),
        ("date,label,kind\n", "one event a row"),
        ("date,label,kind\n1 March 2024,a,meeting\n", "row 2 .*Write it like 2024-03-15"),
        ("date,label,kind\n2024-03-01,a,summit\n", "row 2 .*kind is none of meeting"),
        ("date,label,kind\n2024-03-01,a,meeting\n2024-03-02,A,meeting\n", "row 3 .*Write another"),
        ("date,label,kind\n2024-03-01,summit busan 2025,meeting\n", "row 2 .*taken"),
        ("date,label,kind\n2024-03-01,...,meeting\n", "row 2 .*label is blank"),
        ("date,label,kind\n2031-03-01,a,meeting\n", "row 2 .*before 2030-12-31, where the trading calendars"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_row(mine: Path, text: str, message: str) -> None:
    mine.write_text(text, encoding="utf-8")
    with pytest.raises(catalog.BadFile, match=f"mine.csv.*{message}"):
        timeline.use_own(file=mine)


def test_events_that_are_of_no_kind_are_refused() -> None:
    with pytest.raises(timeline.UnknownEvent, match="neither tightens nor eases"):
        timeline.use_own(["talks-seoul-2026-05"])


@pytest.mark.parametrize(
    ("ids", "message"), [("[ec-oct7-2202]", "Try one of: ec-oct7-2022"), ("[talks-seoul-2026-05]", "neither")]
)
def test_own_events_that_cannot_be_used_are_refused_before_anything_runs(ids: str, message: str) -> None:
    said = CliRunner().invoke(cli.main, ["run", "05", "-p", f"events={ids}"])
    [line] = said.output.splitlines()
    assert said.exit_code == cli.USAGE and line.startswith("summits: 05_market_reaction: events: ")
    assert message in line


def test_the_last_day_of_own_events_has_a_session_after_it_everywhere(mine: Path) -> None:
    mine.write_text("date,label,kind\n2026-12-30,a,meeting\n", encoding="utf-8")
    for calendar in ("XNYS", "XHKG", "XSHG"):
        assert timeline.reaction_days(timeline.read_events(mine), calendar).notna().all()


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_notebooks_take_own_events(number: str) -> None:
    source = next(paths.notebooks_dir().glob(f"{number}_*.ipynb"))
    notebook = nbformat.read(source, as_version=4)
    known = parameters.schema(notebook)
    assert known["events_file"].is_file and ("events" in known or number == "14")
    headings = [
        line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.split("\n")
    ]
    assert not [line for line in headings if line.startswith("#") and "pre-specified" in line]
    # Where the banner of an own variant stands.
    assert [cell.source for cell in notebook.cells if "text" in cell.metadata.get("tags", ())][0].count(
        "**In short.**"
    )


def test_the_key_of_a_run_holds_the_content_of_the_file(mine: Path) -> None:
    def run() -> plan.Run:
        return plan.plan(["02"], ["events_file=mine.csv"])[-1]

    first = run()
    assert first.parameters["events_file"] == str(mine)
    assert run().key == first.key
    mine.write_text(FILE.replace("2024-03-16", "2024-03-17"), encoding="utf-8")
    assert run().key != first.key
    assert "own" not in plan.plan(["02"])[-1].ingredients


WAYS = {
    "run": ["run", "02", "-p", "events_file=mine.csv"],
    "sweep": ["sweep", "02", "-p", "events_file=mine.csv", "-p", "window=2,3"],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "text", ["date,label,kind\n2024-03-01,a,summit\n", "date;label;kind\n2024-03-01;a;meeting\n"]
)
def test_a_file_that_cannot_be_used_is_refused_before_anything_runs(mine: Path, way: str, text: str) -> None:
    mine.write_text(text, encoding="utf-8")
    said = CliRunner().invoke(cli.main, WAYS[way])
    [line] = said.output.splitlines()
    assert said.exit_code == cli.USAGE and re.search(r"events_file: mine.csv, row \d", line)


def test_papermill_refuses_a_file_that_cannot_be_used(mine: Path) -> None:
    mine.write_text("date,label,kind\n2024-03-01,a,summit\n", encoding="utf-8")
    notebook = paths.notebooks_dir() / "02_chip_exports.ipynb"
    call = [
        Path(sys.executable).with_name("papermill"),
        notebook,
        "out.ipynb",
        "-p",
        "events_file",
        "mine.csv",
    ]
    done = subprocess.run(call, check=False, capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert (
        "Error: events_file: mine.csv, row 2 (2024-03-01, a, summit): kind is none of meeting" in done.stderr
    )
    assert not Path("out.ipynb").exists()


def test_a_file_that_is_not_there_is_refused_before_anything_runs(mine: Path) -> None:
    with pytest.raises(parameters.ParameterError, match="there is no such file"):
        plan.plan(["02"], ["events_file=other.csv"])
    assert plan.plan(["14"], ["events_file=mine.csv", "event=a-call"])[-1].parameters["event"] == "a-call"
    with pytest.raises(parameters.ParameterError, match="not in data/events.csv"):
        plan.plan(["14"], ["event=a-call"])


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small data package, seen by the helpers of this process."""
    folder = sample.write(tmp_path / "data", "us_exp_cn_hs8542")
    validation.describe(folder)
    monkeypatch.setenv("SUMMITS_DATA", str(folder))
    return folder


def add(path: Path, text: str, **options: str) -> tuple[int, str]:
    path.write_text(text, encoding="utf-8")
    given = {"id": "tw_orders", "title": "Orders", "unit": "USD million", "frequency": "M", "source": "MOEA"}
    given |= {"seasonal": "NSA", "redistribution": "open"}
    words = [word for name, value in (given | options).items() if value for word in (f"--{name}", value)]
    result = CliRunner().invoke(cli.main, ["data", "add-series", str(path), *words])
    return result.exit_code, f"{result.output} {result.exception}"


def test_a_series_goes_into_the_package_with_its_source(package: Path, tmp_path: Path) -> None:
    code, said = add(tmp_path / "o.csv", "date,value\n2023-01,101.5\n2023-02,99\n", vintage="2023-06-20")
    assert code == 0, said
    data = observations.load("tw_orders")
    assert data.values.tolist() == [101.5, 99.0] and data.info.currency == "USD"
    assert data.vintages.max() == pd.Timestamp("2023-06-20")
    assert catalog.sources().loc["own_tw_orders", "publisher"] == "MOEA"
    assert validation.check() == []


def test_a_german_file_goes_into_the_package(package: Path, tmp_path: Path) -> None:
    form = {
        "separator": ";",
        "decimal": ",",
        "thousands": ".",
        "date-format": "%d.%m.%Y",
        "vintage": "2023-06-20",
    }
    code, said = add(tmp_path / "o.csv", "date;value\n01.01.2023;1.101,5\n01.02.2023;99\n", **form)
    assert code == 0, said
    assert observations.load("tw_orders").values.to_dict() == {
        pd.Timestamp("2023-01-01"): 1101.5,
        pd.Timestamp("2023-02-01"): 99.0,
    }


def test_columns_with_names_of_their_own_are_read(package: Path, tmp_path: Path) -> None:
    names = {"date-column": "Monat", "value-column": "Wert", "vintage": "2023-06-20"}
    code, said = add(tmp_path / "o.csv", "Land,Monat,Wert\nDE,2023-01,101.5\n", **names)
    assert code == 0, said
    assert observations.load("tw_orders").values.tolist() == [101.5]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("date;value\n01.01.2023;1\n", {}, "--separator"),
        ("date,value\n01.01.2023,1\n", {}, "date_format"),
        ("date,value\n2023-01,1\n", {"source": ""}, "Give also --source"),
        (
            "date,value\n2023-01,1\n",
            {"seasonal": "", "redistribution": ""},
            "Give also --seasonal, --redistribution",
        ),
        ("date,value\n2023-01,1\n", {"value-column": "orders"}, "orders"),
        ("date,value\n2023-01,x\n", {}, "row 2 (2023-01, x): value is not written"),
        ("date,value\n2023-01,1\n", {"id": "us_exp_cn_hs8542"}, "already"),
        ("date,value\n2023-01-15,1\n", {"frequency": "Q"}, "is no period"),
        ("date,value\n2023-01,1\n", {"vintage": "June"}, "vintage"),
        ("date,value\n2023-01,1\n", {"stored-as": "growth"}, "does not fit stored_as growth"),
    ],
)
def test_a_series_that_is_not_in_order_leaves_the_package_as_it_was(
    package: Path, tmp_path: Path, text: str, options: dict[str, str], message: str
) -> None:
    before = {path: path.read_bytes() for path in package.rglob("*") if path.is_file()}
    code, said = add(tmp_path / "o.csv", text, **options)
    assert code and message in said, said
    assert {path: path.read_bytes() for path in package.rglob("*") if path.is_file()} == before


def blocks(kind: str) -> list[str]:
    page = (paths.root() / "docs" / "own_data.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


@pytest.fixture
def sales(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pd.Series:
    """A file sales.csv in the folder where one stands, as the page describes it."""
    monkeypatch.chdir(tmp_path)
    values = observations.load("us_exp_cn_hs8542", as_of="2026-10-31").values
    months = values.set_axis(values.index.strftime("%Y-%m")).rename("value").rename_axis("date")
    months.to_csv("sales.csv")
    return values


def test_the_lines_of_the_page_run_and_give_what_it_prints(
    sales: pd.Series, capsys: pytest.CaptureFixture
) -> None:
    first, example, *_ = blocks("python")
    exec(first, {})
    assert Path("sales.png").stat().st_size > 10_000
    exec(example, {})
    [printed] = blocks("text")
    assert capsys.readouterr().out == printed
    page = (paths.root() / "docs" / "own_data.md").read_text(encoding="utf-8")
    [told] = re.findall(r"the exports were .*? \*inconclusive\*", page, re.DOTALL)
    for number in re.findall(r"\d+\.\d%", told):
        assert f"-{number[:-1]}" in printed
    alone = pd.read_csv("sales.csv", parse_dates=["date"], index_col="date")["value"]
    assert alone.tolist() == sales.tolist() and (alone.index == sales.index).all()


def test_a_file_with_other_names_and_signs_is_read_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (paths.root() / "docs" / "own_data.md").read_text(encoding="utf-8")
    [text] = re.findall(r"^Monat;.*?(?=^```)", page, re.MULTILINE | re.DOTALL)
    Path("sales.csv").write_text(text, encoding="utf-8")
    names = {"read_series": helpers.read_series}
    [example] = [block for block in blocks("python") if "Monat" in block]
    exec(example, names)
    assert names["sales"].to_dict() == {pd.Timestamp("2024-03-01"): 1234.5}


def test_the_page_names_the_last_days_of_the_calendars() -> None:
    page = (paths.root() / "docs" / "own_data.md").read_text(encoding="utf-8")
    for day in (timeline.FIRST_SESSION, timeline.LAST_SESSION, timeline.LAST_SESSIONS["XSHG"]):
        assert day in page


def test_the_page_says_how_many_months_are_needed(sales: pd.Series) -> None:
    page = (paths.root() / "docs" / "own_data.md").read_text(encoding="utf-8")
    told = page[page.index("**How long") : page.index("From 48 months on")]
    numbers = [int(number) for number in re.findall(r"\d+", told)]
    assert numbers == [6, 31, 25, 3, 21, 1, 19]
    for window, months in ((6, 31), (3, 25), (1, 21)):
        for row in (months - 1 - window, months // 2):
            helpers.study(sales[:months], sales.index[row], kind="levels", window=window)
            with pytest.raises(UnusableInput, match="Fewer than 19"):
                helpers.study(sales[: months - 1], sales.index[row - 1], kind="levels", window=window)


def test_the_latest_values_are_read_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = {"series_id": "us_exp_cn_hs8542", "value": [1.0, 2.0, 3.0]}
    rows["vintage"] = pd.to_datetime(["2020-03-01", "2020-04-01", "2020-03-05"])
    rows["period_start"] = pd.to_datetime(["2020-01-01", "2020-01-01", "2020-02-01"])
    Path("out").mkdir()
    pd.DataFrame(rows).iloc[[1, 2, 0]].to_parquet("out/observations.parquet")
    names: dict[str, pd.Series] = {}
    exec(blocks("python")[-1], names)
    assert names["latest"].tolist() == [2.0, 3.0]


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="There is no R here.")
def test_r_reads_the_latest_values_as_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    lines = ["series_id,period_start,value,vintage", "us_exp_cn_hs8542,2020-01-01,2,2020-04-01"]
    lines += [
        "us_exp_cn_hs8542,2020-02-01,3,2020-03-05",
        "us_exp_cn_hs8542,2020-01-01,1,2020-03-01",
        "b,2020-01-01,9,2020-03-01",
    ]
    (tmp_path / "out" / "observations.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    program = blocks("r")[0] + "cat(class(d$period_start), d$value)"
    said = subprocess.run(
        ["Rscript", "-e", program], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert said.stdout == "Date 2 3"


def test_the_package_gives_its_two_functions_and_stays_light() -> None:
    assert helpers.study is importlib.import_module("helpers.studies").study
    assert helpers.read_series.__name__ == "read_series"
    light = "import sys, helpers; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", light], check=False).returncode == 0
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        helpers.nothing  # noqa: B018


def test_the_wheel_has_every_file_that_is_no_code() -> None:
    """The patterns of the wheel, against the files that stand beside the code."""

    project = tomllib.loads((paths.root() / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["*"]
    beside = [path for path in (paths.root() / "src").rglob("*") if path.is_file() and path.suffix != ".py"]
    beside = [path for path in beside if "__pycache__" not in path.parts and ".egg-info" not in str(path)]
    missing = [path for path in beside if not any(path.match(pattern) for pattern in patterns)]
    assert missing == [] and any(path.suffix == ".ttf" for path in beside)


def test_citation_and_changelog_name_the_version_and_its_day() -> None:
    cited = yaml.safe_load((paths.root() / "CITATION.cff").read_text(encoding="utf-8"))
    log = (paths.root() / "CHANGELOG.md").read_text(encoding="utf-8")
    version, day = re.search(r"^## (\S+) \((\d{4}-\d\d-\d\d)\)", log, re.MULTILINE).groups()  # type: ignore[union-attr]
    assert (str(cited["version"]), str(cited["date-released"])) == (version, day)
    assert helpers.__version__ == version


def test_a_relative_folder_means_the_same_place_in_a_kernel(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(package.parent)
    monkeypatch.setenv("SUMMITS_DATA", package.name)
    CliRunner().invoke(cli.main, ["list"])
    assert Path(os.environ["SUMMITS_DATA"]) == package
