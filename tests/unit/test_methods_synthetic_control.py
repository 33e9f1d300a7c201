"""Synthetic control on simulated outcomes with a known effect, and refusals."""

import numpy as np
import pandas as pd
import pytest

from helpers.methods.checks import UnusableInput
from helpers.methods.synthetic_control import (
    simplex_weights,
    synthetic_control,
    synthetic_difference_in_differences,
)

EFFECT = -3.0


@pytest.fixture
def outcomes():
    rng = np.random.default_rng(1)
    factors = rng.normal(size=(40, 2)).cumsum(axis=0)
    donors = pd.DataFrame(20 + factors @ rng.uniform(0, 1, (2, 20)), columns=[f"u{i}" for i in range(20)])
    donors += rng.normal(scale=0.1, size=donors.shape)
    donors["treated"] = 0.6 * donors["u0"] + 0.4 * donors["u1"] + rng.normal(scale=0.1, size=40)
    donors.loc[30:, "treated"] += EFFECT
    return donors.set_axis(pd.period_range("2020-01", periods=40, freq="M"), axis=0)


def start(outcomes):
    return outcomes.index[30]


def test_the_effect_is_recovered_and_ranks_first(outcomes):
    result = synthetic_control(outcomes, "treated", start(outcomes), anticipation=0, unit="points")
    assert result.effect.value == pytest.approx(EFFECT, abs=0.2)
    assert result.effect.details["rank"] == 1
    assert result.effect.p_value == pytest.approx(1 / 21)
    assert result.weights.sum() == pytest.approx(1)
    assert result.weights.min() >= 0
    assert result.placebo["rank"].idxmin() == "treated"


def test_the_interval_of_the_difference_covers_the_effect(outcomes):
    result = synthetic_difference_in_differences(
        outcomes, "treated", start(outcomes), anticipation=0, unit="points"
    )
    assert result.low < EFFECT < result.high


def test_an_anticipated_jump_stays_out_of_the_fit_and_is_shown(outcomes):
    early = outcomes.copy()
    early.iloc[27:30, early.columns.get_loc("treated")] += 5
    result = synthetic_control(early, "treated", start(early), anticipation=3, unit="points")
    assert result.effect.value == pytest.approx(EFFECT, abs=0.3)
    assert result.effect.details["lead_gap"] == pytest.approx(5, abs=0.3)


def test_weights_solve_the_simplex_problem():
    donors = np.array([[0.0, 2.0], [0.0, 2.0], [0.0, 2.0]])
    assert simplex_weights(donors, np.array([0.5, 0.5, 0.5])) == pytest.approx([0.75, 0.25], abs=1e-6)
    assert simplex_weights(donors, np.array([9.0, 9.0, 9.0])) == pytest.approx([0, 1], abs=1e-6)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: t.drop(columns="treated"), "No column"),
        (lambda t: t[["treated", "u0"]], "two donors"),
        (lambda t: t.iloc[::-1], "out of order"),
        (lambda t: t.assign(u3=np.nan), "u3"),
        (lambda t: t.iloc[29:], "fewer than two"),
        (lambda t: t.iloc[:20], "not in the table"),
    ],
)
def test_unusable_input_is_refused(outcomes, spoil, message):
    with pytest.raises(UnusableInput, match=message):
        synthetic_control(spoil(outcomes), "treated", start(outcomes), anticipation=0, unit="points")
