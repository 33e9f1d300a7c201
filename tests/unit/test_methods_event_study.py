"""Event study: dates, gaps, bad input, several markets. All returns here are simulated."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.methods.abnormal_returns import cars_on_every_day, design, fit
from helpers.methods.checks import UnusableInput
from helpers.methods.event_study import event_study, spaced, windows

WINDOWS = {"estimation": (-130, -11), "leads": (-10, -2), "window": (-1, 1)}


def panel(seed=0, assets=8, days=700, jump=0.0, events=()):
    rng = np.random.default_rng(seed)
    index = pd.bdate_range("2020-01-01", periods=days)
    market = pd.Series(rng.normal(0, 0.01, days), index, name="mkt")
    noise = 0.015 * rng.normal(size=(days, assets)) + 0.005 * rng.normal(size=(days, 1))
    returns = market.to_numpy()[:, None] * rng.normal(1, 0.2, assets) + noise
    for event in events:
        returns[index.get_loc(event)] += jump
    return pd.DataFrame(returns, index, [f"share {i}" for i in range(assets)]), market


DAYS = list(pd.bdate_range("2020-01-01", periods=700)[[200, 320, 440, 560, 650]])


def test_a_known_jump_is_found_and_leads_are_clean():
    returns, market = panel(jump=0.05, events=DAYS)
    study = event_study(returns, market, DAYS, **WINDOWS)
    assert study.estimate.low < 0.05 < study.estimate.high
    assert study.estimate.low > 0
    assert study.estimate.n == 5 and study.estimate.df == 4
    assert study.lead.low < 0 < study.lead.high
    assert (study.tests["p_value"] < 0.05).all()
    assert study.total.value == pytest.approx(study.estimate.value + study.lead.value)
    assert list(study.tests.index) == ["kolari_pynnonen", "corrado_rank", "portfolio_regression"]


def test_the_degrees_of_freedom_are_those_of_the_events():
    returns, market = panel()
    several = event_study(returns, market, DAYS, **WINDOWS)
    df = several.tests["df"]
    # Five events of eight assets: the events are independent, their assets are not.
    assert (df["kolari_pynnonen"], several.estimate.df, several.lead.df) == (4, 4, 4)
    p_value = 2 * stats.t.sf(abs(several.tests.loc["kolari_pynnonen", "statistic"]), 4)
    assert several.tests.loc["kolari_pynnonen", "p_value"] == pytest.approx(p_value)
    single = event_study(returns, market, DAYS[:1], **WINDOWS).tests["df"]
    assert single["kolari_pynnonen"] == 7 and df["portfolio_regression"] == 4
    estimation = WINDOWS["estimation"][1] - WINDOWS["estimation"][0] + 1
    assert single["portfolio_regression"] > estimation / 2


def test_the_portfolio_regression_weighs_events_by_precision():
    returns, market = panel(jump=0.05, events=DAYS)
    alone = [event_study(returns, market, [day], **WINDOWS).tests.loc["portfolio_regression"] for day in DAYS]
    means, t = (np.array([test[name] for test in alone]) for name in ("value", "statistic"))
    weights = (t / means) ** 2 / ((t / means) ** 2).sum()
    together = event_study(returns, market, DAYS, **WINDOWS).tests.loc["portfolio_regression"]
    assert together["value"] == pytest.approx(weights @ means)
    # HC2: squared distances from the mean, each over one less its weight.
    variance = (weights**2 * (means - weights @ means) ** 2 / (1 - weights)).sum()
    assert together["statistic"] == pytest.approx(weights @ means / np.sqrt(variance))


def test_own_estimation_window_per_event():
    returns, market = panel()
    both = event_study(returns, market, DAYS[:2], **WINDOWS).by_event
    alone = event_study(returns, market, DAYS[1:2], **WINDOWS).by_event
    pd.testing.assert_series_equal(both.iloc[1], alone.iloc[0], check_names=False)


def models(returns, market, day, estimation=WINDOWS["estimation"], window=WINDOWS["window"]):
    x, row = design(market, returns.index), returns.index.get_loc(day)
    past, ahead = (slice(row + first, row + last + 1) for first, last in (estimation, window))
    return fit(x[past], returns.to_numpy()[past], x[ahead], returns.to_numpy()[ahead])


def test_factor_and_constant_mean_models():
    returns, market = panel()
    factors = pd.DataFrame({"mkt": market, "size": np.random.default_rng(5).normal(0, 0.005, len(market))})
    assert models(returns, factors, DAYS[0]).coefficients.shape == (8, 3)
    mean = models(returns, None, DAYS[0])
    past = returns.iloc[200 - 130 : 200 - 10]
    assert mean.coefficients[:, 0] == pytest.approx(past.mean().to_numpy())
    assert mean.sigma == pytest.approx(past.std(ddof=1).to_numpy())


def test_rolling_sums_equal_the_regressions():
    returns, market = panel()
    returns.iloc[100:110, 2] = np.nan
    windows = {name: WINDOWS[name] for name in ("estimation", "window")}
    for model in (market, None):
        quick = cars_on_every_day(returns, model, **windows).loc[DAYS]
        slow = [models(returns, model, day).cumulative(np.ones(3, dtype=bool)) for day in DAYS]
        assert quick.to_numpy() == pytest.approx(np.array(slow), abs=1e-12)


def test_a_portfolio_on_every_day_is_the_mean_of_its_shares():
    returns, market = panel()
    every_day = cars_on_every_day(
        returns, market, estimation=WINDOWS["estimation"], window=WINDOWS["window"]
    ).mean(axis=1)
    studied = event_study(returns, market, DAYS, **WINDOWS).by_event["car"]
    assert every_day[DAYS].to_numpy() == pytest.approx(studied.to_numpy())


def test_the_first_and_the_last_day_with_full_windows_are_the_only_ends():
    returns, market = panel(days=200)
    every_day = cars_on_every_day(returns, market, estimation=WINDOWS["estimation"], window=(-1, 3)).mean(
        axis=1
    )
    seen = np.flatnonzero(every_day.notna())
    assert (seen[0], seen[-1], len(seen)) == (130, 200 - 4, 200 - 4 - 130 + 1)
    # The study takes the same days: with a window to +1 the first is row 130, the last row 198.
    assert event_study(returns, market, returns.index[[130, 198]], **WINDOWS).estimate.n == 2
    for row in (129, 199):
        with pytest.raises(UnusableInput, match="runs past the data"):
            event_study(returns, market, returns.index[[row]], **WINDOWS)


def test_an_asset_is_used_from_four_fifths_of_its_estimation_window_on():
    returns, market = panel()
    event = returns.index.get_loc(DAYS[0])
    returns.iloc[event - 130 : event - 130 + 24, 0] = np.nan  # 96 of 120 remain
    returns.iloc[event - 130 : event - 130 + 25, 1] = np.nan
    study = event_study(returns, market, DAYS[:1], **WINDOWS)
    assert study.dropped["asset"].tolist() == ["share 1"]
    every_day = cars_on_every_day(returns, market, estimation=WINDOWS["estimation"], window=WINDOWS["window"])
    assert every_day.loc[DAYS[0]].isna().tolist() == [False, True, *[False] * 6]


def test_a_market_is_used_from_four_fifths_of_an_estimation_window_on():
    returns, market = panel()
    event = returns.index.get_loc(DAYS[0])
    for absent, usable in ((24, 1), (25, 0)):  # 96 and 95 of 120 remain
        gappy = market.copy()
        gappy.iloc[event - 130 : event - 130 + absent] = np.nan
        assert len(event_study(returns, gappy, DAYS[:2], **WINDOWS).by_event) == 1 + usable


def test_windows_are_laid_out_without_a_common_day():
    layout = windows(before=1, after=1, leads=9, gap=5, estimation_length=120)
    assert layout == {"estimation": (-135, -16), "leads": (-10, -2), "window": (-1, 1)}


def test_the_earliest_of_events_that_share_days_stands_for_them():
    index = pd.bdate_range("2018-01-01", periods=500)
    days = pd.Series(index[[304, 300, 302, 403, 400]], ["c", "a", "b", "e", "d"])
    # Windows of three days: rows 300 and 302 share day 301, rows 400 and 403 none.
    assert spaced(days, index, (-1, 1)).index.tolist() == ["a", "c", "d", "e"]
    # Those it admits, and no others, the study admits.
    returns, market = panel()
    near = [DAYS[0], DAYS[0] + 3 * pd.offsets.BDay()]
    assert event_study(returns, market, near, **WINDOWS).estimate.n == 2
    with pytest.raises(UnusableInput, match="share days"):
        event_study(returns, market, [DAYS[0], DAYS[0] + 2 * pd.offsets.BDay()], **WINDOWS)


def test_gaps_drop_the_asset_and_say_so():
    returns, market = panel()
    returns.iloc[199, 0] = np.nan
    returns.iloc[:150, 1] = np.nan
    returns.iloc[:195, 2] = 0.0
    study = event_study(returns, market, DAYS[:1], **WINDOWS)
    reasons = study.dropped.set_index("asset")["reason"]
    assert reasons["share 0"].startswith("no return on a day")
    assert reasons["share 1"].startswith("too few returns")
    assert reasons["share 2"].startswith("constant")
    assert study.by_event["assets"].tolist() == [5]


def test_an_event_past_the_data_is_listed():
    returns, market = panel()
    study = event_study(returns, market, [*DAYS, returns.index[-1]], **WINDOWS)
    assert study.dropped["reason"].tolist() == ["a window runs past the data"]
    assert study.estimate.n == 5


def test_single_date_error_allows_for_correlation():
    returns, market = panel(assets=20)
    one = event_study(returns, market, DAYS[:1], **WINDOWS)
    assert one.estimate.n == 1
    assert one.estimate.df == 19
    cars = models(returns, market, DAYS[0]).cumulative(np.ones(3, dtype=bool))
    plain = cars.std(ddof=1) / np.sqrt(20)
    assert one.estimate.se > plain
    pair = event_study(returns.iloc[:, :2], market, DAYS[:1], **WINDOWS).estimate
    assert pair.df == 118 and "forecast error" in pair.method


def test_the_record_is_flat_and_leads_are_in_it():
    returns, market = panel()
    record = event_study(returns, market, DAYS, **WINDOWS).record()
    assert record["window"] == "-1..+1 trading days" and record["leads"] == "-10..-2 trading days"
    assert {"p_kolari_pynnonen", "p_corrado_rank", "p_portfolio_regression", "lead_value"} <= set(record)
    assert all(isinstance(value, str | int | float) for value in record.values())


def repeated(frame):
    return pd.concat([frame, frame.iloc[[3]]]).sort_index()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda r, m: (r.iloc[::-1], m, DAYS), "not sorted"),
        (lambda r, m: (repeated(r), m, DAYS), "appears twice"),
        (lambda r, m: (r.assign(flat=0.01), m, DAYS), "returns of flat: the series is constant"),
        (lambda r, m: (r.assign(gone=np.nan), m, DAYS), "returns of gone: every value is missing"),
        (lambda r, m: (r.replace(r.iloc[5, 0], np.inf), m, DAYS), "infinite"),
        (lambda r, m: (r, m * 0, DAYS), "factor mkt: the series is constant"),
        (lambda r, m: (r, m.tz_localize("UTC"), DAYS), "Time zones differ"),
        (lambda r, m: (r, m, [day.tz_localize("Asia/Shanghai") for day in DAYS]), "Time zones differ"),
        (lambda r, m: (r, m, [DAYS[0], DAYS[1].tz_localize("UTC")]), "one time zone"),
        (lambda r, m: (r, m, [DAYS[0], DAYS[0]]), "twice"),
        (lambda r, m: (r, m, ["2020-10-10"]), "not a row of the data"),
        (lambda r, m: (r, m, ["2030-10-10"]), "lies outside the data"),
        (lambda r, m: (r, m, [DAYS[0], DAYS[0] + 2 * pd.offsets.BDay()]), "share days of their windows"),
        (lambda r, m: (r, m, []), "Too few events"),
        (lambda r, m: (r, m, [r.index[20]]), "runs past the data"),
        (lambda r, m: (r.set_axis(range(700)), m, DAYS), "not dates"),
        (lambda r, m: (r.set_axis(["a"] * 8, axis=1), m, DAYS), "asset appears twice"),
        (lambda r, m: (r.astype(object).assign(text="1,0"), m, DAYS), "not numbers"),
    ],
)
def test_bad_input_is_refused_with_the_mend(spoil, message):
    with pytest.raises(UnusableInput, match=message):
        event_study(*spoil(*panel()), **WINDOWS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"leads": (-10, 0)}, "Windows overlap"),
        ({"estimation": (-130, -5)}, "Windows overlap"),
        ({"window": (1, -1)}, "ends before it starts"),
        ({"estimation": (-30, -11)}, "days in the estimation window"),
    ],
)
def test_windows_must_follow_each_other(change, message):
    with pytest.raises(UnusableInput, match=message):
        event_study(*panel(), DAYS, **WINDOWS | change)


def test_leads_are_required():
    with pytest.raises(TypeError, match="leads"):
        event_study(*panel(), DAYS, estimation=(-130, -11), window=(-1, 1))


def test_results_are_frozen():
    study = event_study(*panel(), DAYS, **WINDOWS)
    with pytest.raises(AttributeError):
        study.correlation = 0.0
    assert replace(study.estimate, n=3).n == 3
