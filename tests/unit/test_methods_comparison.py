"""The driver of all comparisons of dates, on numbers whose answer can be worked out by hand."""

import doctest

import numpy as np
import pandas as pd
import pytest

from helpers.methods import comparison
from helpers.methods.checks import UnusableInput
from helpers.methods.comparison import compare, p_from, without_p
from helpers.methods.results import Estimate, mean_over_events

VALUES = np.arange(30.0) - 10
DATES = pd.date_range("2024-01-01", periods=30)
EVENTS = np.array([27, 28, 29])
SETS = np.array([[row, row + 1, row + 2] for row in range(20)])


def mean_of(sets):
    return VALUES[sets].mean(axis=1)


def with_interval(members):
    return mean_over_events(VALUES[members], unit="points", method="mean", leads="none")


def compared(**changes):
    settings = {
        "members": EVENTS,
        "placebo_sets": SETS,
        "interval": with_interval,
        "detectable": 4.5,
        "rows": pd.DataFrame({"value": VALUES[EVENTS]}, DATES[EVENTS]),
        "centre": 0.0,
    }
    return compare(DATES[EVENTS], mean_of, **(settings | changes))


def test_a_detectable_effect_is_no_less_than_the_interval_allows():
    effect = with_interval(EVENTS)
    floor = 1.3 * (effect.high - effect.low) / 2
    assert compared(detectable=0.1).effect.details["mde"] == pytest.approx(floor)
    assert compared(detectable=floor + 0.1).effect.details["mde"] == pytest.approx(floor + 0.1)


def test_the_distance_from_a_bound_is_ranked_among_the_placebo_values():
    values = np.arange(-10.0, 11.0)
    assert p_from(values, 30.0, 0.0) == 1 / 22
    assert p_from(values, 30.0, 30.0) == 1
    assert p_from(values + 5, 10.0, 0.0) == p_from(values, 10.0, 0.0) == 3 / 22
    assert p_from(values[:18], 1.0, 0.0) is None


def test_effect_placebo_and_each_date_left_out():
    result = compared(details={"months": 30}, model_p="t_p")
    assert result.effect.value == 18
    assert result.placebo.tolist() == [row - 9.0 for row in range(20)]
    assert result.effect.p_value == 1 / 21
    assert {date.day: left.value for date, left in result.leave_one_out.items()} == {
        28: 18.5,
        29: 18,
        30: 17.5,
    }
    details = result.effect.details
    assert (details["mde"], details["months"], details["placebo_50"]) == (4.5, 30, 0.5)
    assert details["t_p"] == with_interval(EVENTS).p_value
    assert result.lead is None and list(result.rows["value"]) == [17, 18, 19]


def test_the_p_value_counts_from_the_centre_or_the_smaller_tail():
    near = {"members": np.array([5, 6, 7]), "rows": pd.DataFrame()}
    # The mean is -4; placebo values run from -9 to 10.
    assert compared(**near, centre=0.0).effect.p_value == (1 + 6 + 7) / 21
    assert compared(**near, centre=-4.0).effect.p_value == 1
    assert compared(**near, centre=None).effect.p_value == pytest.approx(2 * (1 + 6) / 21)
    assert compared(**near, centre=0.0, exact=True).effect.p_value == 13 / 20
    assert compared(**near, centre=None, exact=True).effect.p_value == 12 / 20


def test_an_infinite_placebo_value_ranks_above_all():
    result = compare(
        DATES[[2]],
        lambda sets: np.where(sets[:, 0] >= 20, np.inf, sets[:, 0] / 10),
        members=np.array([2]),
        placebo_sets=np.arange(24)[:, None],
        interval=lambda members: Estimate(0.2, 0, 1, "ratio", 1, "ratio"),
        detectable=3.0,
        rows=pd.DataFrame(),
        describe=lambda placebo: {"infinite": float(np.isinf(placebo).sum())},
    )
    assert result.effect.p_value == pytest.approx(2 * (1 + 3) / 25)
    assert result.effect.details == {"mde": 3.0, "infinite": 4}
    assert result.leave_one_out == {}


def test_fewer_than_nineteen_sets_give_no_p_value():
    few = compared(placebo_sets=SETS[:18])
    assert few.effect.p_value is None and "placebo_50" not in few.effect.details
    assert len(few.placebo) == 18
    assert compared(placebo_sets=np.empty((0, 3), dtype=int)).placebo.shape == (0,)
    assert compared(placebo_sets=SETS[:19]).effect.p_value is not None


def test_the_fewest_dates_that_must_remain():
    assert len(compared(fewest=2).leave_one_out) == 3
    assert compared(fewest=3).leave_one_out == {}
    years = {2024: with_interval(EVENTS)}
    assert compared(leave_one_out=years).leave_one_out == years


def test_the_words_for_the_leads_are_those_of_the_effect_alone():
    result = compared(leads="beside it")
    assert result.effect.leads == "beside it"
    assert {left.leads for left in result.leave_one_out.values()} == {"none"}


@pytest.mark.parametrize("changes", [{"members": EVENTS[:2]}, {"placebo_sets": SETS[:, :2]}])
def test_sizes_that_do_not_fit_are_refused(changes):
    with pytest.raises(UnusableInput, match="do not fit"):
        compared(**changes)


def test_a_comparison_is_shown_as_one_short_table():
    result = compared(lead=with_interval(EVENTS - 3))
    table = result.summary()
    assert list(table.index) == ["effect", "lead", "placebo, 5 to 95 %", "each left out", "detectable"]
    assert table.loc["each left out", ["low", "high"]].tolist() == [17.5, 18.5]
    assert len(repr(result).splitlines()) == 7 and "<table" in result._repr_html_()


def test_without_p_keeps_all_but_the_p_value():
    result = compared()
    bare = without_p(result)
    assert bare.effect.p_value is None and result.effect.p_value is not None
    assert (bare.effect.value, bare.effect.details) == (result.effect.value, result.effect.details)


def test_the_example_is_true():
    assert doctest.testmod(comparison).failed == 0
