"""Specification curves: the loop over choices, the classes of intervals, and the joint test."""

import numpy as np
import pandas as pd
import pytest
from notebook_functions import functions_of

from helpers.methods import curve
from helpers.methods.checks import UnusableInput, WrongCall
from helpers.methods.results import Estimate

CHOICES = {"Window": ["3", "6"], "Errors": ["a", "b"]}
NULL = np.random.default_rng(2).standard_normal((99, 4))


def trace(values: list[float], null: np.ndarray = NULL, spread: float = 1.0, **claim) -> curve.Curve:
    """A curve with these values, in the order of the loop."""
    effects, columns = iter(values), iter(null.T)

    def estimate(window: str, errors: str) -> tuple[Estimate, np.ndarray]:
        value = next(effects)
        if np.isnan(value):
            raise UnusableInput("too few dates")
        return Estimate(value, value - spread, value + spread, "points", 9, "m"), next(columns)

    claim = {"sign": "positive", "margin": 1.0} | claim
    return curve.specification_curve(CHOICES, estimate, unit="points", **claim)


@pytest.mark.parametrize(
    ("sign", "expected"),
    [("positive", ["supports", "contradicts", "inconclusive", "inconclusive"]),
     ("negative", ["contradicts", "inconclusive", "contradicts", "inconclusive"])],
)  # fmt: skip
def test_an_interval_has_the_class_of_the_rule(sign: str, expected: list[str]) -> None:
    low, high = np.array([0.2, -0.5, 0.01, -1.0]), np.array([0.6, 0.05, 0.05, 1.0])
    assert list(curve.interval_class(low, high, sign=sign, margin=0.1)) == expected
    with pytest.raises((UnusableInput, WrongCall), match="margin"):
        curve.interval_class(low, high, sign=sign, margin=-0.1)


def test_an_end_on_zero_or_on_the_margin_decides_nothing() -> None:
    assert curve.interval_class(np.array([0.0]), np.array([2.0]), sign="positive", margin=1.0) == [
        "inconclusive"
    ]
    assert curve.interval_class(np.array([-1.0]), np.array([1.0]), sign="positive", margin=1.0) == [
        "inconclusive"
    ]


def test_the_last_choice_varies_fastest_and_what_the_data_do_not_allow_is_counted() -> None:
    traced = trace([1.0, np.nan, 3.0, 4.0])
    assert traced.choices == ["Window", "Errors"] and traced.left_out == 1
    assert traced.specs[["Window", "Errors"]].agg("".join, axis=1).tolist() == ["3a", "6a", "6b"]
    assert traced.placebo.shape == (99, 3) and traced.placebo[5, 1] == NULL[5, 1]
    with pytest.raises(UnusableInput, match="specifications that can be estimated"):
        trace([np.nan] * 4)


def test_a_placebo_set_that_one_specification_does_not_allow_is_left_out_of_all() -> None:
    null = NULL.copy()
    null[7, 2] = np.nan
    traced = trace([1.0, 2.0, 3.0, 4.0], null)
    assert traced.placebo.shape == (98, 4) and (traced.placebo == np.delete(NULL, 7, axis=0)).all()


def test_the_joint_test_sees_a_curve_that_placebo_dates_do_not_give() -> None:
    far = trace([5.0] * 4)
    assert far.joint()["median_p"] == 0.01 and far.share("supports") == 1
    assert far.joint()["share_p"] == (1 + (NULL > 0).all(axis=1).sum()) / 100
    assert trace([0.0] * 4).joint()["median_p"] > 0.5
    # As far from the mean of the placebo medians on the other side: the median counts both, the share one.
    shifted = trace([-3.0] * 4, NULL + 1).joint()
    assert shifted["median_p"] == 0.01 and shifted["share_p"] == 1
    assert shifted["placebo_mean"] == pytest.approx(1 + np.median(NULL, axis=1).mean())
    against = trace([-5.0] * 4, sign="negative").joint()
    assert against["share_p"] == (1 + (NULL < 0).all(axis=1).sum()) / 100
    assert trace([5.0] * 4, NULL[:18]).joint() == {"median_p": None, "share_p": None, "sets": 18}
    assert trace([5.0] * 4, NULL[:19]).joint()["median_p"] == 0.05


def test_a_point_names_one_option_for_each_choice() -> None:
    traced = trace([1.0, 1.1, 5.0, np.nan], spread=2.0)
    assert traced.point({"Window": "6", "Errors": "a"}).name == 2
    assert traced.point({"Window": "6", "Errors": "b"}) is None
    assert traced.estimate({"Window": "6", "Errors": "b"}) is None
    with pytest.raises((UnusableInput, WrongCall), match="one option for each"):
        traced.point({"Window": "6"})
    point = traced.estimate({"Errors": "b", "Window": "3"})
    assert (point.value, point.low, point.high, point.n) == (1.1, pytest.approx(-0.9), 3.1, 9)
    assert point.details == {"share_not_above": pytest.approx(2 / 3), "class": "inconclusive"}


def test_options_are_summarised_and_a_part_of_a_curve_is_a_curve() -> None:
    traced = trace([1.0, 1.2, 5.0, -5.0], spread=2.0)
    rows = functions_of("10_specification_curve").options_of(traced).set_index(["choice", "option"])
    assert rows.loc["Window", "n"].tolist() == [2, 2]
    assert rows.loc[("Window", "3"), "median"] == pytest.approx(1.1)
    assert rows.loc[("Window", "6"), ["in_direction", "supports"]].tolist() == [0.5, 0.5]
    part = traced.within("Errors", "b")
    assert part.specs["value"].tolist() == [1.2, -5] and (part.placebo == NULL[:, [1, 3]]).all()
    assert "median_p" in repr(traced) and traced.summary()["sets"].iloc[0] == len(NULL)


@pytest.mark.parametrize("nudge", [1e-15, 0.0, -1e-15])
def test_equal_specifications_stand_in_the_order_of_their_choices(nudge: float) -> None:
    # The half lies on the edge between two twelve-digit numbers.
    values = [0.00457098490508500, 0.00457098490508500 * (1 + 1e3 * nudge), -1.0, 0.3 * (1 + nudge)]
    table = trace(values).table()
    assert table[["Window", "Errors"]].agg("".join, axis=1).tolist() == ["6a", "3a", "3b", "6b"]
    lower = trace([0.3, 0.3 - 1e-6, 0.4, 0.5]).table()
    assert isinstance(lower, pd.DataFrame) and lower["Errors"].tolist()[:2] == ["b", "a"]
