"""Synthetic control on simulated outcomes with a known effect, and refusals."""

import numpy as np
import pandas as pd
import pytest
from notebook_functions import functions_of

from helpers.methods.checks import UnusableInput

RESPONSE = functions_of("15_other_exporters")
simplex_weights, synthetic_control = RESPONSE.simplex_weights, RESPONSE.synthetic_control
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
    effect, weights, gap = synthetic_control(
        outcomes, "treated", start(outcomes), anticipation=0, unit="points"
    )
    assert effect.value == pytest.approx(EFFECT, abs=0.2)
    assert effect.details["rank"] == 1
    assert effect.p_value == pytest.approx(1 / 21)
    assert weights.sum() == pytest.approx(1)
    assert weights.min() >= 0
    assert gap.loc[start(outcomes) :].mean() == pytest.approx(effect.value)


def test_the_interval_of_the_difference_covers_the_effect(outcomes):
    result = RESPONSE.synthetic_did(outcomes, "treated", start(outcomes), anticipation=0, unit="points")
    assert result.low < EFFECT < result.high


def test_an_anticipated_jump_stays_out_of_the_fit_and_is_shown(outcomes):
    early = outcomes.copy()
    early.iloc[27:30, early.columns.get_loc("treated")] += 5
    effect, *_ = synthetic_control(early, "treated", start(early), anticipation=3, unit="points")
    assert effect.value == pytest.approx(EFFECT, abs=0.3)
    assert effect.details["lead_gap"] == pytest.approx(5, abs=0.3)


def test_weights_solve_the_simplex_problem():
    donors = np.array([[0.0, 2.0], [0.0, 2.0], [0.0, 2.0]])
    assert simplex_weights(donors, np.array([0.5, 0.5, 0.5])) == pytest.approx([0.75, 0.25], abs=1e-6)
    assert simplex_weights(donors, np.array([9.0, 9.0, 9.0])) == pytest.approx([0, 1], abs=1e-6)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: t[["treated", "u0"]], "exporters, the treated one among them"),
        (lambda t: t.iloc[29:], "months to fit on"),
    ],
)
def test_unusable_input_is_refused(outcomes, spoil, message):
    with pytest.raises(UnusableInput, match=message):
        synthetic_control(spoil(outcomes), "treated", start(outcomes), anticipation=0, unit="points")
