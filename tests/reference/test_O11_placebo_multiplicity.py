"""Placebo dates, sign flips and multiple testing against R."""

import numpy as np
import pandas as pd
import pytest
from cases import case
from notebook_functions import functions_of
from scipy import stats
from statsmodels.stats.multitest import multipletests

from helpers.methods.placebo import placebo_dates, placebo_p, sign_flips
from helpers.methods.results import mean_over_events

romano_wolf = functions_of("05_market_reaction").romano_wolf
CASE = case("O11")
GUARD = CASE.settings["guard_months"]


def window_statistic():
    """Mean of months 0..+2 less mean of months -3..-1, for every month with full windows."""
    data = CASE.data["series"]
    x = pd.Series(data["x"].to_numpy(), index=pd.to_datetime(data["month"]))
    return x.rolling(3).mean().shift(-2) - x.rolling(3).mean().shift(1)


def from_zero(test):
    """Return the p value of the reference: it counts from zero, ours from the mean of the placebo values."""
    hits = (np.abs(test.distribution) >= abs(test.observed) - 1e-12).sum()
    assert test.p_value == placebo_p(test.distribution, test.observed)
    return (1 + hits) / (1 + len(test.distribution))


@pytest.fixture(scope="module")
def got():
    t = CASE.data["tstats"].set_index("hypothesis")["t"]
    family = romano_wolf(t, CASE.data["bootstrap_t"])
    statistic = window_statistic()
    events = pd.to_datetime(CASE.data["events"]["event_month"])
    one = placebo_dates(statistic, ["1983-02-01"], guard=GUARD, seed=1)
    three = placebo_dates(statistic, events, guard=GUARD, seed=1)
    spaced = placebo_dates(statistic, events, guard=GUARD, apart=GUARD, seed=1)
    effects = CASE.data["ten_effects"]["effect"]
    mean = mean_over_events(effects, unit="", method="t across events")
    smallest = [sign_flips(np.arange(1, n + 1), seed=1).p_value for n in (5, 6, 8, 10)]
    return {
        "p_raw": family["p_raw"],
        "p_romano_wolf": family["p_romano_wolf"],
        "p_holm": multipletests(family["p_raw"], method="holm")[1],
        "p_BH": multipletests(family["p_raw"], method="fdr_bh")[1],
        "p_BY": multipletests(family["p_raw"], method="fdr_by")[1],
        "p_bonferroni": multipletests(family["p_raw"], method="bonferroni")[1],
        "window_statistic_by_event": statistic[events],
        "single_event_1983_02_pool_size": one.pool,
        "single_event_1983_02_p_exact": from_zero(one),
        "three_event_pool_size": three.pool,
        "three_event_mean": three.observed,
        "three_event_p_exact": from_zero(three),
        "three_event_p_exact_spaced": from_zero(spaced),
        "sign_flip_p_exact_10_events": sign_flips(effects, seed=1).p_value,
        "wilcoxon_signed_rank_p": stats.wilcoxon(effects, method="exact").pvalue,
        "t_test_ci_and_p": [mean.low, mean.high, mean.p_value],
        "smallest_two_sided_sign_flip_p_n_5_6_8_10": smallest,
    }


@pytest.mark.parametrize("name", CASE.required)
def test_reference(name, got):
    value = got[name]
    CASE.assert_check(name, value.to_list() if isinstance(value, pd.Series) else value)


@pytest.mark.parametrize("name", ["three_event_p_exact", "three_event_p_exact_spaced"])
def test_full_enumeration_agrees_to_rounding(name, got):
    assert got[name] == pytest.approx(CASE.value(name), abs=1e-9)
