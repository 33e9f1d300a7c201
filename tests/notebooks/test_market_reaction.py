"""The argument of notebook 05, run on simulated returns whose truth is known: its own cells are executed."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from cells import Cells

from helpers.methods import event_study, placebo
from helpers.methods.abnormal_returns import cars_on_every_day
from helpers.methods.checks import UnusableInput

NOTEBOOK = Cells("05_market_reaction")
SETUP, POWER, STUDIES, CONTROLS_CELL = "37e7657d", "b02c4b29", "e82ecc5a", "cfb9b4ca"
DAYS = pd.bdate_range("2018-01-01", periods=1500)
CONTROLS = pd.Series(DAYS[200:1371:130], [f"c{number}" for number in range(10)])
MEETINGS = pd.Series(DAYS[260:1431:130], [f"m{number}" for number in range(10)])
LAYOUT = event_study.windows(before=1, after=1, leads=9, gap=5, estimation_length=120)


def simulated(seed=0, jump=0.0, assets=6):
    rng = np.random.default_rng(seed)
    market = pd.Series(rng.normal(0, 0.01, len(DAYS)), DAYS)
    noise = 0.010 * rng.normal(size=(len(DAYS), assets)) + 0.005 * rng.normal(size=(len(DAYS), 1))
    returns = pd.DataFrame(market.to_numpy()[:, None] + noise, DAYS, [f"share {i}" for i in range(assets)])
    returns.loc[CONTROLS] += jump
    return returns, market


def judge_controls(returns, market, controls=CONTROLS, meetings=MEETINGS):
    news = {"tightening_major": controls, "meetings": meetings}
    daily = (
        cars_on_every_day(returns, market, estimation=LAYOUT["estimation"], window=LAYOUT["window"])
        .mean(axis=1)
        .to_frame("g")
    )
    complete, listed = daily["g"].notna().to_numpy(), pd.DatetimeIndex(pd.concat(news.values()))
    quiet = placebo.quiet_rows(DAYS, complete, listed, 3)
    names = NOTEBOOK.run({}, SETUP)
    names |= {"daily": daily, "quiet_days": daily.iloc[quiet], "news": news, "group": "g", "FAMILY": ["g"]}
    names |= {"groups": {"g": (returns, market)}, "other_model": {"g": (returns, None)}, "layout": LAYOUT}
    names |= {"days": {("g", kind): dates for kind, dates in news.items()}, "seed": 1, "placebo_draws": 499}
    names["in_days"] = {"window": "-1..+1 trading days", "leads": "-10..-2 trading days"}
    names["alone"] = {kind: dates.index for kind, dates in news.items()}
    names["margins"] = {"C08a": 0.01, "C08b": 0.02}
    names["placebo_rows"] = {
        kind: placebo.same_year_sets(DAYS, quiet, DAYS.get_indexer(dates), apart=2, draws=499, seed=seed)
        for seed, (kind, dates) in enumerate(news.items())
    }
    NOTEBOOK.run(names, POWER, until="plans = ")
    NOTEBOOK.run(
        names, "romano-wolf", STUDIES, CONTROLS_CELL, "c08-p", "c08-holm", "c08-size", "c08-direction"
    )
    return NOTEBOOK.run(names, "c08-size-rule")


def words(names):
    return {test: ruling.word for test, ruling in names["c08"].items()}


def test_a_null_panel_is_not_supported_and_a_strong_one_is():
    for seed in range(3):
        assert set(words(judge_controls(*simulated(seed))).values()) <= {"inconclusive", "contradicted"}
    strong = judge_controls(*simulated(jump=-0.06))
    assert set(words(strong).values()) == {"supported"}
    assert strong["free_size"].value == pytest.approx(strong["size_effect"].value)
    assert len(strong["without"]) == 20 and len(strong["estimates"]) == 10
    tested = strong["tested"]["p_romano_wolf"]
    assert tested["g | tightening_major"] <= 0.05 < tested["g | meetings"]


def test_a_rise_contradicts_the_claimed_fall():
    assert words(judge_controls(*simulated(jump=0.06)))["C08b"] == "contradicted"


def test_a_kind_with_one_event_leaves_its_test_out_with_the_reason():
    names = judge_controls(*simulated(), meetings=MEETINGS[:1])
    assert words(names)["C08a"] == "descriptive only" and "share data: 1" in names["size_effect"].why
    assert (
        names["direction"].n == 10 and names["p_direction"]["family_p"] == names["p_direction"]["placebo_p"]
    )


def around_the_summit(before, after, event=700):
    """Two windows of simulated noise on each day; listed are days 100 and 101, flagged is day 800."""
    rng = np.random.default_rng(3)
    sides = pd.DataFrame({side: rng.normal(0, 0.005, len(DAYS)) for side in ("before", "after")}, DAYS)
    sides.iloc[event] = before, after
    names = NOTEBOOK.run({}, SETUP) | {
        "panels": {"us_chips": SimpleNamespace(returns=sides)},
        "gap": 5, "estimation_length": 120, "as_of": "", "everything": DAYS[[100, 101]],
    }  # fmt: skip
    NOTEBOOK.run(names, "9ae085cc", "quiet-windows", "29c74761")
    NOTEBOOK.run(names, "told-by-pattern", until="percent = ")
    names |= {"doubtful": DAYS[[800]], "years": (2018, 2023)}
    names["shares"] = SimpleNamespace(first_days=lambda dates, panel: dates)
    return names, names["against_calm_days"](sides, DAYS[event], "us_chips")


def both(first, second):
    return pd.concat({"a": first, "b": second}, names=["Group"])


def readings(headline, second):
    names, _ = around_the_summit(0.0, 0.0)
    names |= {"has_summit": True, "headline": headline, "second": second, "four": headline.reset_index()}
    return NOTEBOOK.run(names, "c12-evidence")


def test_placebo_days_of_one_event_share_no_day_with_it():
    _, table = around_the_summit(0.0, 0.0)
    # 2 listed days, and the 25 days whose windows of 13 days overlap the event's; 13 windows hold the flag.
    assert table["pool"].tolist() == [1500 - 2 - 25] * 2
    assert table["pool_unflagged"].tolist() == [1500 - 2 - 25 - 13] * 2
    with pytest.raises(UnusableInput, match="days without news"):
        names, _ = around_the_summit(0.0, 0.0)
        names["years"] = (2030, 2031)
        names["against_calm_days"](pd.DataFrame(0.0, DAYS, ["before", "after"]), DAYS[700], "us_chips")


def test_a_single_event_is_judged_by_the_conditions_of_its_claim():
    (_, calm), (_, wild), (_, risen) = (
        around_the_summit(*ends) for ends in ((0.001, 0.001), (0.10, -0.10), (0.10, 0.001))
    )

    def word(table):
        return readings(both(calm, table), both(calm, table))["written"].word

    # Against the claim the rule asks for a measured lead as well, which one event does not give.
    assert (word(calm), word(wild), word(risen)) == ("supported", "inconclusive", "inconclusive")
    names = readings(both(calm, calm), both(wild, wild))
    assert not any("interval" in name or "agrees" in name for name in names["written"].conditions)
    assert not names["written"].conditions["both hold with the second estimator"]
    assert names["written"].inputs["supports_if"] == []
    # Where the pattern speaks against the claim, no line says that the interval does.
    against = readings(both(calm, wild), both(calm, wild))
    for ruling in (against["written"], against["strict"]):
        assert ruling.conditions[against["SEEN"]] and against["SEEN"] in ruling.reasons
        assert against["AGAINST"] not in {*ruling.conditions, *ruling.reasons}
    # The first estimator lies within the margin, the second beyond it.
    assert names["strict"].conditions["the interval lies where the claim puts it"]
    assert not names["strict"].conditions["every second estimator agrees"]


def test_the_most_unusual_return_keeps_its_spread_and_pays_for_being_picked():
    (_, noisy), (_, quiet) = around_the_summit(0.0, 0.0), around_the_summit(0.05, 0.0)
    noisy["spread"] *= 10
    names = readings(both(noisy, quiet), both(noisy, quiet))
    row = quiet.loc["before"]
    assert names["summit_return"].value == row["value"] and names["summit_mde"].se == row["spread"]
    assert names["summit_p"] == pytest.approx(4 * row["p_value"])
    assert readings(both(noisy, noisy), both(noisy, noisy))["summit_p"] == 1


def test_the_rolling_regression_gives_the_return_beyond_two_factors():
    rng = np.random.default_rng(3)
    factors = pd.DataFrame(rng.normal(0, 0.01, (400, 2)), DAYS[:400], ["market", "cloud"])
    portfolio = factors @ [1.2, -0.4] + rng.normal(0, 0.002, 400)
    portfolio.iloc[300] += 0.05
    names = NOTEBOOK.run({}, SETUP) | {"estimation": LAYOUT["estimation"], "window": LAYOUT["window"]}
    rolling_cars = NOTEBOOK.run(names, "rolling")["rolling_cars"]
    car, scaled = rolling_cars(portfolio, factors)

    first, last = (300 + offset for offset in LAYOUT["estimation"])
    x = np.column_stack([np.ones(400), factors])
    beta = np.linalg.lstsq(x[first : last + 1], portfolio.iloc[first : last + 1], rcond=None)[0]
    beyond = portfolio - x @ beta
    spread = np.sqrt((beyond.iloc[first : last + 1] ** 2).sum() / (last - first + 1 - 3))
    by_hand = beyond.iloc[299:302].sum()
    assert car.iloc[300] == pytest.approx(100 * by_hand)
    assert scaled.iloc[300] == pytest.approx(by_hand / (spread * np.sqrt(3)))
    assert 4 < car.iloc[300] < 6 and abs(car.iloc[[297, 304]]).max() < 2
