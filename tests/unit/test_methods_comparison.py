"""The driver of all comparisons of dates, on numbers whose answer can be worked out by hand."""

import doctest

import numpy as np
import pandas as pd
import pytest

from helpers.methods import comparison
from helpers.methods.checks import WrongCall
from helpers.methods.comparison import DateEstimator, compare
from helpers.methods.placebo import PLACEBO_TEST
from helpers.methods.results import Estimate, mean_over_events

VALUES = np.arange(30.0) - 10
DATES = pd.date_range("2024-01-01", periods=30)
EVENTS = np.array([27, 28, 29])
SETS = np.array([[row, row + 1, row + 2] for row in range(20)])


def mean_of(sets):
    return VALUES[sets].mean(axis=1)


def with_interval(members):
    return mean_over_events(VALUES[members], unit="points", method="mean", leads="none")


def compared(members=EVENTS, placebo_sets=SETS, **changes):
    known = {"value": mean_of, "interval": with_interval, "fewest": 2}
    known |= {name: changes.pop(name) for name in ("error", "ratio", "fewest", "interval") if name in changes}
    settings = {"detectable": 4.5, "rows": pd.DataFrame({"value": VALUES[EVENTS]}, DATES[EVENTS])}
    return compare(DATES[EVENTS], members, placebo_sets, DateEstimator(**known), **(settings | changes))


def test_a_detectable_effect_is_no_less_than_the_interval_allows():
    effect = with_interval(EVENTS)
    floor = 1.3 * (effect.high - effect.low) / 2
    assert compared(detectable=0.1).effect.details["mde"] == pytest.approx(floor)
    assert compared(detectable=floor + 0.1).effect.details["mde"] == pytest.approx(floor + 0.1)


def test_the_distance_from_a_bound_is_ranked_among_the_placebo_values():
    result = compared()
    # Placebo values run from -9 to 10 round a mean of 0.5; the effect is 18.
    assert result.p_value() == result.effect.p_value == 1 / 21
    assert result.p_value(17.5) == 1
    assert result.p_value(10.0) == 7 / 21
    assert result.p_value(place=0) == result.p_value(place=19) == 3 / 21
    assert compared(placebo_sets=SETS[:18]).p_value() is None


def test_effect_placebo_and_each_date_left_out():
    result = compared(details={"months": 30})
    assert result.effect.value == 18
    assert result.placebo.tolist() == [row - 9.0 for row in range(20)]
    assert result.effect.p_value == 1 / 21
    assert {date.day: left.value for date, left in result.leave_one_out.items()} == {
        28: 18.5,
        29: 18,
        30: 17.5,
    }
    details = result.effect.details
    assert (details["mde"], details["months"], details["placebo_50"]) == (4.5, 30, 1.0)
    assert details["p_test"] == PLACEBO_TEST
    assert result.lead is None and list(result.rows["value"]) == [17, 18, 19]


def test_with_errors_distances_are_in_standard_errors():
    doubled = compared(error=lambda sets: np.where(sets[:, 0] < 10, 1.0, 20.0))
    assert doubled.effect.details["p_test"] == f"{PLACEBO_TEST}, in standard errors"
    # 17.5 over 20 is less than the distances of the ten sets whose error is one, but for the nearest.
    assert doubled.effect.p_value == (1 + 9) / 21


def test_ratios_are_compared_in_logs_and_an_infinite_one_is_farthest():
    result = compare(
        DATES[[2]],
        np.array([2]),
        np.arange(24)[:, None],
        DateEstimator(
            lambda sets: np.where(sets[:, 0] >= 20, np.inf, 2.0 ** (sets[:, 0] - 10)),
            lambda members: Estimate(0.2, 0, 1, "ratio", 1, "ratio"),
            ratio=True,
        ),
        detectable=3.0,
        rows=pd.DataFrame(),
    )
    # Logs of base two run from -10 to 9, where the infinite ones count too; their mean is 13 / 12.
    assert result.effect.p_value == (1 + 3 + 0) / 25
    assert result.leave_one_out == result.elsewhere() == {}


def test_the_interval_is_asked_at_placebo_sets_where_it_is_known_there():
    assert {place: each.value for place, each in compared().elsewhere().items()} == {
        row: row - 9.0 for row in range(20)
    }
    assert compared(fewest=None).elsewhere() == compared(fewest=None).leave_one_out == {}


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


@pytest.mark.parametrize("changes", [{"members": EVENTS[:2]}, {"placebo_sets": SETS[:, :2]}])
def test_sizes_that_do_not_fit_are_refused(changes):
    with pytest.raises(WrongCall, match="do not fit"):
        compared(**changes)


def test_a_comparison_is_shown_as_one_short_table():
    result = compared(lead=with_interval(EVENTS - 3))
    table = result.summary()
    assert list(table.index) == ["effect", "lead"] and table.loc["lead", "value"] == result.lead.value
    assert len(repr(result).splitlines()) == 4 and "<table" in result._repr_html_()


def test_the_example_is_true():
    assert doctest.testmod(comparison).failed == 0
