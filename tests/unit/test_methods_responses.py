"""Responses to events on simulated series with known effects, against plain least squares, and refusals."""

import numpy as np
import pandas as pd
import pytest
from numpy.linalg import lstsq

from helpers import transforms
from helpers.methods import responses
from helpers.methods.checks import UnusableInput
from helpers.methods.interrupted_series import Intervention, design, segmented_regression

INDEX = pd.date_range("2012-01-01", periods=144, freq="MS", name="period")
MONTHS = pd.DatetimeIndex(
    ["2014-03-01", "2016-07-01", "2018-11-01", "2020-02-01", "2022-05-01", "2023-03-01"]
)
CYCLE = pd.DataFrame({"cycle": np.sin(np.arange(144) / 9)}, index=INDEX)


def errors(seed, rho=0.5, sd=0.1):
    rng = np.random.default_rng(seed)
    values = np.zeros(len(INDEX))
    for t in range(1, len(INDEX)):
        values[t] = rho * values[t - 1] + sd * np.sqrt(1 - rho**2) * rng.standard_normal()
    return values


def one(effect, seed=1):
    month = pd.Timestamp("2021-06-01")
    inside = INDEX.isin(pd.date_range(month, periods=13, freq="MS")[1:])
    return pd.Series(8 + effect * inside + errors(seed), INDEX, name="simulated"), month


def several(effect, seed=2):
    terms = responses.window_terms(INDEX, MONTHS, before=3, after=3)
    return pd.Series(8 + effect * terms["after less before"] + errors(seed), INDEX, name="simulated")


def test_one_event_is_found_and_nothing_after_its_window_is_used():
    series, month = one(-0.6)
    settings = {"horizon": 12, "leads": 3, "season": None, "draws": 199}
    fit = responses.respond(series, month, **settings)
    spoiled = series.where(series.index <= fit.outcome.index[-1], 99.0)
    assert fit.outcome.index[-1] == pd.Timestamp("2022-06-01")
    assert fit.estimate("window: level").low < -0.6 < fit.estimate("window: level").high
    assert responses.respond(spoiled, month, **settings).coefficients.equals(fit.coefficients)


def test_the_quiet_months_end_before_the_first_lead():
    series, month = one(0)
    assert responses.before_leads(series, month, 3).index[-1] == pd.Timestamp("2021-02-01")


def test_a_window_that_is_not_full_is_refused_and_no_placebo():
    series, month = one(0)
    with pytest.raises(UnusableInput, match="lacks 1 of 12"):
        responses.respond(
            series.drop(month + pd.DateOffset(months=5)), month, horizon=12, leads=3, season=None
        )
    months = pd.date_range("2015-01-01", "2016-12-01", freq="MS")
    gap = pd.Timestamp("2016-06-01")
    kept = responses.placebo_responses(series.drop(gap), months, horizon=3, leads=2, season=None).index
    assert not kept[(kept >= "2016-03-01") & (kept <= "2016-08-01")].size and len(kept) == 18


def test_placebo_months_of_a_series_without_events_hold_the_estimate():
    series, month = one(0, seed=5)
    months = pd.date_range("2015-01-01", "2019-12-01", freq="MS")
    how = {"horizon": 12, "leads": 3, "season": None}
    placebo = responses.placebo_responses(series, months, **how)
    mde = responses.detectable_response(series, month, responses.noise(series, season=None), **how)
    found = responses.compare(responses.respond(series, month, draws=199, **how), mde, placebo)
    assert found.effect.p_value > 0.05 and found.effect.details["mde"] == mde.value
    strong, _ = one(-2.0, seed=5)
    shifted = responses.compare(responses.respond(strong, month, draws=199, **how), mde, placebo)
    assert shifted.effect.p_value == pytest.approx(1 / (1 + len(placebo)))
    few = responses.compare(responses.respond(strong, month, draws=199, **how), mde, placebo.iloc[:18])
    assert few.effect.p_value is None


def test_the_least_squares_estimator_takes_the_same_terms():
    series, month = one(-0.6)
    fit = responses.respond(
        series, month, horizon=12, leads=3, season=None, estimator=segmented_regression, maxlags=3
    )
    made = design(fit.outcome.index, responses.one_event(month, horizon=12, leads=3), season=None)
    exact = lstsq(made.frame.to_numpy(), fit.outcome.to_numpy(), rcond=None)[0]
    assert fit.coefficients.to_numpy() == pytest.approx(exact)


def test_window_terms_give_the_change_between_the_spans():
    terms = responses.window_terms(INDEX, MONTHS, before=3, after=2)
    apart = responses.window_terms(INDEX, MONTHS, before=3, after=2, split=True)
    y = 2 * apart["window after"] - 1 * apart["window before"] + 0.3 * apart["month 0"]
    assert lstsq(terms.to_numpy(), y, rcond=None)[0] == pytest.approx([3, 1, 0.3])
    path = responses.path_terms(INDEX, MONTHS, before=3, after=2)
    assert list(path) == ["-3", "-2", "-1", "+0", "+1", "+2"]
    assert path[["+1", "+2"]].sum(axis=1).equals(apart["window after"])


def test_pooled_response_finds_an_effect_and_each_event_is_left_out():
    settings = {
        "before": 3,
        "after": 3,
        "season": None,
        "regressors": CYCLE,
        "guard": 3,
        "draws": 199,
        "seed": 3,
    }
    found = responses.pooled_response(several(0.4), MONTHS, **settings)
    assert found.effect.low < 0.4 < found.effect.high and found.effect.p_value < 0.01
    assert list(found.leave_one_out) == list(MONTHS) and found.effect.n == len(MONTHS)
    assert responses.mean_response(found.rows).value == pytest.approx(0.4, abs=0.15)
    nothing = responses.pooled_response(several(0.0), MONTHS, **settings)
    assert nothing.effect.p_value > 0.05 and nothing.effect.low < 0 < nothing.effect.high
    assert 0.05 < nothing.effect.details["mde"] < found.effect.details["mde"] < 0.2


def test_the_fixed_rho_statistic_is_generalised_least_squares():
    series = several(0.4)
    errors_ = responses.Noise(0.5, 0.1)
    test, _ = responses._placebo(series, MONTHS, errors_, 3, 3, None, CYCLE, 3, 1)
    terms = responses.window_terms(INDEX, MONTHS, before=3, after=3)
    X = np.column_stack([terms, CYCLE, np.ones(144), np.arange(144)])
    R = 0.5 ** np.abs(np.subtract.outer(np.arange(144), np.arange(144)))
    gls = np.linalg.solve(X.T @ np.linalg.solve(R, X), X.T @ np.linalg.solve(R, series.to_numpy()))
    assert test.observed == pytest.approx(gls[0])


def test_events_without_a_full_window_are_refused():
    late = MONTHS.append(pd.DatetimeIndex(["2023-11-01"]))
    with pytest.raises(UnusableInput, match="No full window around 2023-11"):
        responses.pooled_response(
            several(0), late, before=3, after=3, season=None, regressors=CYCLE, guard=3, draws=199, seed=1
        )


def test_the_forecast_against_the_cycle_starts_with_the_leads_if_asked():
    series, month = one(-0.6)
    series, cycle = series + 0.5 * CYCLE["cycle"], CYCLE["cycle"]
    how = {"draws": 2000, "seed": 1}
    path = responses.against_cycle(series, cycle, month, first=-3, last=12, leads=0, **how)
    assert len(path.observed) == 16 and path.observed.index[0] == pd.Timestamp("2021-03-01")
    assert path.effect_between(4, 15).low < -0.6 < path.effect_between(4, 15).high
    short = responses.against_cycle(series["2019-06":], cycle, month, first=1, last=12, leads=4, **how)
    assert short.n == 21
    window = {"first": 1, "last": 2, "leads": 0}
    months = pd.date_range("2017-01-01", "2019-12-01", freq="MS")
    placebo = responses.placebos_against_cycle(series, cycle, month, months, **window)
    real = responses.against_cycle(series, cycle, month, **window, **how).mean_effect()
    assert placebo.iloc[-1] == pytest.approx(real.value) and len(placebo) == 37


def test_the_ladder_holds_every_rung_that_the_data_allow():
    series, month = one(-0.6)
    cycle = CYCLE["cycle"]
    settings = {"horizon": 12, "leads": 3, "maxlags": 6, "draws": 199, "seed": 1}
    whole = responses.ladder(series + 0.5 * cycle, cycle, month, **settings)
    controlled = [found for name, found in whole.items() if name.endswith("cycle as control")]
    assert len(whole) == 5 and len(controlled) == 2
    # The others leave the cycle out, which is part of the simulated series.
    assert all(found.value == pytest.approx(-0.6, abs=0.1) for found in controlled)
    holed = responses.ladder(series.drop("2016-05-01"), None, month, **settings)
    assert set(holed) == {"AR(1) REML", "HAC"}


def test_the_ladder_of_a_change_gives_the_other_events_their_own_terms():
    series, others = several(0.4), pd.DatetimeIndex(["2015-06-01", "2021-03-01"])
    how = {"before": 3, "after": 3, "season": None, "regressors": CYCLE, "draws": 199, "seed": 3}
    theirs = responses.window_terms(INDEX, others, before=3, after=3, split=True)
    series = series + 3 * theirs["window after"]
    found = responses.pooled_response(series, MONTHS, guard=3, **how)
    rungs = responses.change_ladder(series, found, others, maxlags=6, **how)
    assert rungs[responses.JOINT].low < 0.4 < rungs[responses.JOINT].high
    assert rungs[responses.JOINT].se < rungs["HAC"].se and len(rungs) == 4


def test_each_choice_is_made_alone():
    series, month = one(-0.6)
    bali = {"Bali": Intervention("Bali", "2021-07", leads=0, end="2021-09")}
    found = responses.choices(series, month, horizon=12, leads=3, horizons=(3, 60), other=bali, years=(2014,))
    names = ["As written", "With a term for Bali", "Months +1 to +3", "Without leads", "6 months of leads"]
    # The window of 60 months is not full and is left out.
    assert list(found) == [*names, "No trend", "From 2014"]
    lunar = transforms.lunar_new_year_terms(series.index)
    same = responses.respond(
        series, month, horizon=12, leads=3, season="dummies", regressors=lunar, inference="t"
    )
    assert found["As written"].value == pytest.approx(same.coefficients["window: level"])
    assert found["From 2014"].n == found["As written"].n - 24


def test_growth_after_less_growth_before():
    quarters = pd.date_range("2023-03-31", periods=9, freq="QE")
    levels = pd.Series(np.exp([0, 0.1, 0.2, 0.3, 0.4, 0.7, 1.0, 1.3, 1.6]), quarters)
    assert responses.speed_up(levels, quarters[4], 4) == pytest.approx(0.2)
    assert responses.speed_up(levels.iloc[:7], quarters[4], 4) == pytest.approx(0.2)
    with pytest.raises(UnusableInput, match="periods on either side"):
        responses.speed_up(levels, quarters[-1], 4)


def test_growth_is_set_against_the_largest_others():
    quarters = pd.date_range("2023-03-31", periods=5, freq="QE")
    rates = {"cn": (0.1, 0.3), "small": (0.5, 0.9), "big": (0.2, 0.1), "bigger": (0.1, 0.2)}
    size = {"cn": 1, "small": 2, "big": 30, "bigger": 40}
    levels = {
        one: pd.Series(size[one] * np.exp([-2 * a, -a, 0, b, 2 * b]), quarters)
        for one, (a, b) in rates.items()
    }
    mine, theirs = responses.speed_up_against(levels, "cn", quarters[2], 2, others=2)
    assert (mine, theirs) == pytest.approx((0.2, 0.0))


def test_months_apart():
    months = pd.DatetimeIndex(["2020-01-01", "2021-06-01"])
    assert transforms.months_apart(months, pd.DatetimeIndex(["2020-03-01"])).tolist() == [2, 15]
    assert transforms.months_apart(months, pd.DatetimeIndex([])).tolist() == [999, 999]


def test_a_forecast_is_ranked_among_its_placebo_months():
    series, month = one(-0.6)
    window = {"first": 1, "last": 2, "leads": 0}
    forecast = responses.against_cycle(series, CYCLE["cycle"], month, draws=199, seed=1, **window)
    placebo = pd.Series([*np.linspace(-0.2, 0.2, 39), -0.6], pd.date_range("2015", periods=40, freq="MS"))
    found = responses.compare_forecast(forecast, placebo)
    assert found.effect.p_value == pytest.approx(1 / 40)
    assert found.effect.details["mde"] == pytest.approx(2.8015 * forecast.mean_se, rel=1e-3)
    assert responses.compare_forecast(forecast, placebo.iloc[-9:]).effect.p_value is None
