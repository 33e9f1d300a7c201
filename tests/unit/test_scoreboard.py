"""From records to the scoreboard: the words combined, stale records refused, numbers only from records."""

import json
import math

import nbformat
import pandas as pd
import pytest
import yaml
from notebook_functions import functions_of

from helpers import catalog, paths, prose
from summits import notebooks, plan, scoreboard

NAME = "02_exports"


@pytest.fixture(scope="module")
def board():
    """The functions of notebook 11."""
    return functions_of("11_claims")


@pytest.mark.parametrize(
    ("words", "cap", "expected"),
    [
        (["supported"], "", "supported"),
        (["supported", "supported"], "", "supported"),
        (["contradicted", "contradicted"], "", "contradicted"),
        (["supported", "contradicted"], "", "inconclusive"),
        (["supported", "inconclusive"], "", "inconclusive"),
        (["supported", "descriptive only"], "", "inconclusive"),
        (["descriptive only", "descriptive only"], "", "descriptive only"),
        (["not done"], "", "inconclusive"),
        ([], "", "descriptive only"),
        (["supported"], "descriptive only", "descriptive only"),
    ],
)
def test_words_are_combined_by_the_rule(board, words, cap, expected):
    assert board.combined(words, cap) == expected


def test_only_a_claimed_effect_needs_the_p_value_of_its_family(board):
    assert board.within_family("supported", "positive", 0.06) == "inconclusive"
    assert board.within_family("supported", "positive", 0.05) == "supported"
    assert board.within_family("supported", "", 0.9) == "supported"
    assert board.within_family("contradicted", "positive", 0.9) == "contradicted"


def test_effects_are_put_in_units_of_their_margin(board):
    estimate = {"value": -0.2, "low": -0.4, "high": 0.1}
    claimed = board.in_margins({"estimate": estimate, "margin": 0.1, "sign": "negative"})
    assert claimed == pytest.approx({"low": -1, "value": 2, "high": 4})
    ratio = {"value": 1.5, "low": 0.5, "high": None}
    placed = board.in_margins({"estimate": ratio, "supports_if": [{"above": 0.5, "below": 1.5}]})
    assert (placed["low"], placed["value"]) == pytest.approx((-1, 1)) and math.isnan(placed["high"])
    assert board.in_margins({"estimate": estimate}) is None


def test_the_interval_that_decides_is_shown_and_what_it_excludes(board):
    estimate = {"value": -0.2, "low": -0.3, "high": -0.1}
    counted = {"estimate": estimate, "margin": 0.2, "sign": None, "dispersion": 4.0}
    assert board.with_deciding(counted)["estimate"] == pytest.approx({"value": -0.2, "low": -0.4, "high": 0})
    assert board.with_deciding({"estimate": None}) == {"estimate": None}

    def words(low, high, **stated):
        inputs = {"estimate": {"value": low, "low": low, "high": high}, "margin": 1.0} | stated
        return tuple(board.placed(inputs)[f"excludes_{what}"] for what in ("zero", "margin"))

    assert words(0.2, 0.9, sign="positive") == ("yes", "yes, short of it")
    assert words(1.2, 1.9, sign="positive") == ("yes", "yes, beyond it")
    assert words(-1.9, -0.2, sign="negative") == ("yes", "no")
    assert words(-0.9, 1.2) == ("no", "no")
    no_fall = {
        "supports_if": [{"above": -1.0, "below": 1.0}],
        "contradicts_if": [{"above": None, "below": -1.0}],
    }
    assert words(-0.9, 1.2, **no_fall) == ("no", "yes, short of it")
    assert board.placed({})["excludes_zero"] == "–"


def test_severity_is_told_of_decided_words_alone_with_its_bounds(board):
    assert board.false_word("contradicted", 0.0, 21.0) == "0% of 21 sets (0% to 16%)"
    assert board.false_word("inconclusive", 1.0, 199.0) == "–"
    assert board.false_word("supported", math.nan, math.nan) == "no placebo sets"


def _claims() -> dict:
    test = {"id": "C01a", "primary": True, "outcome": "exports"}
    two = [test | {"id": "C02b"}, test | {"id": "C02a"}, {"id": "C02c", "outcome": "aside"}]
    return {
        "claims": [
            {"id": "C01", "claim": "Exports fell.", "testable": "yes", "tests": [test], "family": "trade"},
            {"id": "C02", "claim": "They moved.", "testable": "yes", "tests": two[::-1], "family": "trade"},
            {"id": "C03", "claim": "A motive.", "testable": "no", "why": "no series observes it"},
        ]
    }


def _record(name, value, unit="log points", low=None, high=None, **details):
    content = {"name": name, "value": value, "low": low, "high": high, "unit": unit, "n": 10}
    content |= {"method": "", "window": "", "as_of": "", "details": details}
    return nbformat.v4.new_output("display_data", {notebooks.RECORD_MIME: content, "text/plain": name})


def _test_records(test, word="supported", p=0.02):
    inputs = {"estimate": {"value": 0.3, "low": 0.1, "high": 0.5}, "margin": 0.1, "sign": "positive"}
    inputs["usable_events"] = None if test == "C02b" else 10
    ruling = {"unit": "text", "verdict": word, "reasons": ["so the rule"], "inputs": inputs}
    return [
        _record(f"{test}_effect", 0.3, low=0.1, high=0.5),
        _record(f"{test}_mde", 0.2),
        _record(f"{test}_placebo_p", p, unit="probability"),
        _record(f"{test}_verdict", word, **ruling),
    ]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A made-up collection: one executed notebook with the records of four tests, and the scoreboard."""
    for folder in ("notebooks", "data", "runs"):
        (tmp_path / folder).mkdir()
    for table in ("trade", "series", "sources"):
        (tmp_path / "data" / f"{table}.csv").write_text("value\n1\n")
    (tmp_path / "data" / "claims.yml").write_text(yaml.safe_dump(_claims()))
    monkeypatch.setenv("SUMMITS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SUMMITS_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(paths, "notebooks_dir", lambda: tmp_path / "notebooks")
    entry = {"question": "Did they fall?", "reads": ["trade"]}
    listed = {NAME: entry, "11_claims": entry | {"needs": [NAME]}}
    (tmp_path / "notebooks" / "collection.yml").write_text(yaml.safe_dump({"notebooks": listed}))
    (tmp_path / "notebooks" / "11_claims.ipynb").write_text("{}")
    outputs = [
        *_test_records("C01a"),
        *_test_records("C02a", p=0.04),
        *_test_records("C02b", "inconclusive", p=0.5),
        *_test_records("C02c"),
    ]
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# Did they fall?\n\n## The verdict"),
            nbformat.v4.new_code_cell("judge()", outputs=outputs, execution_count=1),
            nbformat.v4.new_code_cell('as_of: str = ""  # a date', metadata={"tags": ["parameters"]}),
        ]
    )
    plain = json.loads(nbformat.writes(notebook))
    committed = tmp_path / "notebooks" / f"{NAME}.ipynb"
    committed.write_text(json.dumps(plain))
    plain["metadata"][notebooks.MADE_FROM] = plan.plan([NAME])[0].made_from
    committed.write_text(json.dumps(plain))
    return tmp_path


def judged(board, recorded):
    return board.judged(recorded.drop_duplicates("name").set_index("name").to_dict("index"), "holm")


def claims_of(board, table):
    rows = {name: rows.to_dict("records") for name, rows in table.groupby("claim_id")}
    return [board.claim_row(claim, rows.get(claim["id"], [])) for claim in catalog.claims()["claims"]]


def test_the_board_shows_what_was_recorded(place, board):
    table = judged(board, scoreboard.read("11_claims"))
    assert list(table["test"]) == ["C01a", "C02a", "C02b", "C02c"]
    by_test = table.set_index("test")
    # Holm over three primary tests: 0.02 × 3 and 0.04 × 2, made monotone.
    assert by_test.loc["C01a", "family_p"] == pytest.approx(0.06)
    assert by_test.loc["C02a", "family_p"] == pytest.approx(0.08)
    assert by_test.loc["C01a", ["as_recorded", "word"]].tolist() == ["supported", "inconclusive"]
    claims = claims_of(board, table)
    assert {claim["id"]: claim["word"] for claim in claims} == {
        "C01": "inconclusive", "C02": "inconclusive", "C03": "not testable"
    }  # fmt: skip
    text = board.paragraph(claims[0])
    assert "0.300 log points, interval 0.100 to 0.500" in text and "before the adjustment" in text
    assert f"[{NAME}, cell 2]({NAME}.ipynb#The-verdict)" in text
    rows = [row for claim in claims for row in board.board_rows(claim)]
    assert [row["claim"][:3] for row in rows] == ["C01", "C02", "C02", "C03"]
    assert (rows[2]["claim"], rows[2]["verdict"]) == ("C02, second test: C02b", "inconclusive")
    assert (rows[1]["why"], rows[2]["why"]) == ("C02a inconclusive: so the rule", "so the rule")
    assert by_test.loc["C01a", "in_margins"]["value"] == pytest.approx(3)


@pytest.mark.parametrize("spoilt", ["data", "source", "parameters", "helpers", "unstamped", "gone"])
def test_a_stale_or_missing_record_names_the_run_to_do(place, board, spoilt, monkeypatch):
    committed = place / "notebooks" / f"{NAME}.ipynb"
    notebook = json.loads(committed.read_text())
    if spoilt == "data":
        (place / "data" / "trade.csv").write_text("value\n2\n")
    elif spoilt == "source":
        notebook["cells"][1]["source"] = "judge(again)"
    elif spoilt == "parameters":
        notebook["cells"][2]["source"] = 'as_of: str = "2021-06-30"  # a date'
    elif spoilt == "helpers":
        monkeypatch.setattr(plan.imports, "reached", lambda *_: {"helpers/tables.py": "edited"})
    elif spoilt == "unstamped":
        notebook["metadata"] = {}
    else:
        notebook["cells"][1]["outputs"] = []
    committed.write_text(json.dumps(notebook))
    with pytest.raises(scoreboard.StaleRecord, match="(?i)run"):
        judged(board, scoreboard.read("11_claims"))


def test_records_as_of_a_day_are_those_of_runs_as_of_that_day(place):
    with pytest.raises(scoreboard.StaleRecord, match=f"summits run {NAME} -p as_of=2021-06-30`"):
        scoreboard.read("11_claims", "2021-06-30")
    run = plan.plan([NAME], ["as_of=2021-06-30"])[0]
    notebook = json.loads(run.source.read_text())
    notebook["metadata"][notebooks.MADE_FROM] = run.made_from
    run.directory.mkdir(parents=True)
    (run.directory / "notebook.ipynb").write_text(json.dumps(notebook))
    assert set(scoreboard.read("11_claims", "2021-06-30")["notebook"]) == {NAME}


def test_a_named_set_of_that_day_is_found_by_its_parameters(place):
    listing = place / "notebooks" / "collection.yml"
    listed = yaml.safe_load(listing.read_text())
    sets = {"published": {}, "vintage_2021": {"as_of": "2021-06-30"}}
    listed["notebooks"][NAME]["runs"] = sets
    # A notebook between the two needs it as well, and asks for the same set.
    listed["notebooks"]["10_between"] = listed["notebooks"][NAME] | {
        "needs": [NAME],
        "runs": {"published": {}},
    }
    listed["notebooks"]["11_claims"]["needs"] = ["10_between", NAME]
    listing.write_text(yaml.safe_dump(listed))
    source = json.loads((place / "notebooks" / f"{NAME}.ipynb").read_text())
    for cell in source["cells"]:
        cell.pop("outputs", None)
    (place / "notebooks" / "10_between.ipynb").write_text(json.dumps(source))
    runs = plan.plan(["10", NAME], ["as_of=2021-06-30"])
    assert [run.id for run in runs] == [f"{NAME}/vintage_2021", "10_between/as_of=2021-06-30"]
    assert runs[1].needs == (f"{NAME}/vintage_2021",)
    for run in runs:
        notebook = json.loads(run.source.read_text())
        notebook["metadata"][notebooks.MADE_FROM] = run.made_from
        run.directory.mkdir(parents=True)
        (run.directory / "notebook.ipynb").write_text(json.dumps(notebook))
    assert set(scoreboard.read("11_claims", "2021-06-30")["notebook"]) == {NAME}


def test_a_current_run_is_read_before_the_committed_notebook(place):
    committed = place / "notebooks" / f"{NAME}.ipynb"
    run = place / "runs" / NAME / "published" / "notebook.ipynb"
    run.parent.mkdir(parents=True)
    notebook = json.loads(committed.read_text())
    notebook["cells"][1]["outputs"][0]["data"][notebooks.RECORD_MIME]["value"] = 0.4
    run.write_text(json.dumps(notebook))
    recorded = scoreboard.read("11_claims").set_index("name")
    assert recorded.loc["C01a_effect", ["value", "notebook"]].tolist() == [0.4, NAME]


def test_a_test_logged_as_not_done_needs_no_record(place, board):
    recorded = scoreboard.read("11_claims")
    recorded = recorded[recorded["name"] != "C02c_verdict"]
    with pytest.raises(scoreboard.StaleRecord, match="C02c"):
        judged(board, recorded)
    logged = {"claim": "C02c", "what": "not done beyond a count", "why": "no texts"}
    (place / "data" / "claims.yml").write_text(yaml.safe_dump(_claims() | {"deviations": [logged]}))
    table = judged(board, recorded)
    aside = table.set_index("test").loc["C02c"]
    assert (aside["word"], aside["reasons"]) == ("not done", "not done beyond a count; no texts")
    text = board.paragraph(claims_of(board, table)[1])
    assert "*not done* (not done beyond a count; no texts)" in text


def test_text_is_filled_from_records_and_tests(place, board):
    recorded = scoreboard.read("11_claims")
    values = board.fillings(recorded, judged(board, recorded))
    text = prose.fill("{{C01a_effect.low:.2f}} of {{C01a.margin:.1f}}, {{C01a.word}}", values)
    assert text == "0.10 of 0.1, inconclusive"
    with pytest.raises(prose.ProseError, match="C09a"):
        prose.fill("{{C09a.value}}", values)
    twice = pd.concat([recorded, recorded[recorded["name"] == "C01a_effect"]])
    with pytest.raises(prose.ProseError, match="C01a_effect"):
        prose.fill("{{C01a_effect.low:.2f}}", board.fillings(twice, judged(board, twice)))


def test_what_is_not_met_is_said_once(board):
    assert board.in_short(["not met: a", "not met: b", "too weak"]) == "not met: a, b; too weak"
    assert board.in_short(["every condition holds"]) == "every condition holds"
