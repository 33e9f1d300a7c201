"""The estimators of notebooks 09 and 01, run on small calendars whose answer can be worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from cells import Cells
from scipy import stats

from helpers.methods.checks import UnusableInput
from helpers.methods.rates import rate_ratio

RESTRAINT, SUMMITS = Cells("09_restraint"), Cells("01_summits_and_controls")
ESTIMATORS = (
    "rate-path",
    "means",
    "changes",
    "distance",
    "random-days",
    "months",
    "jackknife",
    "count",
)
SPAN = (pd.Timestamp("2021-01-01"), pd.Timestamp("2022-12-31"))


def in_year(days, year=2021):
    return pd.Timestamp(f"{year}-01-01") + pd.to_timedelta(days, unit="D")


@pytest.fixture(scope="module")
def names():
    setting = {"span": SPAN, "draws": 999, "seed": 1, "path_days": 20, "path_bin": 10}
    RESTRAINT.run(setting, "setup", until="figures.apply_style()")
    return RESTRAINT.run(setting, *ESTIMATORS)


def ratio(events, dates):
    return rate_ratio(events, dates, window=(1, 10), leads=(-10, -1), span=SPAN, draws=999, seed=1)


def test_the_jackknife_has_the_dates_as_its_unit(names):
    meetings = in_year([50, 100, 150, 200])
    events = in_year([51, 52, 101, 151, 152, 153, 201, 10, 20, 30, 250, 260, 270, 280, 290, 300])
    result = ratio(events, meetings)
    logs = np.log([estimate.value for estimate in result.leave_one_out.values()])
    se = np.sqrt(3 / 4 * ((logs - logs.mean()) ** 2).sum())
    jack = names["jackknife_ratio"](result)
    assert (jack.value, jack.n) == (result.effect.value, 4)
    assert np.log(jack.high / jack.low) == pytest.approx(2 * stats.t.ppf(0.975, 3) * se)
    assert jack.details["se_log"] == pytest.approx(se)
    with pytest.raises(UnusableInput, match="logarithm"):
        names["jackknife_ratio"](ratio(in_year([5, 300]), meetings))


def test_the_path_counts_each_bin_against_the_rate_of_its_own_year(names):
    events = [*in_year([80, 89, 90, 99, 100, 101, 110, 111, 120, 121]), *in_year([10], 2022)]
    path = names["rate_path"](events, in_year([100]))
    assert path[["first", "last"]].to_numpy().tolist() == [[-20, -11], [-10, -1], [1, 10], [11, 20]]
    # The first and the last day of each bin belong to it; the date itself and day 21 to none.
    assert path["observed"].tolist() == [2, 2, 2, 2]
    assert path["expected"].to_numpy() == pytest.approx(10 * 10 / 365)
    assert (path["low"] <= path["high"]).all()
    with pytest.raises(UnusableInput, match="Too few dates"):
        names["rate_path"](events, [])


def test_the_percentile_in_months_enumerates_every_set_of_months(names):
    values = pd.Series(range(20), index=pd.date_range("2021-01-01", periods=20, freq="MS"), dtype=float)
    days = pd.to_datetime(["2022-07-05", "2022-08-09", "2022-08-20", "2030-01-01"])  # the two highest months
    result = names["percentile_in_months"](values, days)
    assert result.effect.n == 2
    assert result.effect.value == pytest.approx((18.5 + 19.5) / 2 / 20)
    assert result.effect.p_value == pytest.approx(2 / 190)
    assert result.placebo.max() == pytest.approx(result.effect.value)
    assert result.lead.value == pytest.approx((17.5 + 18.5) / 2 / 20) and result.lead.p_value is None
    with pytest.raises(UnusableInput, match="months with a value"):
        names["percentile_in_months"](values, days[:1])


def test_counts_in_windows(names):
    events = in_year([39, 40, 99, 100, 101, 139, 140, 150, 199, 200])
    result = names["count_in_windows"](events, in_year([100, 200]), (-60, -1))
    assert result.rows["count"].tolist() == [2, 3]
    assert result.effect.value == 2.5
    assert result.leave_one_out == {}
    with pytest.raises(UnusableInput, match="2022-12-20"):
        names["count_in_windows"](events, pd.to_datetime(["2021-05-01", "2022-12-20"]), (1, 60))


def test_days_to_the_nearest_event_skip_the_same_announcement(names):
    events, talks = in_year([100, 130, 250]), in_year([100, 245])
    plain = names["days_to_nearest"](talks, events, [])
    apart = names["days_to_nearest"](talks, events, [(talks[0], events[0])])
    assert plain.rows["days"].tolist() == [0, 5]
    assert apart.rows["days"].tolist() == [30, 5]
    # Of the 365 days of the year; the event of day 100 is a neighbour of the second date only.
    days = np.arange(365)
    usual = [np.abs(days[:, None] - near).min(axis=1).mean() for near in ([130, 250], [100, 130, 250])]
    assert apart.rows["days_random"].tolist() == pytest.approx(usual)
    assert apart.effect.value == pytest.approx(17.5 / np.mean(usual) - 1)
    assert plain.effect.value < apart.effect.value
    with pytest.raises(UnusableInput, match="Too few dates"):
        names["days_to_nearest"]([], events, [])


def test_the_best_cut_pays_for_its_choice():
    setting = SUMMITS.run({}, "setup", until="figures.apply_style()")
    best_cut = SUMMITS.run(setting, "best-cut")["best_cut"]

    clear = best_cut(np.array([False] * 6 + [True] * 5))
    assert clear.value == 1
    assert clear.p_value == pytest.approx(1 / 462)  # no other order has so large a rise anywhere
    blurred = best_cut(np.array([False, True, False, True]))
    # 0011, 0101, 0110 and 1001 each have a cut with a rise of two thirds or more.
    assert blurred.value == pytest.approx(2 / 3) and blurred.p_value == pytest.approx(4 / 6)
    for same in (True, False):
        assert best_cut(np.array([same, same])).p_value == 1


def test_kappa_of_two_codings_is_agreement_beyond_chance():
    setting = SUMMITS.run({}, "setup", until="figures.apply_style()")
    agreement = SUMMITS.run(setting, "codings", until="DIMENSIONS")["agreement"]
    first = pd.Series(list("aaaabbbb") + ["", "a"], [f"e{number}" for number in range(10)])
    second = pd.Series(list("aaabbbba") + ["a", ""], first.index)
    row = agreement(first, second.iloc[::-1])
    assert row["Events"] == 8
    assert (row["Equal"], row["Kappa"]) == pytest.approx((0.75, 0.5))
    assert agreement(first.iloc[:4], first.iloc[:4])["Kappa"] is None


def test_an_episode_counts_on_its_first_day(names):
    rows = pd.DataFrame({"date": in_year([30, 10, 17, 24, 24, 60])})
    setting = dict(names) | {"last": pd.Timestamp("2026-08-24")}
    episodes_of = RESTRAINT.run(setting, "lists", until="lists = ")["episodes_of"]
    assert list(episodes_of(rows, 7)) == list(in_year([10, 60]))
    assert list(episodes_of(rows, 0)) == list(in_year([10, 17, 24, 30, 60]))


def test_a_step_at_meetings_is_seen_and_none_elsewhere(names):
    rng = np.random.default_rng(5)
    step = pd.Series(rng.normal(0, 0.1, 120), pd.date_range("2013-01-01", periods=120, freq="MS"))
    days = step.index[[3, 20, 33, 50, 70, 90]] + pd.Timedelta(days=12)
    months = days.to_period("M").to_timestamp()
    around = RESTRAINT.run(dict(names) | {"meeting_months": months}, "obama")["around_meetings"]
    assert around(step, days)[3] > 0.05
    value, low, high, p_value, meetings = around(step + 0.5 * step.index.isin(months), days)
    assert low < 0.5 < high and p_value < 0.01 and meetings == 6
    with pytest.raises(UnusableInput, match="meetings"):
        around(step, days[:2])
