"""Counts and rates around dates, on small simulated calendars whose answer can be worked out by hand."""

from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from notebook_functions import functions_of
from scipy import stats
from statsmodels.stats.power import TTestPower

from helpers.methods import rates
from helpers.methods.checks import UnusableInput
from helpers.methods.placebo import placebo_p
from helpers.methods.rates import (
    Span,
    counts_at,
    exact_tails,
    rate_ratio,
    share_difference,
)

RESTRAINT = functions_of("09_restraint")
SPAN = ("2021-01-01", "2022-12-31")
DRAW = {"span": SPAN, "draws": 999, "seed": 1}


def in_year(days, year=2021):
    return pd.Timestamp(f"{year}-01-01") + pd.to_timedelta(days, unit="D")


def ratio(events, dates, **changes):
    return rate_ratio(events, dates, **{"window": (1, 10), "leads": (-10, -1), **DRAW, **changes})


def test_one_year_ratio_is_the_ratio_of_rates_with_the_clopper_pearson_interval():
    meetings = in_year([100])
    events = in_year([101, 105, 110, 20, 40, 60, 200, 300])  # three inside ten days, five in the other 355
    with patch.object(rates, "dispersion", lambda span, counts: (1.0, np.inf)):
        result = ratio(events, meetings)
    assert result.effect.value == pytest.approx((3 / 10) / (5 / 355))
    odds = [stats.beta.ppf(0.025, 3, 6), stats.beta.ppf(0.975, 4, 5)]
    low, high = [share / (1 - share) * 355 / 10 for share in odds]
    assert result.effect.low == pytest.approx(low, rel=1e-6)
    assert result.effect.high == pytest.approx(high, rel=1e-6)
    assert result.effect.p_value < 0.05


def test_exact_tails_are_those_of_a_binomial():
    result = ratio(in_year([101, 105, 110, 20, 40, 60, 200, 300]), in_year([100]))
    tail = exact_tails(result.rows)
    share = [times * 10 / (times * 10 + 355) for times in (0.5, 40)]
    # Three of eight lie inside: as many or more, as many or fewer.
    assert tail(np.log(0.5), 1) == pytest.approx(stats.binom.sf(2, 8, share[0]))
    assert tail(np.log(40), -1) == pytest.approx(stats.binom.cdf(3, 8, share[1]))


def test_bursts_widen_the_interval_and_the_tails_as_much():
    span, events = Span.between("2021-01-01", "2021-12-31"), [101, 103, 105, 150, 151, 152, 240, 241, 242]
    counts = span.counts(in_year(events), "events")
    factor, df = rates.dispersion(span, counts)
    expected = 9 * span.index.days_in_month.to_series().groupby(span.index.month).first() / 365
    seen = pd.Series(counts).groupby(span.index.month).sum()
    assert (factor, df) == (pytest.approx(((seen - expected) ** 2 / expected).sum() / 11), 11)
    assert factor > 1.5 and rates.dispersion(span, np.ones(365))[0] == 1
    result = ratio(in_year(events), in_year([100]))
    tail = exact_tails(result.rows, factor, df)
    assert tail(np.log(result.effect.low), 1) == pytest.approx(0.025)
    assert exact_tails(result.rows)(np.log(result.effect.low), 1) < 0.025


def test_the_first_and_the_last_day_of_a_window_count_and_their_neighbours_do_not():
    meetings, window = in_year([100, 200]), (1, 10)
    for day, inside in ((100, 0), (101, 1), (110, 1), (111, 0)):
        result = ratio(in_year([day, 300]), meetings, window=window)
        assert result.rows.loc[2021, "events_inside"] == inside
        span = Span.between(*SPAN)
        counts, days = span.counts(in_year([day]), "events"), span.days(meetings, "dates")
        assert counts_at(counts, days, window).tolist() == [inside, 0]


def test_the_ends_of_the_span_belong_to_it():
    span = Span.between(*SPAN)
    ends = pd.to_datetime(SPAN)
    assert span.days(ends, "dates").tolist() == [0, 729]
    assert span.counts(ends, "events")[[0, -1]].tolist() == [1, 1]
    for outside in (ends[0] - pd.Timedelta(days=1), ends[1] + pd.Timedelta(days=1)):
        with pytest.raises(UnusableInput, match="outside the data"):
            span.days([outside], "dates")
    span.inside(np.array([5, 719]), (-5, 10))  # from the first day to the last
    with pytest.raises(UnusableInput, match="2021-01-05"):
        span.inside(np.array([4, 719]), (-5, 10))
    with pytest.raises(UnusableInput, match="2022-12-22"):
        span.inside(np.array([5, 720]), (-5, 10))


def test_placebo_days_are_all_days_of_the_year_with_full_windows():
    span, days = Span.between(*SPAN), np.array([100, 500])
    sets = span.placebo_sets(days, draws=20_000, seed=1, window=(-20, 10))
    # The outermost days whose windows lie in the span, each in its year, the real ones among them.
    assert np.unique(sets[:, 0]).tolist() == list(range(20, 365))
    assert np.unique(sets[:, 1]).tolist() == list(range(365, 720))


def test_placebo_sets_of_equal_draws_are_equal_for_equal_seeds():
    span, days = Span.between(*SPAN), np.array([100, 500])
    first, again, other = (span.placebo_sets(days, draws=99, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_denser_listing_in_a_later_year_is_not_an_effect():
    events = list(in_year(range(0, 360, 60))) + list(in_year(range(0, 360, 4), 2022))
    result = ratio(events, in_year([30, 150], 2022), window=(1, 60), leads=(-20, -1))
    assert result.effect.value == pytest.approx(1, abs=0.15)
    assert list(result.rows.index) == [2022]
    assert result.effect.low < 1 < result.effect.high


def test_overlapping_windows_count_a_day_once_and_a_cut_window_keeps_its_exposure():
    overlapping = ratio(in_year([5, 150]), in_year([100, 104]))
    assert overlapping.rows.loc[2021, "days_inside"] == 14
    cut = ratio(in_year([5, 150], 2022), pd.to_datetime(["2022-12-26"]))
    assert cut.rows.loc[2022, "days_inside"] == 5
    assert cut.effect.value == 0
    assert cut.effect.low == 0
    assert np.isfinite(cut.effect.high)


def test_a_window_over_new_year_is_compared_with_both_years():
    result = ratio(in_year([5, 150]), pd.to_datetime(["2021-12-28"]))
    assert result.rows["days_inside"].tolist() == [3, 7]


def test_leaving_out_the_only_eventful_meeting_removes_the_effect():
    meetings = in_year([100, 200])
    result = ratio(in_year([101, 102, 103, 20, 300]), meetings)
    assert result.leave_one_out[meetings[0]].value == 0
    assert result.leave_one_out[meetings[1]].value > result.effect.value


def test_more_events_lower_the_detectable_ratio():
    few = ratio(in_year(range(0, 360, 60)), in_year([100, 200]))
    many = ratio(in_year(range(0, 360, 5)), in_year([100, 200]))
    assert 1 < many.effect.details["mde"] < few.effect.details["mde"]


def test_placebo_p_values_are_roughly_uniform_under_the_null():
    rng = np.random.default_rng(4)
    p_values = []
    for seed in range(60):
        events = in_year(rng.choice(365, 40, replace=False))
        p_values.append(
            ratio(events, in_year(rng.choice(330, 3, replace=False)), draws=199, seed=seed).effect.p_value
        )
    assert 0.25 < np.mean(np.array(p_values) < 0.5) < 0.75


def test_days_near_the_real_dates_belong_to_the_placebo_days():
    """Kept away from them, placebo windows hold what the real ones left over: too many nulls are rejected."""
    span, rng = Span.between("2021-01-01", "2021-12-31"), np.random.default_rng(8)
    days, window, p_values = np.array([100, 250]), (1, 60), {0: [], 60: []}
    for seed in range(150):
        counts = np.bincount(rng.choice(365, 25), minlength=365)
        every = span.placebo_sets(days, draws=999, seed=seed, window=window)
        distance = np.abs(every[:, :, None] - days).min(axis=(1, 2))
        for guard, values in p_values.items():
            sets = every[distance > guard] if guard else every
            means = counts_at(counts, sets, window).mean(axis=1)
            values.append(placebo_p(means, counts_at(counts, days, window).mean()))
    sizes = {guard: np.mean(np.array(values) <= 0.05) for guard, values in p_values.items()}
    assert sizes[0] < 0.1 < sizes[60]


def test_placebo_draws_with_every_event_inside_rank_above_all_others():
    events = in_year([101, 102, 103, 104, 160])
    result = ratio(events, in_year([200]), window=(1, 90), leads=(-5, -1))
    assert np.isinf(result.placebo).any()
    assert result.effect.value == 0
    assert 0.3 < result.effect.p_value <= 1


def test_many_events_over_many_years_give_a_finite_interval_without_warnings(recwarn):
    span = ("2001-01-01", "2020-12-31")
    dates = pd.to_datetime([f"{year}-06-01" for year in range(2001, 2020)])
    events = pd.date_range("2001-01-01", "2020-12-31", freq="9D")
    result = ratio(events, dates, span=span)
    assert result.effect.low < 1 < result.effect.high
    assert not recwarn.list


def test_change_around_subtracts_and_leaves_anticipation_out():
    eased, tightened = in_year([105, 205, 305]), in_year([95, 99, 195, 295])
    settings = {"added": eased, "subtracted": tightened, "length": 10, **DRAW}
    result = RESTRAINT.change_around(in_year([100, 200, 300]), anticipation=0, **settings)
    assert result.rows["change"].tolist() == [3, 2, 2]
    assert result.effect.details["sign_flip_p_value"] == pytest.approx(2 / 8)
    shifted = RESTRAINT.change_around(in_year([100, 200, 300]), anticipation=3, **settings)
    assert shifted.rows["change"].tolist() == [2, 2, 2]
    assert (shifted.effect.low, shifted.effect.high) == (-np.inf, np.inf)


@pytest.mark.parametrize("anticipation", [0, 3])
def test_a_change_counts_the_ends_of_both_windows_and_not_the_day_itself(anticipation):
    dates = in_year([100, 200, 300])
    last, first = 100 - 1 - anticipation, 100 - 10 - anticipation
    added = in_year([100, 101, 110, 111])
    taken = in_year([first - 1, first, last, last + 1, 100])
    settings = {"added": added, "subtracted": taken, "length": 10, "anticipation": anticipation, **DRAW}
    rows = RESTRAINT.change_around(dates, **settings).rows
    assert rows["after"].tolist() == [2, 0, 0]
    assert rows["before"].tolist() == [-2, 0, 0]


def test_intervals_over_dates_are_t_on_dates_minus_one():
    eased = in_year([105, 106, 205, 305, 306, 307])
    result = RESTRAINT.change_around(
        in_year([100, 200, 300]), added=eased, subtracted=[], length=10, anticipation=0, **DRAW
    )
    change = np.array([2, 1, 3])
    expected = stats.t.interval(0.95, 2, 2, change.std(ddof=1) / np.sqrt(3))
    assert (result.effect.low, result.effect.high) == pytest.approx(expected)
    left_out = next(iter(result.leave_one_out.values()))
    expected = stats.t.interval(0.95, 1, 2, np.sqrt(2) / np.sqrt(2))
    assert (left_out.low, left_out.high) == pytest.approx(expected)


def test_a_pile_of_tightening_before_each_meeting_shows_as_a_lead():
    tightened = in_year([95, 96, 97, 195, 196, 197, 294, 295])
    result = RESTRAINT.change_around(
        in_year([100, 200, 300]), added=[], subtracted=tightened, length=10, anticipation=0, **DRAW
    )
    assert result.effect.value > 0
    assert result.lead.high < 0
    assert len(result.leave_one_out) == 3


def test_shares_before_and_after():
    result = share_difference(count_before=0, total_before=6, count_after=5, total_after=5)
    assert result.value == 1
    assert result.p_value == pytest.approx(1 / 462)  # one arrangement of five in eleven
    with pytest.raises(UnusableInput, match="not a share"):
        share_difference(count_before=7, total_before=6, count_after=5, total_after=5)


@pytest.mark.parametrize(
    ("events", "dates", "changes", "message"),
    [
        (in_year([5]), pd.to_datetime(["2030-01-01"]), {}, "outside the data"),
        (in_year([5]), in_year([100, 100]), {}, "twice"),
        (in_year([5]), pd.DatetimeIndex(["2021-04-01"], tz="UTC"), {}, "[Tt]ime zone"),
        (in_year([5]), pd.DatetimeIndex(["2021-04-01", None]), {}, "missing dates"),
        (in_year([5]), [], {}, "Too few dates"),
        (in_year([101]), in_year([100]), {}, "no event outside"),
        (in_year([5]), in_year([100]), {"window": (10, 1)}, "window"),
        (in_year([5]), in_year([100]), {"span": ("2022-01-01", "2021-01-01")}, "span"),
        (in_year([5]), in_year([100]), {"span": ("2021-01-01", "2021-01-01")}, "span 2021"),
    ],
)
def test_unusable_input_is_refused(events, dates, changes, message):
    with pytest.raises(UnusableInput, match=message):
        ratio(events, dates, **changes)


def test_bursts_raise_the_detectable_ratio():
    single = ratio(in_year(range(0, 360, 12)), in_year([100, 200]), window=(1, 60)).effect.details
    burst = ratio(in_year([30, 100, 170, 240, 310] * 6), in_year([100, 200]), window=(1, 60)).effect.details
    assert burst["mde"] == burst["mde_placebo"] > burst["mde_independent"]
    assert single["mde"] == max(single["mde_placebo"], single["mde_independent"])
    assert burst["mde_below"] == 1 / burst["mde"]


def test_the_detectable_effect_is_the_larger_of_interval_and_placebo():
    span, dates = Span.between(*SPAN), in_year([50, 150, 250])
    days = span.days(dates, "dates")
    sets = span.placebo_sets(days, draws=999, seed=1)

    def details(events):
        counts = span.counts(in_year(events), "events")
        result = RESTRAINT.compare_means(
            dates, lambda members: counts_at(counts, members, (-10, -1)), days, np.clip(sets, 10, None),
            rows=pd.DataFrame(), unit="events", method="mean",
        )  # fmt: skip
        return result.effect.details, result.placebo

    uneven, means = details([41, 42, 43, 44, 45, 149, 20, 100, 200, 300])  # 5, 1 and 0 in the windows
    spread = np.std([5, 1, 0], ddof=1)
    by_t = TTestPower().solve_power(nobs=3, alpha=0.025, power=0.8, alternative="larger") * spread
    assert uneven["mde_interval"] == pytest.approx(by_t)
    normal = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    assert uneven["mde_placebo"] == pytest.approx(normal * means.std())
    assert uneven["mde"] == max(by_t, uneven["mde_placebo"]) == by_t
    equal, _ = details([45, 145, 245, 300])
    assert "mde_interval" not in equal and equal["mde"] == equal["mde_placebo"]
