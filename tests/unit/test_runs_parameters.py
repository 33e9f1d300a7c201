"""The parameters cell as a schema: every mistake is refused in one line, before anything runs."""

import datetime as dt
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import stub_collection as stub

from helpers import paths, timeline
from summits import notebooks, parameters, plan, sweeps

CELL = """\
as_of: str = ""  # what was known on this date; empty for the latest
start: str = "2015-01"  # first month (a date)
end: str = "2024-12"  # last month (a date)
window: int = 12  # months on either side; range: 1..60
share: float = 0.5  # share of the sample; range: 0..1
partner: str = "cn"  # partner; choices: cn|hk|kr
events: list = ["a"]  # kinds of event; choices: a|b|c
marked: list = ["summit-busan-2025"]  # meetings drawn; from: events
adjusted: bool = True  # whether to adjust for seasons"""


@pytest.fixture
def known() -> dict[str, parameters.Parameter]:
    return parameters.schema(stub.notebook(parameters=CELL))


def test_schema_reads_names_types_defaults_and_rules(known: dict) -> None:
    assert list(known) == [
        "as_of",
        "start",
        "end",
        "window",
        "share",
        "partner",
        "events",
        "marked",
        "adjusted",
    ]
    assert known["window"] == parameters.Parameter(
        "window", "int", 12, "months on either side; range: 1..60", low=1, high=60
    )
    assert known["partner"].choices == ("cn", "hk", "kr")
    assert known["as_of"].is_date and not known["partner"].is_date


def test_check_returns_every_effective_value(known: dict) -> None:
    values = parameters.check(known, {"window": 6, "share": 1, "as_of": dt.date(2021, 6, 30)})
    assert values["window"] == 6 and values["partner"] == "cn"
    assert values["share"] == 1.0 and isinstance(values["share"], float)
    assert values["as_of"] == "2021-06-30"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"windw": 6}, "Did you mean window?"),
        ({"qqq": 6}, "no such parameter. Known: as_of"),
        ({"window": "six"}, "must be int, not str"),
        ({"window": True}, "must be int, not bool"),
        ({"window": 6.0}, "must be int, not float"),
        ({"window": 61}, "outside the range 1 to 60"),
        ({"share": float("nan")}, "must be finite"),
        ({"adjusted": 1}, "must be bool, not int"),
        ({"events": "a"}, "Write a list as [a, b]"),
        ({"events": ["a", "z"]}, "events='z': not one of a, b, c"),
        ({"partner": "us"}, "not one of cn, hk, kr"),
        ({"partner": ""}, "not one of cn, hk, kr"),
        ({"as_of": "2021-02-30"}, "not a date"),
        ({"as_of": "30/06/2021"}, "not a date"),
        ({"start": ""}, "not a date"),
        ({"start": "2025-01"}, "is after end="),
        ({"marked": ["summit-busan-2052"]}, "Did you mean summit-busan-2025?"),
        ({"marked": ["x"]}, "The ids are in data/events.csv."),
        ({"start": "2024-06"}, "window=12: these months are longer than the span from 2024-06 to 2024-12"),
        ({"census_api_key": "x"}, "named like a secret"),
        ({"auth_token": "x"}, "named like a secret"),
    ],
)
def test_each_mistake_is_refused_in_one_line(known: dict, given: dict, message: str) -> None:
    with pytest.raises(parameters.ParameterError) as refused:
        parameters.check(known, given)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_all_mistakes_are_told_at_once(known: dict) -> None:
    with pytest.raises(parameters.ParameterError) as refused:
        parameters.check(known, {"windw": 6, "share": 2.0, "as_of": "never"})
    assert len(str(refused.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("window = 12  # months", "is not `name: type = default"),
        ("window: int | None = 12  # months", "the type int | None is not one of"),
        ("window: int = 12", "has no comment"),
        ("window: int = 6 + 6  # months", "plain value"),
        ("window: int = 0  # months; range: 1..60", "Default of the notebook: window=0: outside the range"),
        ("password: str = ''  # for the vendor", "named like a secret"),
        ("window: int = (", "is not Python"),
        ("import os", "is not `name: type = default"),
    ],
)
def test_a_cell_that_is_no_schema_is_refused(line: str, message: str) -> None:
    with pytest.raises(parameters.ParameterError) as refused:
        parameters.schema(stub.notebook(parameters=line))
    assert message in str(refused.value)


def test_no_parameters_cell_is_refused() -> None:
    with pytest.raises(parameters.ParameterError, match="no cell tagged"):
        parameters.schema({"cells": [stub.markdown("# Title")]})


def test_command_line_values_follow_the_type(known: dict) -> None:
    given = ["window=6", "as_of=2021-06-30", "events=[a, b]", "adjusted=false", "share=0.25", "partner=hk"]
    assert parameters.parse(known, given) == {
        "window": 6,
        "as_of": "2021-06-30",
        "events": ["a", "b"],
        "adjusted": False,
        "share": 0.25,
        "partner": "hk",
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["window"], "name=value"),
        (["window=1", "window=2"], "given twice"),
        (["window=[1"], "Close the bracket"),
    ],
)
def test_command_line_mistakes_are_refused(known: dict, given: list, message: str) -> None:
    with pytest.raises(parameters.ParameterError, match=message):
        parameters.parse(known, given)


KINDS = """\
as_of: str = ""  # date; range: 2015-01-01..2035-12-31
window_days: int = 30  # days; range: 1..90
bin_days: int = 1  # a bin; choices: 1|2|90
level: float = 0.05  # level; range: 0.0..0.5
names: list = ["a"]  # names
sizes: list = [3]  # sizes
adjusted: bool = True  # whether
label: str = "x"  # a label
followed: list = []  # series; from: series table=trade"""


@pytest.fixture
def kinds() -> dict[str, parameters.Parameter]:
    return parameters.schema(stub.notebook(parameters=KINDS))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("window_days=010", 10),
        ("window_days=09", 9),
        ("window_days=060", 60),
        ("window_days=+9", 9),
        ("window_days= 9 ", 9),
        ("level=1e-2", 0.01),
        ("level=.5", 0.5),
        ("level=0", 0.0),
        ("names=[0700, 688981]", ["0700", "688981"]),
        ("names=[no, us]", ["no", "us"]),
        (
            "names=[on, off, y, ~, null, 12:30, 0x1F, 1_000, .inf]",
            ["on", "off", "y", "~", "null", "12:30", "0x1F", "1_000", ".inf"],
        ),
        ("names=[2021-06, 2021-06-30]", ["2021-06", "2021-06-30"]),
        ("names=['a, b', \"it's\"]", ["a, b", "it's"]),
        ("names=[中国, it's]", ["中国", "it's"]),
        ("names=['1:30', \"1e3\"]", ["1:30", "1e3"]),
        ("sizes=[010, 2]", [10, 2]),
        ("adjusted=False", False),
        ("label=010", "010"),
        ("label=null", "null"),
        ("label=no", "no"),
        ("label=~", "~"),
        ("label=1:30", "1:30"),
        ("label=.inf", ".inf"),
        ("label=2021-06", "2021-06"),
        ("label=!!int 3", "!!int 3"),
        ("followed=[us_exp_cn_hs8542]", ["us_exp_cn_hs8542"]),
    ],
)
def test_a_text_means_what_its_declaration_says(kinds: dict, text: str, value: object) -> None:
    name = text.split("=")[0]
    checked = parameters.check(kinds, parameters.parse(kinds, [text]))
    assert checked[name] == value and type(checked[name]) is type(value)
    # The same text by way of papermill or of a file of YAML.
    assert parameters.check(kinds, {name: text.split("=", 1)[1]})[name] == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("window_days=1:30", "must be int"),
        ("window_days=0x1e", "must be int"),
        ("window_days=1__0", "must be int"),
        ("window_days=1e1", "must be int"),
        ("window_days=0b11", "must be int"),
        ("window_days=0o17", "must be int"),
        ("window_days=9.0", "must be int"),
        ("window_days=~", "must be int"),
        ("window_days=null", "must be int"),
        ("window_days=on", "must be int"),
        ("window_days=", "must be int"),
        ("window_days= ", "must be int"),
        ("window_days=" + "0" * 5000 + "9", "must be int"),
        ("window_days=060 # days", "must be int"),
        ("level=1:30", "must be float"),
        ("level=1_0.5", "must be float"),
        ("level=0x1p-3", "must be float"),
        ("level=1,5", "must be float"),
        ("level=٠.١", "must be float"),
        ("level=.NaN", "the type must be float"),
        ("level=Infinity", "the type must be float"),
        ("level=1e400", "must be finite"),
        ("level=" + "9" * 5000, "must be finite"),
        ("window_days=" + "9" * 5000, "must be int"),
        ("window_days=٣", "must be int"),
        ("level=nan", "the type must be float"),
        ("level=-.inf", "the type must be float"),
        ("adjusted=no", "Write true or false"),
        ("adjusted=on", "Write true or false"),
        ("adjusted=1", "Write true or false"),
        ("adjusted=~", "Write true or false"),
        ("adjusted=", "Write true or false"),
        ("as_of=~", "not a date"),
        ("as_of=null", "not a date"),
        ("as_of=20210630", "not a date"),
        ("as_of=2021-W26-3", "not a date"),
        ("as_of=2021-6-3", "not a date"),
        ("as_of=2021-06-31", "not a date"),
        ("as_of=2021-06-30T00:00", "not a date"),
        ("as_of= 2021-06-30", "not a date"),
        ("as_of=2021-06", "Write the day, as 2021-06-30"),
        ("as_of=２０２１-06-30", "not a date"),
        ("names=[]", "the list is empty"),
        ("names=[,]", "the list is empty"),
        ("names=[a, a]", "named twice"),
        ("names=[a, 'a']", "named twice"),
        ("names=a", "Write a list as"),
        ("names=", "Write a list as"),
        ("names=[[a]]", "Write a list as"),
        ("names={a: 1}", "Write a list as"),
        ("names=&x [*x]", "Write a list as"),
        ("names=[a", "Close the bracket"),
        ("names=[a\u200b]", "cannot be printed"),
        ("sizes=[1:30]", "the members must be int"),
        ("sizes=[0x10]", "the members must be int"),
        ("sizes=[a]", "the members must be int"),
        ("bin_days=7", "not one of 1, 2, 90"),
        ("label=\udcff", "cannot be printed"),
        ("label=a\x1b[2J", "cannot be printed"),
        ("label=\x00", "cannot be printed"),
        ("label=a\u2028b", "cannot be printed"),
        ("label=\u202eb", "cannot be printed"),
        ("followed=[eur_per_usd]", "not in data/series.csv with table trade"),
    ],
)
def test_what_a_text_cannot_mean_is_refused_in_a_short_line(kinds: dict, text: str, message: str) -> None:
    with pytest.raises(parameters.ParameterError) as refused:
        parameters.check(kinds, parameters.parse(kinds, [text]))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 250


def test_a_file_of_parameters_means_what_the_command_line_means(kinds: dict, tmp_path: Path) -> None:
    file = tmp_path / "given.yml"
    file.write_text(
        "window_days: 060\nlevel: 1e-2\nnames: [0700, no, 1:30, 'a, b']\nsizes: [010]\n"
        "adjusted: False\nlabel: 2021-06\nas_of: 2021-06-30\n"
    )
    checked = parameters.check(kinds, parameters.parse(kinds, parameters.assignments_of(file)))
    assert checked["names"] == ["0700", "no", "1:30", "a, b"] and checked["sizes"] == [10]
    assert (checked["window_days"], checked["level"], checked["adjusted"]) == (60, 0.01, False)
    assert (checked["label"], checked["as_of"]) == ("2021-06", "2021-06-30")
    for line in ("window_days: 1:30", "window_days: ~", "adjusted: no", "as_of: 2021-06", "names: {a: 1}"):
        file.write_text(line)
        with pytest.raises(parameters.ParameterError):
            parameters.check(kinds, parameters.parse(kinds, parameters.assignments_of(file)))


@pytest.mark.parametrize("content", [b"label: \xff", b"- a", b"text", b"a: [", b"", b"a: *b", b"a: \x07"])
def test_what_is_no_file_of_parameters_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "given.yml").write_bytes(content)
    with pytest.raises(parameters.ParameterError, match="write one parameter to a line") as refused:
        parameters.assignments_of(tmp_path / "given.yml")
    assert "\n" not in str(refused.value)


def test_numbers_that_python_does_not_write_are_refused(kinds: dict) -> None:
    with pytest.raises(parameters.ParameterError, match="outside the range"):
        parameters.check(kinds, {"window_days": 10**5000})


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("names=[a, b],[c]", [["a", "b"], ["c"]]),
        ("label=a,,b", ["a", "", "b"]),
        ("level=1e-2,0.5", [0.01, 0.5]),
    ],
)
def test_values_of_a_sweep(kinds: dict, text: str, values: list) -> None:
    assert list(parameters.parse_lists(kinds, [text]).values()) == [values]


def test_a_run_with_changed_parameters_says_so_and_a_changed_view_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = """\
as_of: str = ""  # date; range: 2015-01-01..2035-12-31
window_days: int = 90  # days; range: 1..90
drawn: int = 30  # days drawn; range: 1..90; view"""
    values = {"as_of": "2021-06-30", "window_days": 90, "drawn": 60}
    shell = SimpleNamespace(user_ns={"In": [source, "window_days = 30"], **values})
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    parameters.check_running()
    assert timeline.marked("supported") == "supported" and timeline.banner() == ""
    shell.user_ns["window_days"] = 30
    parameters.check_running()
    try:
        assert timeline.marked("supported") == f"supported ({timeline.VARIANT}: window_days=30)"
        assert timeline.marked(timeline.marked("supported")) == timeline.marked("supported")
        assert (
            "Not as published: `window_days=30`." in timeline.banner()
            and "Own events" not in timeline.banner()
        )
    finally:
        timeline.use_changed({})


def test_the_word_view_stands_last_in_a_declaration() -> None:
    for path in sorted(paths.notebooks_dir().glob("*.ipynb")):
        for each in parameters.schema(notebooks.read(path)).values():
            # The word stands last or not at all, else a changed view would be called a variant.
            assert each.comment.endswith("; view") or not re.search(r"[;:]\s*view\b", each.comment), each.name


def test_a_day_of_knowledge_in_the_future_is_refused(kinds: dict) -> None:
    tomorrow = dt.date.today() + dt.timedelta(days=1)
    with pytest.raises(parameters.ParameterError, match="in the future"):
        parameters.check(kinds, {"as_of": tomorrow.isoformat()})
    today = dt.date.today().isoformat()
    assert parameters.check(kinds, {"as_of": today})["as_of"] == today


def test_a_missing_sign_of_equality_is_told_before_what_it_leaves_behind() -> None:
    with pytest.raises(parameters.ParameterError, match=r"^as_of: write a parameter as name=value, with ="):
        plan.plan(["02", "2021-06-30"], ["as_of"])


def test_a_sweep_runs_a_set_of_the_collection_under_its_name() -> None:
    runs = plan.plan(["09"], ["window_days=30,60,90"], sweep=True)
    assert [run.set for run in runs] == ["window_days=30", "window_60", "published"]
    assert sweeps.varied(runs) == {"window_days": [30, 60, 90]}
