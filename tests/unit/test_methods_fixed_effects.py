"""The panel estimator on simulated panels with known effects, and refusals."""

import numpy as np
import pandas as pd
import pytest

from helpers.methods.checks import UnusableInput
from helpers.methods.fixed_effects import fixed_effects


def estimated(frame, family="poisson", effects=("origin", "destination"), **choices):
    words = {
        "outcome": "trade",
        "regressors": ["distance"],
        "leads": [],
        "cluster": "pair",
        "unit": "log points",
    }
    return fixed_effects(frame, effects=effects, family=family, **(words | choices))


@pytest.fixture
def trade():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"origin": np.repeat(range(20), 20), "destination": np.tile(range(20), 20)})
    frame["distance"] = rng.normal(size=400)
    frame["trade"] = rng.poisson(np.exp(0.5 - 0.7 * frame["distance"] + 0.05 * frame["origin"]))
    frame["pair"] = frame["origin"].astype(str) + "-" + frame["destination"].astype(str)
    return frame


def test_poisson_recovers_an_elasticity_with_zeros(trade):
    assert (trade["trade"] == 0).any()
    effect = estimated(trade)["distance"]
    assert effect.low < -0.7 < effect.high
    assert effect.n == 400 and effect.df == 399
    # In another currency it is the same.
    dollars = estimated(trade.assign(trade=1e9 * trade["trade"]))["distance"]
    assert dollars.value == pytest.approx(effect.value) and dollars.se == pytest.approx(effect.se)


def test_levels_with_zeros_only_are_left_out_and_told(trade):
    silent = trade.assign(trade=trade["trade"].where(trade["origin"] > 0, 0))
    effect = estimated(silent)["distance"]
    assert effect.details == {"empty_rows": 20}
    assert effect.value == pytest.approx(estimated(silent[silent["origin"] > 0])["distance"].value)


def test_a_linear_lead_term_finds_an_early_jump():
    rng = np.random.default_rng(5)
    index = pd.MultiIndex.from_product([range(40), range(8)], names=["unit", "period"])
    frame = index.to_frame(index=False)
    treated = frame["unit"] < 20
    frame["after"] = (treated & (frame["period"] >= 5)).astype(float)
    frame["lead"] = (treated & (frame["period"] == 4)).astype(float)
    frame["y"] = 3 * frame["after"] + 2 * frame["lead"] + 0.1 * frame["unit"] + rng.normal(size=320)
    effects = fixed_effects(
        frame,
        outcome="y",
        regressors=["after"],
        leads=["lead"],
        effects=["unit", "period"],
        cluster="unit",
        family="linear",
        unit="points",
    )
    assert list(effects) == ["after", "lead"] and effects["after"].leads == "lead"
    assert effects["after"].low < 3 < effects["after"].high
    assert effects["lead"].low > 0 and effects["lead"].df == 39


@pytest.mark.filterwarnings("ignore:Perfect separation")
def test_separation_is_refused():
    frame = pd.DataFrame({"origin": np.repeat(range(4), 10), "year": np.tile(range(10), 4)})
    frame["distance"] = (frame["year"] > 6).astype(float) * frame["origin"].isin([0, 1])
    frame["trade"] = np.where(frame["distance"] > 0, 0, 1 + frame["year"] % 3)
    with pytest.raises(UnusableInput, match="separation"):
        estimated(frame, effects=("origin", "year"), cluster="origin")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f.assign(trade=-f["trade"]), "negative"),
        (lambda f: f.assign(trade=f["trade"].where(f.index != 3)), "missing"),
        (lambda f: f.assign(distance=f["distance"].where(f.index != 3, np.inf)), "infinite"),
        (lambda f: f.assign(distance=f["origin"]), "collinear"),
        (lambda f: f.assign(trade=4.0), "constant"),
        (lambda f: f.assign(origin=f["origin"].where(f.index != 3)), "origin.* is missing in row 3"),
        (lambda f: f.assign(pair=None), "pair.* is missing in row 0"),
    ],
)
def test_unusable_input_is_refused(trade, spoil, message):
    with pytest.raises(UnusableInput, match=message):
        estimated(spoil(trade))
