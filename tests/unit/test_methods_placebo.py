"""Placebo dates, sign flips, label permutations and multiplicity. All series here are simulated."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from notebook_functions import functions_of
from scipy import stats

from helpers.methods import placebo
from helpers.methods.checks import UnusableInput, WrongCall
from helpers.methods.placebo import label_permutation, placebo_dates, placebo_p, sign_flips

MONTHS = pd.date_range("2010-01-01", periods=144, freq="MS")
EVENTS = ["2012-05-01", "2015-11-01", "2018-03-01"]


def statistic(seed=0):
    values = pd.Series(np.random.default_rng(seed).normal(size=144), MONTHS)
    values.iloc[[0, 1, 2, -1, -2]] = np.nan
    return values


def test_an_extreme_event_has_the_smallest_p_and_a_usual_one_does_not():
    values = statistic()
    values["2015-11-01"] = 99.0
    extreme = placebo_dates(values, ["2015-11-01"], guard=3, seed=1)
    assert extreme.exact and extreme.pool == 144 - 5 - 7
    assert extreme.p_value == pytest.approx(1 / (1 + extreme.pool))
    assert extreme.record()["placebo_rank"] == 1.0
    values["2015-11-01"] = extreme.distribution.mean()
    assert placebo_dates(values, ["2015-11-01"], guard=3, seed=1).p_value == 1.0


@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_one_sided(alternative):
    values = statistic()
    values["2015-11-01"] = 99.0
    p = placebo_dates(values, ["2015-11-01"], guard=3, alternative=alternative, seed=1).p_value
    assert p == pytest.approx(1 / 133) if alternative == "greater" else p == 1.0


def recorded_sets(same, apart=0, guard=3, events=EVENTS):
    """Sets of rows that the events are compared with, and the rows of the events."""
    real = MONTHS.get_indexer(pd.to_datetime(events))
    pool = placebo.candidate_rows(statistic().to_numpy(), real, guard)
    sets, _ = placebo.date_sets(pool, np.sort(real), apart=apart, same=same, seed=7)
    return sets, real


@pytest.mark.parametrize("same", ["none", "spacing"])
def test_placebo_sets_obey_the_constraints(same):
    sets, real = recorded_sets(same)
    assert np.abs(sets[:, :, None] - real).min() > 3
    assert sets.min() >= 3 and sets.max() < 142
    assert (np.diff(np.sort(sets, axis=1), axis=1) > 0).all()
    if same == "spacing":
        assert (np.diff(sets, axis=1) == np.diff(real)).all()
        # Every shift is there whose members are all far from the events and have a statistic.
        pool = [row for row in range(3, 142) if np.abs(row - real).min() > 3]
        shifts = [shift for shift in range(-144, 145) if {*(real + shift)} <= {*pool}]
        assert (sets[:, 0] - real[0]).tolist() == shifts


def test_enumerated_sets_are_all_sets_once():
    sets, _ = recorded_sets("none", apart=5)
    assert len(np.unique(np.sort(sets, axis=1), axis=0)) == len(sets)
    assert np.diff(np.sort(sets, axis=1), axis=1).min() == 6


def test_many_events_are_drawn_reproducibly():
    values = statistic()
    events = MONTHS[10:130:12]
    first, again, other = (placebo_dates(values, events, guard=1, apart=2, seed=seed) for seed in (3, 3, 4))
    assert not first.exact and len(first.distribution) == 9_999
    assert np.array_equal(first.distribution, again.distribution)
    assert not np.array_equal(first.distribution, other.distribution)
    assert first.p_value >= 1 / 10_000


def test_draws_agree_with_enumeration(monkeypatch):
    values = statistic()
    exact = placebo_dates(values, EVENTS, guard=3, seed=1)
    monkeypatch.setattr("helpers.methods.placebo.ENUMERATE_UP_TO", 10)
    drawn = placebo_dates(values, EVENTS, guard=3, seed=1)
    assert exact.exact and not drawn.exact
    assert drawn.p_value == pytest.approx(exact.p_value, abs=0.015)


def test_size_under_the_null():
    p = [placebo_dates(statistic(seed), ["2015-11-01"], guard=3, seed=1).p_value for seed in range(400)]
    assert abs(np.mean(np.array(p) <= 0.05) - 0.05) < 2.6 * np.sqrt(0.05 * 0.95 / 400)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"events": ["2010-01-01"]}, "has no statistic"),
        ({"events": ["2015-11-02"]}, "not a row"),
        ({"events": ["2015-11-01"] * 2}, "twice"),
        ({"events": []}, "Too few events"),
        ({"guard": 60}, "Too few placebo"),
        ({"alternative": "bigger"}, "alternative"),
        ({"events": MONTHS[10:130:10], "apart": 30}, "Lower `apart`"),
    ],
)
def test_impossible_requests_are_refused(arguments, message):
    with pytest.raises((UnusableInput, WrongCall), match=message):
        placebo_dates(statistic(), **{"events": EVENTS, "guard": 3, "seed": 1} | arguments)


def test_placebo_p_counts_ties_and_refuses_gaps():
    values = np.arange(-10.0, 11)
    assert placebo_p(values, 10.0) == placebo_p(values, 10.0 + 1e-15) == pytest.approx(3 / 22)
    with pytest.raises(UnusableInput, match="missing"):
        placebo_p(np.array([1.0, np.nan]), 1.0)
    with pytest.raises(UnusableInput, match="at least 19"):
        placebo_p(np.arange(5.0), 1.0)
    with pytest.raises(WrongCall, match="standard errors"):
        placebo_p(values, 1.0, errors=np.ones(21))


def test_placebo_p_is_the_distance_from_the_placebo_mean():
    values = np.arange(-10.0, 11)
    assert placebo_p(values + 5, 13.0) == placebo_p(values, 8.0) == placebo_p(values, -8.0) == 7 / 22
    assert placebo_p(values, 8.0, alternative="greater") == 4 / 22
    assert placebo_p(values, 8.0, alternative="less") == 20 / 22
    assert placebo_p(values, 8.0, exact=True) == 6 / 21
    skewed = np.append(values, 99.0)
    assert placebo_p(skewed, 20.0) == 2 / 23


def test_an_infinite_placebo_value_is_as_far_off_as_the_farthest_finite_one():
    values = np.append(np.arange(-10.0, 11), [np.inf, -np.inf])
    assert placebo_p(values, 10.0) == placebo_p(values, -np.inf) == (1 + 2 + 2) / 24
    # Many windows without an event do not hide a high rate.
    assert placebo_p(np.append(np.full(70, -np.inf), np.linspace(-1, 1, 29)), 3.0) == 1 / 100


def test_placebo_p_in_standard_errors_does_not_take_noisier_dates_for_an_effect():
    rng = np.random.default_rng(1)
    quiet = rng.normal(size=(999, 12))
    errors, p_values = quiet.std(axis=1, ddof=1) / np.sqrt(12), []
    for _ in range(300):
        noisy = 1.5 * rng.normal(size=12)
        error = noisy.std(ddof=1) / np.sqrt(12)
        plain = placebo_p(quiet.mean(axis=1), noisy.mean())
        p_values.append((plain, placebo_p(quiet.mean(axis=1), noisy.mean(), errors=errors, error=error)))
    raw, studentised = (np.array(p_values) <= 0.05).mean(axis=0)
    assert raw > 0.12 and studentised < 0.08
    # Equal values have no error: the farthest of all, or none.
    assert placebo_p(np.zeros(19), 1.0, errors=np.zeros(19), error=0.0) == 1 / 20
    assert placebo_p(np.zeros(19), 0.0, errors=np.zeros(19), error=0.0) == 1


def test_sign_flips_equal_scipy_and_are_drawn_for_many_effects():
    effects = np.random.default_rng(2).normal(0.4, 1, 9)
    scipy = stats.permutation_test((effects,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert sign_flips(effects, seed=1).p_value == pytest.approx(scipy.pvalue)
    many = sign_flips(np.random.default_rng(2).normal(0.1, 1, 40), seed=1)
    assert not many.exact and 0 < many.p_value < 1


def test_label_permutation_equals_scipy():
    rng = np.random.default_rng(3)
    values, labels = rng.normal(size=14), np.arange(14) < 5
    values[labels] += 0.8
    scipy = stats.permutation_test(
        (values[labels], values[~labels]),
        lambda x, y, axis: x.mean(axis=axis) - y.mean(axis=axis),
        n_resamples=np.inf,
        alternative="greater",
    )
    ours = label_permutation(values, labels, "greater", seed=1)
    assert ours.exact and ours.p_value == pytest.approx(scipy.pvalue)
    drawn = label_permutation(np.arange(60.0), np.arange(60) % 2 == 0, seed=1)
    assert not drawn.exact and drawn.p_value > 0.5
    with pytest.raises(UnusableInput, match="one label per value"):
        label_permutation(values, labels[:-1], seed=1)
    with pytest.raises(UnusableInput, match="smaller group"):
        label_permutation(values, np.ones(14, dtype=bool), seed=1)


def test_results_speak():
    result = placebo_dates(statistic(), EVENTS, guard=3, seed=1)
    assert "more than 3 rows" in result.method
    assert result.record()["n"] == 3 and len(result.summary()) == 1


def test_romano_wolf_is_monotone():
    romano_wolf = functions_of("05_market_reaction").romano_wolf
    rng = np.random.default_rng(4)
    t = pd.Series([3.0, 1.0, 2.0], ["a", "b", "c"])
    draws = pd.DataFrame(rng.normal(size=(999, 3)), columns=["c", "a", "b"])
    table = romano_wolf(t, draws)
    assert (table["p_romano_wolf"] >= table["p_raw"]).all()
    assert table["p_romano_wolf"].loc[["a", "c", "b"]].is_monotonic_increasing


def test_spaced_sets_are_drawn_uniformly_and_as_far_apart_as_asked():
    pool = np.array([0, 1, 2, 4, 5, 8, 9, 10, 13])
    drawn = placebo._draw_spaced(pool, 3, 2, seed=5)
    every = [rows for rows in combinations(pool.tolist(), 3) if min(np.diff(rows)) > 2]
    found, counts = np.unique(drawn, axis=0, return_counts=True)
    assert sorted(map(tuple, found.tolist())) == every
    expected = len(drawn) / len(every)
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)
    with pytest.raises(UnusableInput, match="No 6 placebo dates"):
        placebo._draw_spaced(pool, 6, 2, seed=5)


@pytest.mark.parametrize("apart", [None, 2])
def test_sets_of_the_same_years_stay_in_the_pool_and_in_their_years(apart):
    days = pd.bdate_range("2018-01-01", periods=1500)
    events = np.array([200, 210, 330, 460, 1240])
    pool = placebo.candidate_rows(np.zeros(1500), events, 3)
    sets = placebo.same_year_sets(days, pool, events, apart=apart, draws=4999, seed=1)
    years = days.year.to_numpy()
    assert sets.shape == (4999, 5) and (years[sets] == years[events]).all()
    nearest = np.abs(sets[:, :, None] - events).min()
    assert nearest == 4  # the first row beyond the guard is drawn, none before it
    gaps = np.diff(np.sort(sets, axis=1), axis=1).min()
    assert gaps == 0 if apart is None else gaps == 3
    again = placebo.same_year_sets(days, pool, events, apart=apart, draws=4999, seed=1)
    assert np.array_equal(sets, again)


def test_sets_of_the_same_years_need_days_in_each_year():
    days, event = pd.bdate_range("2018-01-01", periods=1500), np.array([100])
    with pytest.raises(UnusableInput, match="placebo days in 2018"):
        placebo.same_year_sets(days, np.arange(900, 1000), event, apart=0, draws=19, seed=1)
    # Drawn by itself a date needs 19 days of its year; in spaced sets any day will do.
    assert placebo.same_year_sets(days, np.arange(19), event, apart=None, draws=9, seed=1).shape == (9, 1)
    assert placebo.same_year_sets(days, np.arange(18), event, apart=0, draws=9, seed=1).shape == (9, 1)
    with pytest.raises(UnusableInput, match="placebo days in 2018: 18"):
        placebo.same_year_sets(days, np.arange(18), event, apart=None, draws=9, seed=1)


def test_a_pattern_is_shifted_from_the_first_row_of_the_pool_to_the_last():
    with pytest.raises(WrongCall, match="Use 'none' or 'spacing'"):
        placebo.date_sets(np.arange(2, 10), np.array([3, 5]), same="week", seed=1)
    sets, exact = placebo.date_sets(np.arange(2, 10), np.array([3, 5]), same="spacing", seed=1)
    assert exact and sets.tolist() == [[row, row + 2] for row in range(2, 8)]
    assert placebo.date_sets(np.arange(0), np.array([3, 5]), same="spacing", seed=1)[0].shape == (0, 2)


def test_every_set_of_units_is_there_once():
    sets, exact = placebo.label_sets(5, 2, seed=1)
    assert exact and sorted(map(tuple, sets.tolist())) == list(combinations(range(5), 2))
    assert placebo.label_sets(4, 0, seed=1)[0].shape == (1, 0)


def test_quiet_rows_keep_their_distance_from_every_listed_day():
    days, complete = pd.bdate_range("2024-01-01", periods=40), np.arange(40) >= 5
    rows = placebo.quiet_rows(days, complete, days[[20, 20, 38]], guard=2)
    assert rows.tolist() == [*range(5, 18), *range(23, 36)]
    assert placebo.quiet_rows(days, complete, days[:0], guard=2).tolist() == list(range(5, 40))
    with pytest.raises(UnusableInput, match="days without news"):
        placebo.quiet_rows(days, complete, days[[20]], guard=15)
    with pytest.raises(UnusableInput, match="listed days"):
        placebo.quiet_rows(days, complete, pd.DatetimeIndex(["2024-01-06"]), guard=2)


def test_crowded_years_are_drawn_spaced_where_rejection_hardly_ever_succeeds():
    days = pd.bdate_range("2024-01-01", periods=520)
    events = np.concatenate([np.arange(5, 250, 17), [300, 400]])
    sets = placebo.same_year_sets(days, np.arange(0, 520, 4), events, apart=6, draws=999, seed=1)
    assert np.diff(np.sort(sets, axis=1), axis=1).min() > 6
    assert (days.year.to_numpy()[sets] == days.year.to_numpy()[events]).all()
    # Which event gets the earliest day of its year is left to chance.
    assert abs((sets[:, 0] == sets[:, :15].min(axis=1)).mean() - 1 / 15) < 0.03
