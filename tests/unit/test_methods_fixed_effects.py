"""The panel estimator of notebook 15 on simulated panels with known effects, and refusals."""

import numpy as np
import pandas as pd
import pytest
from notebook_functions import functions_of

from helpers.methods.checks import UnusableInput

fixed_effects = functions_of("15_other_exporters").fixed_effects


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
    ],
)
def test_unusable_input_is_refused(trade, spoil, message):
    with pytest.raises(UnusableInput, match=message):
        estimated(spoil(trade))


@pytest.mark.parametrize(
    "regressor",
    [
        lambda ban, other, chance: ban,
        lambda ban, other, chance: -3.0 * ban,
        lambda ban, other, chance: 1 - ban,
        lambda ban, other, chance: ban * 1e-3,
        lambda ban, other, chance: ban * chance.uniform(0.5, 2.0, len(ban)),
        lambda ban, other, chance: 5 * ban + other,
    ],
    ids=["dummy", "negative", "opposite", "small", "intensity", "together with another"],
)
def test_poisson_refuses_a_regressor_that_separates(regressor):
    chance = np.random.default_rng(8)
    frame = pd.DataFrame({"group": np.repeat(range(6), 20), "x": chance.normal(size=120)})
    ban = (np.arange(120) % 20 < 4).astype(float)
    frame["ban"] = regressor(ban, frame["x"].to_numpy(), chance)
    # Trade is 0 wherever the ban holds: the likelihood grows for ever, and no estimate exists.
    frame["trade"] = chance.poisson(np.exp(0.4 + 0.35 * frame["x"])) * (1 - ban)
    columns = {"effects": ["group"], "cluster": "group"}
    with pytest.raises(UnusableInput, match="separation"):
        estimated(frame, regressors=["x", "ban"], **columns)
    without = estimated(frame, regressors=["x"], **columns)["x"]
    assert without.low < 0.35 < without.high
    # One sale under the ban, and an estimate exists.
    frame.loc[0, "trade"] = 3
    assert estimated(frame, regressors=["x", "ban"], **columns)["ban"].se > 0
