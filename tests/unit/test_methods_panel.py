"""Panel estimators on simulated panels with known effects, and refusals."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from helpers.methods.checks import UnusableInput
from helpers.methods.panel import (
    NotConverged,
    poisson_fixed_effects,
    staggered_effects,
    two_way_fixed_effects,
)

COLUMNS = {
    "outcome": "y",
    "unit": "unit",
    "period": "period",
    "first_treated": "first_treated",
    "outcome_unit": "points",
}


@pytest.fixture
def panel():
    """Effects that grow by one each period from treatment on: two-way fixed effects must be biased."""
    rng = np.random.default_rng(2)
    frame = pd.MultiIndex.from_product([range(90), range(2010, 2018)], names=["unit", "period"]).to_frame(
        index=False
    )
    frame["first_treated"] = (frame["unit"] % 3).map({0: np.nan, 1: 2012.0, 2: 2015.0})
    since = frame["period"] - frame["first_treated"]
    frame["y"] = frame["unit"] * 0.1 + frame["period"] * 0.3 + (since + 1).clip(lower=0).fillna(0)
    frame["y"] += rng.normal(scale=0.2, size=len(frame))
    return frame


def test_growing_effects_are_recovered_where_two_way_effects_fail(panel):
    result = staggered_effects(panel, anticipation=0, **COLUMNS)
    study = result.event_study.set_index("event_time")["effect"]
    assert study[[0, 2, 5]].tolist() == pytest.approx([1, 3, 6], abs=0.2)
    assert study[[-2, -1]].abs().max() < 0.2
    truth = (30 * sum(range(1, 7)) + 30 * sum(range(1, 4))) / (30 * 9)
    assert result.effect.low < truth < result.effect.high
    assert abs(two_way_fixed_effects(panel, leads=0, **COLUMNS).effects["treated"].value - truth) > 0.5


def test_anticipation_moves_the_base_period(panel):
    early = panel.copy()
    early.loc[early["period"] == early["first_treated"] - 1, "y"] += 2
    naive = staggered_effects(early, anticipation=0, **COLUMNS).event_study.set_index("event_time")["effect"]
    aware = staggered_effects(early, anticipation=1, **COLUMNS).event_study.set_index("event_time")["effect"]
    assert naive[0] == pytest.approx(-1, abs=0.2)
    assert aware[0] == pytest.approx(1, abs=0.2)
    assert aware[-1] == pytest.approx(2, abs=0.2)


def test_lead_terms_find_the_early_jump(panel):
    early = panel.copy()
    early.loc[early["period"] == early["first_treated"] - 1, "y"] += 2
    effects = two_way_fixed_effects(early, leads=1, **COLUMNS).effects
    assert list(effects) == ["treated", "lead_1"]
    assert effects["treated"].df == 89
    with pytest.raises(UnusableInput, match="leads"):
        two_way_fixed_effects(early, leads=-1, **COLUMNS)
    assert effects["lead_1"].low > 0


def test_coverage_of_the_average_effect():
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(60):
        frame = pd.MultiIndex.from_product([range(40), range(5)], names=["unit", "period"]).to_frame(
            index=False
        )
        frame["first_treated"] = np.where(frame["unit"] < 20, 3.0, np.nan)
        frame["y"] = rng.normal(size=40)[frame["unit"]] + rng.normal(size=len(frame))
        result = staggered_effects(frame, anticipation=0, **COLUMNS).effect
        covered += result.low <= 0 <= result.high
    assert covered >= 51


def test_poisson_recovers_an_elasticity_with_zeros():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"origin": np.repeat(range(20), 20), "destination": np.tile(range(20), 20)})
    frame["distance"] = rng.normal(size=400)
    frame["trade"] = rng.poisson(np.exp(0.5 - 0.7 * frame["distance"] + 0.05 * frame["origin"]))
    assert (frame["trade"] == 0).any()
    result = poisson_fixed_effects(
        frame,
        outcome="trade",
        regressors=["distance"],
        leads=[],
        fixed_effects=["origin", "destination"],
        cluster=None,
    )
    effect = result.effects["distance"]
    assert effect.low < -0.7 < effect.high
    assert result.record()["n"] == 400
    separated = poisson_fixed_effects(
        frame.assign(trade=frame["trade"].where(frame["origin"] > 0, 0)),
        outcome="trade",
        regressors=["distance"],
        leads=[],
        fixed_effects=["origin", "destination"],
        cluster="origin",
    )
    assert separated.effects["distance"].details["separated_rows"] == 20


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
    columns = {"outcome": "trade", "leads": [], "fixed_effects": ["group"], "cluster": "group"}
    with pytest.raises(NotConverged):
        poisson_fixed_effects(frame, regressors=["x", "ban"], **columns)
    without = poisson_fixed_effects(frame, regressors=["x"], **columns)
    assert without.effects["x"].low < 0.35 < without.effects["x"].high
    # One sale under the ban, and an estimate exists.
    frame.loc[0, "trade"] = 3
    assert poisson_fixed_effects(frame, regressors=["x", "ban"], **columns).effects["ban"].se > 0.1


def test_poisson_equals_a_regression_with_dummies_and_tells_what_it_leaves_out():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"origin": np.repeat(range(8), 40), "year": np.tile(range(40), 8)})
    frame[["distance", "lead"]] = rng.normal(size=(320, 2))
    frame["trade"] = rng.poisson(np.exp(0.3 * frame["distance"] + 0.05 * frame["origin"]))
    alone = {"origin": [9], "year": [3], "distance": [1.0], "lead": [0.0], "trade": [4]}
    result = poisson_fixed_effects(
        pd.concat([frame, pd.DataFrame(alone)], ignore_index=True),
        outcome="trade",
        regressors=["distance"],
        leads=["lead"],
        fixed_effects=["origin", "year"],
        cluster=None,
        scaling="none",
    )
    dummies = pd.get_dummies(frame, columns=["origin", "year"], dtype=float).drop(columns=["trade", "year_0"])
    dense = sm.GLM(frame["trade"], dummies, family=sm.families.Poisson()).fit(tol=1e-13, cov_type="HC0")
    for name in ("distance", "lead"):
        assert result.effects[name].value == pytest.approx(dense.params[name], rel=1e-9)
        assert result.effects[name].se == pytest.approx(dense.bse[name], rel=1e-6)
    assert result.effects["lead"].details == {"single_rows": 1} and result.effects["lead"].n == 320


def test_a_poisson_mean_without_a_maximum_is_refused():
    frame = pd.DataFrame({"origin": np.repeat(range(4), 10), "year": np.tile(range(10), 4)})
    frame["apart"] = (frame["year"] > 6).astype(float) * frame["origin"].isin([0, 1])
    frame["trade"] = np.where(frame["apart"] > 0, 0, 1 + frame["year"] % 3)
    with pytest.raises(NotConverged, match="maximum"):
        poisson_fixed_effects(
            frame,
            outcome="trade",
            regressors=["apart"],
            leads=[],
            fixed_effects=["origin", "year"],
            cluster=None,
        )


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
def test_poisson_refuses(spoil, message):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"origin": np.repeat(range(6), 6), "destination": np.tile(range(6), 6)})
    frame["distance"], frame["trade"] = rng.normal(size=36), rng.poisson(5, 36)
    frame["pair"] = frame["origin"].astype(str) + "-" + frame["destination"].astype(str)
    with pytest.raises(UnusableInput, match=message):
        poisson_fixed_effects(
            spoil(frame),
            outcome="trade",
            regressors=["distance"],
            leads=[],
            fixed_effects=["origin", "destination"],
            cluster="pair",
        )


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f.drop(index=4), "balanced"),
        (lambda f: f.assign(y=f["y"].where(f.index != 4, np.inf)), "balanced"),
        (lambda f: f.assign(y=1.0), "constant"),
        (lambda f: pd.concat([f, f.iloc[[4]]]), "two rows"),
        (lambda f: f[f["first_treated"].notna()], "never-treated"),
        (lambda f: f.assign(first_treated=f["first_treated"].replace(2012, 2010)), "no period before"),
        (lambda f: f.assign(first_treated=f["first_treated"].replace(2012, 1990)), "not in the panel"),
        (
            lambda f: f.assign(first_treated=f["first_treated"].where(f["period"] > 2012, 2014)),
            "changes within",
        ),
    ],
)
def test_staggered_refuses(panel, spoil, message):
    with pytest.raises(UnusableInput, match=message):
        staggered_effects(spoil(panel), anticipation=0, **COLUMNS)
