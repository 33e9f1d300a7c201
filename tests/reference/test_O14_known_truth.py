"""Panels of known truth: the reference panel, and simulated ones with no, a clear, an undetectable effect.

'Supported' on a panel without a summit effect fails the build. All data here are simulated.
"""

import numpy as np
import pandas as pd
import pytest
from cases import case
from notebook_functions import functions_of
from scipy import stats

from helpers.methods.interrupted_series import Intervention, interrupted_series, segmented_regression
from helpers.methods.placebo import placebo_dates, placebo_p
from helpers.methods.power import normal_multiplier
from helpers.methods.results import Estimate
from helpers.methods.verdict import Evidence, verdict

arima = functions_of("06_export_response").arima
CASE = case("O14")
TRUTH = {"step": -0.25, "lead": 0.10}
CONTROL = Intervention("control", "2022-10", leads=2)
MODEL = {"season": "dummies", "unit": "log points"}
MARGIN = 0.05


def exporters():
    panel = CASE.data["panel"].pivot(index="month", columns="exporter", values="log_exports")
    return panel.set_axis(pd.DatetimeIndex(panel.index), axis=0)


def events(kind):
    listed = CASE.data["events"].set_index("event")["month"]
    return pd.DatetimeIndex(listed[listed.index.str.startswith(kind)])


def treated_less_others(panel):
    return panel["A"] - panel.drop(columns="A").mean(axis=1)


def months_around(index, summits, first, last, name):
    """One in the months `first`..`last` around each summit."""
    months = [summit + pd.DateOffset(months=k) for summit in summits for k in range(first, last + 1)]
    return pd.Series(index.isin(months).astype(float), index=index, name=name)


@pytest.fixture(scope="module")
def got():
    y = treated_less_others(exporters())
    summit = months_around(y.index, events("summit"), 0, 2, "summit").to_frame()
    full = arima(y, [CONTROL], order=(1, 0, 0), trend=True, regressors=summit, **MODEL)
    bare = arima(y, [Intervention("control", "2022-10", leads=0)], order=(1, 0, 0), trend=True, **MODEL)
    terms = {"step": "control: level", "lead": "control: leads", "summit": "summit"}
    found = {name: full.estimate(term) for name, term in terms.items()}
    inside = {
        name: int(abs(found[name].value - TRUTH.get(name, 0)) < 1.96 * found[name].se) for name in terms
    }
    near = [month for month in events("summit") if abs((month - events("control")[0]).days) < 62]
    return {
        "did_series_coef_step_lead_summit": [one.value for one in found.values()],
        "did_series_se_step_lead_summit": [one.se for one in found.values()],
        "step_without_anticipation_terms": bare.estimate("control: level").value,
        "truth_step_inside_95ci": inside["step"],
        "truth_lead_inside_95ci": inside["lead"],
        "truth_summit_zero_inside_95ci": inside["summit"],
        "mde_summit": normal_multiplier() * found["summit"].se,
        "summit_overlapping_control": ", ".join(f"{month:%Y-%m}" for month in near),
    }


@pytest.mark.parametrize("name", CASE.required)
def test_reference(name, got):
    CASE.assert_check(name, got[name])


def simulated(seed, effect, noise, summits):
    """Six exporters with a common cycle, season and AR(1) noise; A has a control and responds to summits."""
    rng = np.random.default_rng(seed)
    index = pd.date_range("2012-01-01", periods=168, freq="MS")
    cycle = 5 + 0.005 * np.arange(168) + rng.normal(scale=0.03, size=168).cumsum()
    errors = np.zeros((168, 6))
    shocks = rng.normal(scale=noise, size=(168, 6))
    for t in range(168):
        errors[t] = 0.4 * errors[t - 1] + shocks[t] if t else shocks[t]
    season = 0.1 * np.sin(2 * np.pi * index.month / 12)
    panel = pd.DataFrame(cycle[:, None] + season.to_numpy()[:, None] + errors, index, list("ABCDEF"))
    panel.loc["2022-10":, "A"] += TRUTH["step"]
    panel.loc["2022-08":"2022-09", "A"] += TRUTH["lead"]
    panel["A"] += effect * months_around(index, summits, 0, 2, "summit")
    return panel


def summit_verdict(panel, summits):
    """Apply the rule to: exports of A rise by at least MARGIN in months 0..+2 after a summit."""
    y = treated_less_others(panel)

    def regressors(kept):
        terms = [months_around(y.index, kept, 0, 2, "summit"), months_around(y.index, kept, -3, -1, "before")]
        return pd.concat(terms, axis=1)

    def fit(kept):
        return interrupted_series(y, [CONTROL], regressors=regressors(kept), inference="t", **MODEL)

    headline = fit(summits)
    hac = segmented_regression(y, [CONTROL], regressors=regressors(summits), maxlags=3, **MODEL)
    empty = interrupted_series(y, [CONTROL], inference="t", **MODEL)
    residual = y - empty.path()["fitted"]
    change = residual.rolling(3).mean().shift(-2) - residual.rolling(3).mean().shift(1)
    change.loc["2022-06":"2023-01"] = np.nan
    own = change[summits]
    half = stats.t.ppf(0.975, len(own) - 1) * own.std() / np.sqrt(len(own))
    windows = Estimate(
        own.mean(),
        own.mean() - half,
        own.mean() + half,
        unit="log points",
        n=len(own),
        method="window change",
    )
    estimate = headline.estimate("summit")
    elsewhere = placebo_dates(change, summits, guard=3, apart=3, seed=1)
    return verdict(
        Evidence(
            estimate=estimate,
            sign="positive",
            margin=MARGIN,
            usable_events=len(summits),
            placebo_p=elsewhere.p_value,
            margin_p=placebo_p(elsewhere.distribution, own.mean() - MARGIN),
            leave_one_out=tuple(fit(summits.drop(summit)).estimate("summit") for summit in summits),
            lead=headline.estimate("before"),
            rungs=(hac.estimate("summit"), windows),
            mde=normal_multiplier() * estimate.se,
        )
    )


def apart_from_the_control(summits):
    return summits[np.abs((summits - pd.Timestamp("2022-10-01")).days) > 150]


def test_the_null_summits_of_the_reference_panel_are_not_supported():
    assert summit_verdict(exporters(), apart_from_the_control(events("summit"))).word == "contradicted"


@pytest.mark.parametrize("noise", [0.04, 0.12])
@pytest.mark.parametrize("seed", range(4))
def test_supported_on_a_null_panel_fails_the_build(seed, noise):
    summits = apart_from_the_control(events("summit"))
    assert summit_verdict(simulated(seed, 0.0, noise, summits), summits).word != "supported"


@pytest.mark.parametrize("seed", range(3))
def test_a_clear_effect_is_supported(seed):
    summits = apart_from_the_control(events("summit"))
    result = summit_verdict(simulated(seed, 0.15, 0.04, summits), summits)
    assert result.word == "supported", result.reasons


@pytest.mark.parametrize("seed", range(3))
def test_an_undetectable_effect_is_inconclusive_and_says_why(seed):
    summits = apart_from_the_control(events("summit"))[:5]
    result = summit_verdict(simulated(seed, 0.06, 0.25, summits), summits)
    assert result.word == "inconclusive", result.reasons
    assert "not met: the design can see its margin" in result.reasons


def test_four_summits_allow_description_only():
    summits = apart_from_the_control(events("summit"))[:4]
    assert summit_verdict(simulated(0, 0.15, 0.04, summits), summits).word == "descriptive only"
