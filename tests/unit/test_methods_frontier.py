"""Comparisons around talks and across a break. All data are simulated."""

import numpy as np
import pandas as pd
import pytest

from helpers.methods import frontier
from helpers.methods.checks import UnusableInput

SEED = 1


def monthly(step: float = 0.0) -> tuple[pd.Series, pd.DatetimeIndex]:
    index = pd.date_range("2010-01-01", "2024-12-01", freq="MS", name="period")
    dates = pd.DatetimeIndex(["2021-03-01", "2021-12-01", "2022-10-01", "2023-08-01"])
    logs = 0.02 * np.random.default_rng(SEED).standard_normal(len(index))
    for day in dates:
        logs += step * (index >= day)
    return pd.Series(np.exp(logs), index), dates


def quarters(first: str = "2012-03-31", n: int = 48) -> pd.DatetimeIndex:
    return pd.date_range(first, periods=n, freq="QE", name="period")


def grow(values, dates, **choices):
    base = {"length": 3, "delay": 0, "placebo_start": "2012-01", "guard": 5, "seed": SEED}
    return frontier.growth_around(values, dates, **(base | choices))


def test_growth_around_finds_a_step_and_nothing_where_there_is_none():
    found, nothing = grow(*monthly(0.3)), grow(*monthly())
    assert found.effect.low < 0.3 < found.effect.high and found.effect.p_value < 0.05
    assert nothing.effect.low < 0 < nothing.effect.high and nothing.effect.p_value > 0.05
    assert found.effect.n == 4 and len(found.leave_one_out) == 4
    assert abs(found.lead.value) < 0.05


def test_growth_around_is_the_log_ratio_of_three_month_means():
    values, dates = monthly(0.3)
    at = values.index.get_loc(dates[0])
    by_hand = np.log(values.iloc[at : at + 3].mean() / values.iloc[at - 3 : at].mean())
    assert grow(values, dates).rows["growth"].iloc[0] == pytest.approx(by_hand)


def test_events_without_full_windows_are_left_out_and_one_is_too_few():
    values, dates = monthly()
    late = dates.append(pd.DatetimeIndex(["2024-12-01"]))
    assert grow(values, late).effect.n == 4
    with pytest.raises(UnusableInput, match="full windows"):
        grow(values, late[-2:])
    with pytest.raises(UnusableInput, match="months"):
        grow(values.iloc[:0], dates)


def test_growth_change_finds_the_change_of_slope_per_year():
    index = quarters()
    late = np.arange(48) > 27
    slope = np.where(late, 0.5, 0.1) / 4
    level = pd.Series(np.cumsum(slope + 0.01 * np.random.default_rng(SEED).standard_normal(48)), index)
    found = frontier.growth_change(
        level, index[27], shortest=5, unit="log10 units a year", draws=199, seed=SEED
    )
    assert found.effect.low < 0.4 < found.effect.high
    assert found.effect.value == pytest.approx(0.4, abs=0.05)
    assert len(found.placebo) == 47 - 2 * 5


def test_release_change_is_the_log_ratio_of_the_totals():
    index = quarters(n=40)
    rng = np.random.default_rng(SEED)
    exposure = pd.Series(rng.poisson(12, 40) + 1.0, index)
    counts = pd.Series(rng.poisson(np.where(np.arange(40) < 20, 3, 9)).astype(float), index)
    found = frontier.release_change(counts, exposure, index[19], shortest=5)
    early, late = slice(0, 20), slice(20, 40)
    by_hand = np.log(counts[late].sum() / exposure[late].sum()) - np.log(
        counts[early].sum() / exposure[early].sum()
    )
    assert found.effect.value == pytest.approx(by_hand, abs=1e-6)
    assert set(found.leave_one_out) == {pd.Timestamp(year, 1, 1) for year in range(2012, 2022)}


@pytest.mark.parametrize("kind", ["Poisson", "growth"])
def test_shift_after_finds_planted_quarters(kind):
    index = quarters()
    real = index[[36, 38, 41, 44]]
    rng = np.random.default_rng(SEED)
    treated = index.isin(real)
    if kind == "growth":
        values = pd.Series(0.05 * rng.standard_normal(48) + 1.0 * treated, index)
    else:
        values = pd.Series(rng.poisson(np.where(treated, 40, 15)).astype(float), index)
    found = frontier.shift_after(values, real, index[[35, 37, 40, 43]], kind=kind, seed=SEED)
    truth = 1.0 if kind == "growth" else np.log(40 / 15)
    assert found.effect.low < truth < found.effect.high
    assert found.effect.p_value <= 1 / 19
    assert set(found.leave_one_out) == set(real)


def test_shift_after_refuses_too_few_quarters():
    index = quarters()
    values = pd.Series(np.arange(48.0) % 5, index)
    with pytest.raises(UnusableInput, match="after talks"):
        frontier.shift_after(values, index[[40]], index[[39]], kind="growth", seed=SEED)


def test_the_widest_interval_is_named():
    narrow, wide = grow(*monthly()), grow(*monthly(0.3))
    assert frontier.widest({"narrow": narrow, "wide": wide}) == "wide"


def test_a_break_outside_the_quarters_is_refused():
    index = quarters()
    level = pd.Series(np.random.default_rng(SEED).standard_normal(48), index)
    with pytest.raises(UnusableInput, match="not inside"):
        frontier.growth_change(level, pd.Timestamp("2030-12-31"), shortest=5, unit="", draws=199)


def test_readings_of_a_change_of_growth_agree_on_a_clean_bend():
    index = quarters()
    slope = np.where(np.arange(48) > 27, 0.5, 0.1) / 4
    level = pd.Series(np.cumsum(slope) + 0.01 * np.random.default_rng(SEED).standard_normal(48), index)
    found = frontier.growth_readings(level, index[27], unit="log10 units a year", draws=199, seed=SEED)
    assert [one.value for one in found.values()] == pytest.approx([0.4] * 3, abs=0.03)


def test_a_step_in_the_log_ratio_of_two_counts_is_found():
    index = quarters()
    rng = np.random.default_rng(SEED)
    exposure = pd.Series(rng.poisson(200, 48).astype(float), index)
    counts = pd.Series(rng.poisson(np.where(np.arange(48) > 23, 200, 100)).astype(float), index)
    found = frontier.log_ratio_change(counts, exposure, index[23], draws=199, seed=SEED)
    assert found.low < np.log(2) < found.high


def test_a_bent_trend_is_no_shift_after_talks():
    index = quarters()
    rate = 50 * np.exp(0.05 * np.minimum(np.arange(48), 30))
    counts = pd.Series(np.random.default_rng(SEED).poisson(rate).astype(float), index)
    late = index[[36, 39, 42, 46]]
    bent = frontier.counts_after(counts, late, index[30])
    assert bent.low < 0 < bent.high
    assert frontier.shift_after(counts, late, late, kind="Poisson", seed=SEED).effect.high < 0
    assert frontier.counts_after(counts[30:], late).low < 0 < frontier.counts_after(counts[30:], late).high


def test_seasons_are_no_shift_after_talks():
    index = quarters()
    rate = np.where(index.quarter == 4, 80, 40)
    counts = pd.Series(np.random.default_rng(SEED).poisson(rate).astype(float), index)
    last_quarters = index[[27, 35, 39, 43]]
    assert frontier.counts_after(counts, last_quarters).low > 0
    adjusted = frontier.counts_after(counts, last_quarters, index[30], season="dummies")
    assert adjusted.low < 0 < adjusted.high


def models_of(*rows):
    table = pd.DataFrame(rows, columns=["model", "date", "training_compute_flop"])
    return table.assign(date=pd.to_datetime(table["date"]))


def test_records_are_the_models_above_all_earlier_ones():
    models = models_of(
        ("late", "2021-03-01", 50.0),
        ("first", "2020-01-01", 10.0),
        ("lower", "2020-06-01", 5.0),
        ("?", "2020-07-01", None),
    )
    assert frontier.records_of(models)["model"].tolist() == ["first", "late"]


def test_the_gap_without_a_model_falls_back_on_the_record_before_it():
    china = models_of(("a", "2020-01-01", 1e20), ("b", "2020-05-01", 1e22))
    states = models_of(("x", "2020-01-01", 1e23))
    ends = pd.DatetimeIndex(["2020-03-31", "2020-06-30"])
    assert frontier.gap_without("none", china, states, ends).tolist() == pytest.approx([-3, -1])
    assert frontier.gap_without("b", china, states, ends).tolist() == pytest.approx([-3, -3])
