"""Tables: what a reader sees, to the byte. All values here are simulated."""

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from helpers import catalog, paths, tables
from helpers.catalog import Series
from helpers.observations import SeriesData
from summits import notebooks


@pytest.fixture
def shown(monkeypatch):
    outputs = []
    monkeypatch.setattr(tables, "display", lambda bundle, raw: outputs.append(bundle))
    return outputs


def series_data(**info):
    months = pd.DatetimeIndex(["2020-11-01", "2021-01-01", "2021-02-01"], name="period")
    defaults = {
        "series_id": "us_exp_cn_hs8486",
        "title": "US equipment exports",
        "frequency": "M",
        "unit": "USD",
        "price_basis": "nominal",
        "seasonal": "NSA",
        "publisher": "US Census Bureau",
    }
    return SeriesData(
        info=Series(**({field.name: "" for field in fields(Series)} | defaults | info)),
        values=pd.Series([1.0, 2.0, 3.0], index=months),
        vintages=pd.Series(pd.to_datetime(["2021-01-05", "2021-03-05", "2021-04-05"]), index=months),
        as_of=None,
        sources=["census"],
    )


def test_numbers_are_aligned_separated_and_never_negative_zero(shown):
    table = pd.DataFrame(
        {"partner": ["China", "Korea"], "value": [1234567.0, np.nan], "share": [-0.00001, -0.25]}
    )
    tables.show(table, "Exports")
    text = shown[0]["text/plain"].splitlines()
    assert text == [
        "Exports",
        "partner      value   share",
        "China    1,234,567   0.000",
        "Korea            –  −0.250",
    ]
    html = shown[0]["text/html"]
    assert '<td style="text-align: right">1,234,567</td>' in html
    assert '<td style="text-align: left; white-space: nowrap">China</td>' in html
    assert "<caption" in html
    assert " id=" not in html


def test_a_folded_table_shows_its_caption_alone_and_the_text_form_shows_all(shown):
    tables.show(pd.DataFrame({"partner": ["China"]}), "Ships < planes", folded=True)
    html, text = shown[0]["text/html"], shown[0]["text/plain"]
    assert html.startswith("<details><summary>Ships &lt; planes</summary>") and html.endswith("</details>")
    assert "<caption" not in html and "<details open" not in html
    assert text.splitlines() == ["Ships < planes", "partner", "China"]
    tables.vintage_table([series_data()])
    assert shown[1]["text/html"].startswith("<details>")


def test_a_named_index_is_shown_and_two_runs_are_equal(shown):
    table = pd.DataFrame({"n": [1]}, index=pd.Index(["Busan"], name="meeting"))
    tables.show(table)
    tables.show(table)
    assert shown[0] == shown[1]
    assert "meeting" in shown[0]["text/plain"]


def test_text_is_escaped_and_addresses_are_links(shown):
    tables.show(pd.DataFrame({"note": ["a < b & c"], "address": ["https://example.org/a?b=1&c=2"]}))
    assert "a &lt; b &amp; c" in shown[0]["text/html"]
    assert '<a href="https://example.org/a?b=1&amp;c=2">example.org</a>' in shown[0]["text/html"]


def test_a_page_named_within_a_sentence_is_a_link_and_script_is_none(shown):
    words = ["paused [bis.gov](https://bis.gov/a?b=1&c=2); over", "[run](javascript:alert)"]
    tables.show(pd.DataFrame({"State": words}))
    page, text = shown[-1]["text/html"], shown[-1]["text/plain"]
    assert 'paused <a href="https://bis.gov/a?b=1&amp;c=2">bis.gov</a>; over' in page
    assert "paused bis.gov; over" in text
    assert page.count("href") == 1


def test_a_format_is_applied_and_one_for_an_unknown_column_is_refused(shown):
    tables.show(pd.DataFrame({"a": [0.123], "b": [0.5]}), "", {"a": 1, "b": "{:.0%}"})
    assert shown[0]["text/plain"].split() == ["a", "b", "0.1", "50%"]
    with pytest.raises(tables.BadTable, match="No column"):
        tables.show(pd.DataFrame({"a": [1]}), "", {"b": 2})


def test_dates_stay_on_one_line_and_sentences_stay_wide(shown):
    tables.show(pd.DataFrame({"From": ["2012-01"], "Kind": ["a medium length"], "Why": ["word " * 9]}))
    styles = [cell.split('"')[1] for cell in shown[0]["text/html"].split("<td ")[1:]]
    assert styles == [
        "text-align: left; white-space: nowrap",
        "text-align: left",
        "text-align: left; min-width: 16em",
    ]


def test_vintage_table_counts_gaps_and_names_the_vintage(shown):
    tables.vintage_table([series_data()])
    row = shown[0]["text/plain"].splitlines()[2]
    for part in (
        "US equipment exports",
        "USD, nominal, not seasonally adjusted",
        "2020-11",
        "2021-02",
        "2021-04-05",
    ):
        assert part in row
    cells = shown[0]["text/html"]
    assert '<td style="text-align: right">1</td>' in cells


def test_sources_table_lists_each_source_once_and_the_events(shown, monkeypatch):
    known = pd.DataFrame(
        {
            "publisher": ["Census"],
            "title": ["Exports by HS"],
            "licence": ["CC BY-ND 4.0"],
            "licence_flag": ["ND"],
            "url": ["https://census.gov"],
        },
        index=pd.Index(["census"], name="source_id"),
    )
    monkeypatch.setattr(tables.catalog, "sources", lambda ids=None: known)
    event = pd.DataFrame(
        {
            "date": [pd.Timestamp("2025-10-30")],
            "title": ["Busan"],
            "source_title": ["Readout"],
            "source_url": ["https://example.org/r"],
        }
    )
    tables.sources_table([series_data(), series_data(title="US chip exports")], event)
    text = shown[0]["text/html"]
    assert text.count("Exports by HS") == 1
    assert "US equipment exports; US chip exports" in text
    assert "Busan, 2025-10-30" in text
    assert "NO DERIVATIVES: CC BY-ND 4.0" in text
    monkeypatch.setattr(tables.catalog, "sources", lambda ids=None: known.iloc[:0])
    with pytest.raises(tables.BadTable, match="no row for census"):
        tables.sources_table([series_data()])


def test_verdict_table_writes_the_effect_with_its_interval(shown):
    row = {
        "claim": "Controls cut exports",
        "verdict": "supported",
        "why": "Both estimators agree.",
        "unit": "percent",
    }
    tables.verdict_table(
        [row | {"value": -31.24, "low": -42.0, "high": -20.0, "mde": 12.3, "placebo_rank": 0.004, "n": 4}]
    )
    text = shown[0]["text/plain"]
    assert "−31.2 percent [−42.0, −20.0]" in text
    assert "12.3 percent" in text
    assert "0.00400" in text


def test_verdict_table_drops_columns_nobody_fills_and_refuses_other_words(shown):
    row = {"claim": "Washington aims to cut risk", "verdict": "not testable", "why": "A motive."}
    tables.verdict_table([row])
    assert "Placebo" not in shown[0]["text/plain"]
    for wrong in ({"verdict": "proved"}, {"why": ""}, {"effect": 1}):
        with pytest.raises(tables.BadTable, match="Verdict row"):
            tables.verdict_table([row | wrong])


def test_the_caption_tells_the_rows_used_apart_and_no_others(shown):
    data, events = series_data(), catalog.events_table()
    revised = replace(data, values=data.values + [0, 0, 1e-9])
    for series, rows in ((data, events[:3]), (data, events[:3]), (revised, events[:3]), (data, events[:4])):
        tables.sources_table([replace(series, sources=["census_via_geomacro2"])], events=rows)
    first, again, other_values, other_events = (each["text/plain"].splitlines()[0] for each in shown)
    assert first == again and len({first, other_values, other_events}) == 3
    assert first.startswith("Sources and licences; rows used: sha256 ")


def test_what_was_not_known_is_listed_with_the_day_it_was(shown):
    tables.not_known_table([], "Left out")
    assert not shown
    tables.not_known_table(["us_exp_cn_hs8542"], "Left out")
    assert "US exports to China, integrated circuits (HS 8542)  2021-01-31" in shown[0]["text/plain"]


@pytest.mark.parametrize(("value", "written"), [(1234.5, "+1,234"), (-0.6, "\u22121"), (-0.4, "0"), (0, "0")])
def test_a_sign_is_always_written_but_for_zero(value, written):
    assert tables.signed(value) == written


def test_literature_is_listed_by_claim_and_by_notebook(shown):
    tables.literature_table("C07")
    tables.literature_table("06")
    claim, notebook = (output["text/plain"] for output in shown)
    assert "Hayakawa" in claim and "second hand" in claim and "agrees in part" in claim
    assert "Nitsch" in notebook and "Nitsch" not in claim


def test_a_question_without_literature_is_silent(shown):
    tables.literature_table("Z99")
    assert "None listed on Z99: silent." in shown[0]["text/plain"]


def test_every_notebook_with_a_question_of_its_own_closes_with_the_literature():
    for path in sorted(paths.notebooks_dir().glob("[01]?_*.ipynb")):
        number = path.name[:2]
        if number in ("00", "13", "14"):  # the story, the published numbers themselves, and one event
            continue
        sources = [notebooks.text(cell["source"]) for cell in notebooks.read(path)["cells"]]
        # 15 has no claim of its own: it looks at one of 06 with other designs.
        special = {"11": 'list_table("literature")', "15": 'literature_table("C07")'}
        wanted = special.get(number, f'literature_table("{number}")')
        assert any(wanted in source for source in sources), path.name
        assert any("## The literature on this question" in source for source in sources), path.name


def test_each_publication_names_a_claim_or_a_method_and_what_was_read_of_it():
    papers = catalog.list_table("literature").fillna("")
    claims = {claim["id"] for claim in catalog.claims()["claims"]} | {"method"}
    assert set(papers["claim_id"]) <= claims
    assert (papers["evidence"] != "").all()
    assert (papers.loc[papers["url"] == "", "evidence"] == "second hand").all()
