"""What every client must hold, and the pure judgement of replies."""

import json
import math
from dataclasses import replace
from datetime import date
from functools import cache
from urllib.parse import urlsplit

import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import catalog, paths
from summits import cli, refresh
from summits import release_dates as releases
from summits.publishers import CLIENTS, PUBLISHERS, RHYTHMS, judging, keys
from summits.publishers.client import Refused, Request, Rhythm, Wanted

TODAY = date(2026, 11, 23)
NAMES = sorted(PUBLISHERS)


live_series = cache(refresh.live_series)


@cache
def wanted_of(name: str) -> dict[str, Wanted]:
    labels = live_series()
    loaders = catalog.catalogue()["loader"]
    return {label: Wanted(catalog.series(each)) for each, label in labels.items() if loaders[each] == name}


@pytest.mark.parametrize("name", NAMES)
def test_a_client_asks_for_every_series_it_serves_and_nothing_else(name: str) -> None:
    publisher, wanted = PUBLISHERS[name], wanted_of(name)
    assert wanted, "no series of the catalogue"
    calls = publisher.requests(wanted, TODAY)
    asked = {each.series.series_id for call in calls for each in call.wanted.values()}
    derived = {"capex_big4_sum_derived"}
    assert asked == {each.series.series_id for each in wanted.values()} - derived
    assert all(urlsplit(call.address).scheme == "https" and "?" not in call.address for call in calls)


@pytest.mark.parametrize("name", NAMES)
def test_keys_are_known_to_the_redaction(name: str) -> None:
    publisher = PUBLISHERS[name]
    calls = publisher.requests(wanted_of(name), TODAY)
    assert {call.key.variable for call in calls if call.key} <= keys.VARIABLES
    assert publisher.needs in {"", *keys.VARIABLES}


@pytest.mark.parametrize("name", NAMES)
def test_the_page_on_sources_describes_the_publisher(name: str) -> None:
    page = (paths.root() / "docs" / "sources.md.jinja").read_text(encoding="utf-8")
    [described] = [part for part in page.split("\n\n") if f"(`{name}`)" in part]
    for word in ("Lag", "evisions", "Licence: ", "Key: "):
        assert word in described, word
    assert PUBLISHERS[name].needs in described


def test_every_key_is_in_the_example_and_in_the_page_on_refreshing() -> None:
    example = (paths.root() / ".env.example").read_text(encoding="utf-8").splitlines()
    assert {line.removesuffix("=") for line in example if not line.startswith("#")} == keys.VARIABLES
    page = (paths.root() / "docs" / "refreshing.md").read_text(encoding="utf-8")
    assert all(f"`{variable}`" in page for variable in keys.VARIABLES)


def test_labels_are_unique_and_modules_are_named_after_the_loader() -> None:
    assert list(CLIENTS) == sorted(PUBLISHERS) == NAMES
    for name in NAMES:
        labels = [PUBLISHERS[name].label(each.series) for each in wanted_of(name).values()]
        assert len(labels) == len(set(labels))


def test_the_us_headings_are_fetched_for_every_partner_asked_for() -> None:
    live = live_series()
    for partner in ("hk", "tw", "kr", "sg", "my", "vn", "mx", "world", "cn"):
        for heading in ("8541", "8542", "8486", "8471", "8473"):
            assert f"us_exp_{partner}_hs{heading}" in live


def test_no_notebook_imports_the_clients() -> None:
    for notebook in paths.notebooks_dir().glob("*.ipynb"):
        assert "summits.publishers" not in notebook.read_text(encoding="utf-8")


# --- judging ----------------------------------------------------------------------------------------------

SERIES = catalog.series("us_exp_cn_hs8542")
MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]


def rows(values: dict[str, float], vintage: str = "") -> pd.DataFrame:
    table = pd.DataFrame(
        {"series_id": SERIES.series_id, "period": list(values), "value": list(values.values())}
    )
    return table.assign(vintage=vintage, value=table["value"].astype(float))


def held(values: dict[str, float], vintage: str = "2026-01-31") -> pd.DataFrame:
    return rows(values, vintage).assign(digits=0)


REQUEST = Request("https://example.org", "json", {"x": Wanted(SERIES)})
BUNDLED = {month: 1e9 + number for number, month in enumerate(MONTHS)}


def judge(new: dict[str, float], old: dict[str, float], series: catalog.Series = SERIES) -> pd.DataFrame:
    request = replace(REQUEST, wanted={"x": Wanted(series)})
    return judging.accept(rows(new), request, held(old), TODAY)


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (BUNDLED | {"2026-12": 1e9}, "future"),
        (BUNDLED | {"2026-01": 1e12}, "scale"),
        (BUNDLED | {"2026-01": 1e6}, "scale"),
        (BUNDLED | {"2025-06": 0.0}, "zero"),
        ({month: value / 1000 for month, value in BUNDLED.items()}, "scale"),
        ({month: value * 1.1 for month, value in BUNDLED.items()}, "unit"),
        ({month: value for month, value in BUNDLED.items() if month != "2025-06"}, "shrunk"),
        ({}, "shrunk"),
    ],
)
def test_replies_that_cannot_be_believed(new: dict[str, float], reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        judge(new, BUNDLED)
    assert refusal.value.reason == reason


def test_ordinary_revisions_and_a_doubling_are_believed() -> None:
    new = BUNDLED | {"2025-11": 1.3e9, "2025-12": 0.6e9, "2026-01": 2.1e9, "2026-02": 0.0}
    assert set(judge(new, BUNDLED)["period"]) == {*MONTHS, "2026-01"}


@pytest.mark.parametrize(("withdrawn", "reason"), [(24, ""), (25, "revision")])
def test_many_values_withdrawn_at_once_wait(withdrawn: int, reason: str) -> None:
    months = [str(month) for month in pd.period_range("2022-01", periods=36, freq="M")]
    old = {month: 1e9 + number for number, month in enumerate(months)}
    new = old | dict.fromkeys(months[:withdrawn], math.nan)
    if not reason:
        assert judge(new, old)["value"].isna().sum() == withdrawn
        return
    with pytest.raises(judging.Unusual) as wait:
        judge(new, old)
    assert wait.value.reason == reason and len(wait.value.changes) == withdrawn


def test_periods_outside_the_question_need_not_be_in_the_reply() -> None:
    request = replace(REQUEST, first="2025-06", last="2025-08")
    some = {month: BUNDLED[month] for month in ("2025-06", "2025-07", "2025-08")}
    assert len(judging.accept(rows(some), request, held(BUNDLED), TODAY)) == 3


def added(new: pd.DataFrame, old: pd.DataFrame, never_revised: bool = False) -> judging.Additions:
    return judging.additions(new, old, {SERIES.series_id: SERIES}, TODAY, never_revised)


def test_a_value_that_is_never_revised_is_known_on_its_day() -> None:
    new = added(rows({"2026-01": 5.0}), held(BUNDLED), never_revised=True)
    assert new.rows["vintage"].tolist() == ["2026-01"]


def test_values_are_compared_in_the_digits_held() -> None:
    assert added(rows({"2025-01": 1e9 + 0.4}), held(BUNDLED)).rows.empty
    assert added(rows({"2025-01": 1e9 + 1.0}), held(BUNDLED)).rows["value"].tolist() == ["1000000001"]


@settings(max_examples=40, deadline=None)
@given(
    old=st.dictionaries(st.sampled_from(MONTHS), st.integers(1, 10**12), min_size=1),
    new=st.dictionaries(st.sampled_from([*MONTHS, "2026-01", "2026-02"]), st.integers(1, 10**12)),
)
def test_only_changes_are_appended_and_twice_adds_nothing(old: dict, new: dict) -> None:
    first = added(rows(new), held(old))
    changed = {month: value for month, value in new.items() if old.get(month) != value}
    assert dict(zip(first.rows["period"], first.rows["value"].astype(float), strict=True)) == changed
    assert first.new + len(first.revisions) == len(changed)
    again = pd.concat([held(old | new, "2026-11-23")])
    assert added(rows(new), again).rows.empty


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_written_so_that_they_read_back(value: float) -> None:
    assert float(judging.number_text(value)) == value


def test_decimals_and_number_text() -> None:
    assert [judging.decimals(text) for text in ("706000000", "1.25", "5e+26", "6.2e-05")] == [0, 2, 0, 6]
    assert [judging.number_text(each) for each in (706e6, 0.1, 5e26)] == ["706000000", "0.1", "5e+26"]
    assert math.isinf(judging.Revision("x", "2025", 0.0, 1.0).size)


# --- releases ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "frequency", "lag", "expected"),
    [
        ("2026-07", "M", 37, date(2026, 10, 7)),
        ("2026-11-20", "D", 1, date(2026, 11, 24)),
        ("2026-06-30", "Q", 60, date(2026, 11, 29)),
        ("2025", "A", 105, date(2027, 4, 15)),
        ("2025-12-31", "E", 1, None),
    ],
)
def test_the_next_release_follows_the_rhythm(last: str, frequency: str, lag: int, expected: date) -> None:
    lags = {} if frequency == "E" else {frequency: lag}
    assert releases.next_release(last, frequency, Rhythm("", lags)) == expected


def test_status_is_told_by_publisher_with_its_rhythm() -> None:
    told = CliRunner().invoke(cli.main, ["status"]).output
    _, _, census = told.partition("\ncensus: monthly, about five weeks after the month\n")
    rows = census.partition("\n\n")[0].splitlines()
    assert any(row.split() == ["not", "fetched", "us_exp_world_hs8486"] for row in rows)
    assert any(row.split()[:3] == ["2026-07", "2026-09-03", "2026-10-07"] for row in rows)
    found = json.loads(CliRunner().invoke(cli.main, ["status", "--json"]).output)
    assert {row["series_id"] for row in found["series"]} == set(catalog.catalogue().index)


def test_status_covers_every_series_and_tells_late_from_due() -> None:
    status = {row["series_id"]: row for row in releases.release_status(TODAY)}
    assert list(status) == list(catalog.catalogue().index)
    late = status["us_exp_cn_hs8542"]
    assert (late["last_period"], late["live"], late["stale"], late["reason"]) == (
        "2026-07",
        True,
        True,
        "late",
    )
    assert late["next_release"] == "2026-10-07"
    early = {row["series_id"]: row for row in releases.release_status(date(2026, 9, 20))}
    assert not early["us_exp_cn_hs8542"]["stale"]
    nothing = status["us_china_tension"]
    assert (nothing["last_period"], nothing["reason"]) == ("", "not fetched")
    assert set(catalog.catalogue()["loader"]) - {""} <= set(RHYTHMS)
