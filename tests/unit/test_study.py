"""A study of an own series finds what was put in, and refuses what is no series of its kind, with advice."""

import numpy as np
import pandas as pd
import pytest

from helpers.catalog import BadFile
from helpers.methods.checks import UnusableInput
from helpers.studies import read_series, study

MONTHS = pd.date_range("2012-01-01", periods=150, freq="MS")
DAYS = pd.bdate_range("2018-01-01", periods=1500)


def levels(fall=0.0, seed=1):
    """Made-up monthly sales with noise of five percent and a lasting change from March 2020 on."""
    noise = np.random.default_rng(seed).normal(0, 0.05, len(MONTHS))
    sales = pd.Series(100 * np.exp(noise), MONTHS, name="sales")
    sales["2020-03":] *= 1 - fall
    return sales


def returns(jump=0.0, day="2022-06-01"):
    """Made-up daily returns with noise of one percent and a jump on one day."""
    values = pd.Series(np.random.default_rng(2).normal(0, 0.01, len(DAYS)), DAYS, name="firm")
    values[day] += jump
    return values


def test_a_large_fall_of_levels_is_found_in_percent():
    result = study(levels(0.5), ["2020-02-10"], kind="levels", sign="negative", margin=20)
    effect = result.comparison.effect
    assert effect.high < np.log(0.7) and effect.low < np.log(0.5) < effect.high
    assert effect.p_value < 0.05
    assert "own study" in result.summary().loc["word"].iloc[0]


def test_a_jump_of_returns_is_found_on_its_day_and_on_the_weekend_before():
    for day in ("2022-06-01", "2022-05-29"):
        after = returns(-0.12, "2022-06-01" if day == "2022-06-01" else "2022-05-30")
        result = study(after, {"shock": day}, kind="returns", sign="negative", margin=5)
        assert result.comparison.effect.value < -0.08
        assert result.comparison.effect.p_value < 0.01


def test_nothing_is_found_where_nothing_is():
    result = study(levels(), ["2016-05-01", "2020-02-10"], kind="levels", sign="negative", margin=20)
    assert result.comparison.effect.p_value > 0.05
    assert result.word != "supported"


def test_without_sign_and_margin_there_is_no_word_of_the_rule():
    assert study(levels(0.5), ["2020-02-10"], kind="levels").word == "descriptive only"


def test_the_plot_says_what_the_table_says():
    result = study(levels(0.5), ["2020-02-10"], kind="levels")
    figure = result.plot()
    value = result.summary().loc["effect, percent"].iloc[0]
    assert any(value in text.get_text() for text in figure.texts)


SERIES = levels()
WRONG = {
    "a table": (SERIES.to_frame(), "levels", "Pass one column"),
    "text dates": (SERIES.set_axis(SERIES.index.strftime("%Y-%m")), "levels", "pd.to_datetime"),
    "periods": (SERIES.to_period("M"), "levels", "to_timestamp"),
    "a time zone": (SERIES.tz_localize("UTC"), "levels", "tz_localize"),
    "a missing value": (SERIES.where(SERIES.index != "2015-03-01"), "levels", "2015-03"),
    "a missing month": (SERIES.drop(pd.Timestamp("2015-03-01")), "levels", "2015-03"),
    "out of order": (SERIES[::-1], "levels", "sort_index"),
    "a negative level": (SERIES - 100, "levels", "above zero"),
    "month ends": (SERIES.set_axis(SERIES.index + pd.offsets.MonthEnd()), "levels", "first day"),
    "prices": (100 * (1 + returns()).cumprod(), "returns", "pct_change"),
    "percent": (100 * returns(), "returns", "Divide"),
    "months as returns": (SERIES, "returns", "trading day"),
    "days as levels": ((1 + returns()).cumprod(), "levels", "by month"),
    "an unknown kind": (SERIES, "prices", "Use 'levels'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_series_that_is_not_of_its_kind_is_refused_with_the_mend(name):
    series, kind, mend = WRONG[name]
    with pytest.raises(UnusableInput, match=mend):
        study(series, ["2020-02-10"], kind=kind)


@pytest.mark.parametrize(
    "advice", ["text dates", "periods", "a time zone", "prices", "percent", "month ends"]
)
def test_the_advice_works(advice):
    series, kind, _ = WRONG[advice]
    mended = {
        "text dates": lambda: series.set_axis(pd.to_datetime(series.index)),
        "periods": lambda: series.set_axis(series.index.to_timestamp()),
        "a time zone": lambda: series.tz_localize(None),
        "prices": lambda: series.pct_change().dropna(),
        "percent": lambda: series / 100,
        "month ends": lambda: series.set_axis(series.index.to_period("M").to_timestamp()),
    }[advice]()
    assert study(mended, ["2020-02-10"], kind=kind).comparison.effect.n == 1


@pytest.mark.parametrize(
    ("day", "mend"),
    [("1999-01-01", "1999-01-01: its window"), ("soon", "2021-06-30"), ("2024-05-01", "window")],
)
def test_a_date_outside_the_series_is_named(day, mend):
    with pytest.raises(ValueError, match=mend):
        study(SERIES, [day], kind="levels")


@pytest.mark.parametrize(
    ("months", "days", "advised"),
    [(26, ["2016-02-01"], 3), (22, ["2015-12-01"], 1), (30, ["2016-02-01", "2016-08-01"], 5)],
)
def test_the_window_that_is_advised_leaves_enough_placebo_dates(months, days, advised):
    short = SERIES[:months].set_axis(pd.date_range("2015-01-01", periods=months, freq="MS"))
    with pytest.raises(UnusableInput, match=f"Fewer than 19 placebo dates .* Use window={advised}.$"):
        study(short, days, kind="levels")
    assert len(study(short, days, kind="levels", window=advised).comparison.placebo) >= 19
    # It is the longest one.
    with pytest.raises(UnusableInput, match=f"Use window={advised}"):
        study(short, days, kind="levels", window=advised + 1)


def test_the_days_that_are_advised_leave_enough_placebo_dates():
    short = returns()[:272]
    with pytest.raises(UnusableInput, match=r"Use window=\(0, 3\)\.$"):
        study(short, short.index[255], kind="returns", window=(0, 10))
    assert study(short, short.index[255], kind="returns", window=(0, 3)).comparison.effect.n == 1


def test_where_no_window_helps_more_history_does():
    with pytest.raises(UnusableInput, match=r"Begin the series earlier\.$"):
        study(SERIES["2020-01":"2021-06"], ["2020-10-01"], kind="levels")
    assert study(SERIES["2017-01":"2021-06"], ["2020-10-01"], kind="levels").comparison.effect.n == 1


@pytest.mark.parametrize(
    ("kind", "window"),
    [
        ("levels", (0, 2)),
        ("returns", 3),
        ("levels", 0),
        ("levels", True),
        ("returns", (2, 0)),
        ("returns", (0, 1, 2)),
    ],
)
def test_a_window_of_the_other_kind_is_refused(kind, window):
    series = SERIES if kind == "levels" else returns()
    with pytest.raises(UnusableInput, match="Levels take months"):
        study(series, ["2020-02-10"], kind=kind, window=window)


def test_two_dates_in_a_month_are_refused():
    with pytest.raises(UnusableInput, match="same month"):
        study(SERIES, ["2020-02-10", "2020-02-20"], kind="levels")


def test_a_file_is_read_with_its_gaps_and_blanks(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("month,sales\n2020-02,2\n2020-01, 1\n2020-03,NA\n", encoding="utf-8")
    series = read_series(path, date="month", value="sales")
    assert series.tolist() == [1.0, 2.0] and series.name == "own"


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        (b"date,value\n2020-01,1\n2020-13,2\n", "row 3 .2020-13, 2.: date is not written like 2024-03-15"),
        (b"date,value\n2020-01,1\n2020-02,1.234.5\n", "row 3 .*value is not written like 1234.5"),
        (b"day,value\n2020-01,1\n", "row 1: no column 'date' among day, value.*date='day'"),
        (b"date,value\n2020-01,1,234.5\n2020-02,2,234.5\n", "row 2: no values, or more than row 1"),
        (b"date,value\n2020-01,234.5\n2020-02,2,234.5\n", "in line 3, saw 3.*thousands"),
        (b"date,value\n", "row 2: no values"),
        (b"", "No columns"),
        ("date,größe\n2020-01,1\n".encode("latin-1"), "decode byte"),
    ],
)
def test_a_file_that_cannot_be_read_names_its_row(tmp_path, text, mend):
    path = tmp_path / "own.csv"
    path.write_bytes(text)
    with pytest.raises(BadFile, match=f"^own.csv.*{mend}"):
        read_series(path)


def test_a_date_that_comes_twice_is_refused(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("date,value\n2020-01,1\n2020-01,2\n", encoding="utf-8")
    with pytest.raises(UnusableInput, match="own.csv: the date 2020-01-01 appears twice"):
        read_series(path)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (b"\xef\xbb\xbfdate,value\n2020-01,1234.5\n", {}),
        (b"date;value\n2020-01;1234,5\n", {"sep": ";", "decimal": ","}),
        (b"date;value\n2020-01;1.234,5\n", {"sep": ";", "decimal": ",", "thousands": "."}),
        (b'date,value\n2020-01,"1,234.5"\n', {"thousands": ","}),
        (b'date,value\n2020-01,"1234,5"\n', {"decimal": ","}),
        (b"date\tvalue\n2020-01\t1 234.5\n", {"sep": "\t", "thousands": " "}),
        ("date,value,größe\n2020-01,1234.5,\n".encode("latin-1"), {"encoding": "latin-1"}),
    ],
)
def test_a_file_of_another_form_is_refused_until_the_form_is_given(tmp_path, text, form):
    path = tmp_path / "own.csv"
    path.write_bytes(text)
    if form:
        with pytest.raises(BadFile, match="^own.csv.*sep=.*decimal=.*thousands="):
            read_series(path)
    assert read_series(path, **form).tolist() == [1234.5]


@pytest.mark.parametrize("sign", ["negative", "positive"])
def test_a_margin_in_percent_is_that_of_the_claimed_direction(sign):
    fall = 0.3 if sign == "negative" else -0.6
    seen = {
        m: study(levels(fall), ["2020-02-10"], kind="levels", sign=sign, margin=m) for m in range(2, 60, 2)
    }
    mde = next(iter(seen.values())).comparison.effect.details["mde"]
    smallest = 100 * (1 - np.exp(-mde) if sign == "negative" else np.exp(mde) - 1)
    blind = {m for m, result in seen.items() if any("margin" in reason for reason in result.reasons)}
    assert {m for m in seen if m < smallest} <= blind
    assert not {m for m in blind if smallest < m < 25}


@pytest.mark.parametrize(("sign", "margin"), [("negative", 100), ("negative", 0), ("positive", -5)])
def test_a_margin_that_no_effect_can_have_is_refused(sign, margin):
    with pytest.raises(UnusableInput, match="Give a size above 0"):
        study(SERIES, ["2020-02-10"], kind="levels", sign=sign, margin=margin)


def test_a_model_does_not_confirm_itself():
    fell = returns(-0.3)
    alone = study(fell, "2022-06-01", kind="returns", sign="negative", margin=10)
    assert alone.word == "inconclusive" and "not met: every second estimator agrees" in alone.reasons
    market = pd.Series(np.random.default_rng(5).normal(0, 0.01, len(DAYS)), DAYS)
    beside = study(fell, "2022-06-01", kind="returns", sign="negative", margin=10, market=market)
    assert "not met: every second estimator agrees" not in beside.reasons


def test_one_date_need_not_stand_in_a_list():
    listed, bare = (study(SERIES, dates, kind="levels") for dates in (["2020-02-10"], "2020-02-10"))
    assert listed.comparison.effect == bare.comparison.effect


def test_a_window_may_be_a_list_or_a_number_of_numpy():
    given = study(returns(), ["2019-06-10"], kind="returns", window=[0, 2])
    written = study(returns(), ["2019-06-10"], kind="returns", window=(0, 2))
    assert given.comparison.effect.value == written.comparison.effect.value
    assert study(SERIES, ["2020-02-10"], kind="levels", window=np.int64(3)).comparison.effect.n == 1


def test_the_lead_holds_nothing_of_the_event():
    months = pd.date_range("2012-01-01", periods=96, freq="MS")
    noise = np.random.default_rng(3).normal(0, 0.01, 96)
    doubled = pd.Series(np.exp(noise + np.log(2) * (months >= "2017-06-01")), months)
    result = study(doubled, ["2017-06-10"], kind="levels", window=1)
    assert abs(result.comparison.lead.value) < 0.1
