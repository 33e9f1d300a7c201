"""How often each engine errs where the truth is known: simulated data in which nothing happens.

A case is an engine under a null model. Its simulation takes a number of samples and a seed and returns,
for each of its answers, in which samples it is wrong: an interval that misses the truth, a placebo p of at
most 0.05, a word that sounds sure. Nothing here is data of this project. Dates and sizes are like those of
the notebooks, and functions of notebooks are run as they stand there.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
from steps import errors, wrong_steps

sys.path.append(str(Path(__file__).parents[2] / "tests"))
from notebook_functions import functions_of

from helpers.methods import placebo, rates
from helpers.methods.abnormal_returns import cars_on_every_day
from helpers.methods.counterfactual import structural_counterfactual
from helpers.methods.event_study import event_study, windows
from helpers.methods.interrupted_series import Intervention
from helpers.methods.results import Estimate, difference_of_means
from helpers.studies import study

Wrong = dict[str, np.ndarray]
INTERVAL, PLACEBO, WORD = "interval", "placebo p", "sure word"
TREATED = "United States"


@dataclass(frozen=True)
class Case:
    """An engine under a null model.

    Attributes
    ----------
    engine, null : str
    simulate : callable
        Takes the number of samples and a seed.
    quick : int
        Samples in the tests.
    weight : float
        Samples in the full benchmark, times its argument.
    other : dict
        Answers that do not hold their size: "conservative" or "fails". All others hold it.
    remark : str
        What follows.
    """

    engine: str
    null: str
    simulate: Callable[[int, int], Wrong]
    quick: int
    weight: float = 1.0
    other: dict[str, str] = field(default_factory=dict)
    remark: str = ""


def misses(estimate: Estimate, truth: float = 0.0) -> bool:
    """Whether a 95 percent interval leaves out the truth."""
    return not estimate.low <= truth <= estimate.high


def collect(rows: list[dict[str, bool]]) -> Wrong:
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def first_order(rng: np.random.Generator, n: int, columns: int, rho: float) -> np.ndarray:
    """AR(1) errors with unit variance, shape (n, columns)."""
    return errors(rng.standard_normal((n, columns)), "AR(1)", rho)


# Shares: the study of news days and its placebo days -------------------------------------------------------

SHARES, YEARS = 8, 7
LAYOUT = windows(before=1, after=1, leads=9, gap=5, estimation_length=120)


@lru_cache
def trading_days() -> tuple[pd.DatetimeIndex, dict[str, pd.DatetimeIndex], dict[str, np.ndarray]]:
    """Trading days, dates of two kinds of news, and placebo sets of each, as notebook 05 draws them."""
    index = pd.bdate_range("2018-01-01", periods=252 * YEARS)
    rows = np.linspace(200, len(index) - 30, 24).astype(int) + np.tile([0, 7, 3], 8)
    news = {"controls": rows[::2], "meetings": rows[1::2]}
    complete = (np.arange(len(index)) > 140) & (np.arange(len(index)) < len(index) - 2)
    quiet = placebo.quiet_rows(index, complete, index[rows], 3)
    sets = {
        kind: placebo.same_year_sets(index, quiet, at, apart=2, draws=199, seed=number)
        for number, (kind, at) in enumerate(news.items())
    }
    return index, {kind: index[at] for kind, at in news.items()}, sets


def market_reaction(samples: int, seed: int, *, variance: float) -> Wrong:
    """Residuals are t(4) with correlation 0.3 and slow volatility; news days have `variance` times it."""
    rng, (index, news, sets) = np.random.default_rng(seed), trading_days()
    beside = functions_of("05_market_reaction").beside_placebo
    loud = np.ones(len(index))
    for dates in news.values():
        loud[index.get_indexer(dates)[:, None] + np.arange(-1, 2)] = np.sqrt(variance)
    rows = []
    for _ in range(samples):
        slow = np.exp(0.3 * first_order(rng, len(index), 1, 0.98))
        market = 0.01 * rng.standard_normal(len(index))
        noise = np.sqrt(0.7) * rng.standard_t(4, (len(index), SHARES))
        noise += np.sqrt(0.3) * rng.standard_t(4, (len(index), 1))
        values = market[:, None] * rng.normal(1, 0.3, SHARES) + 0.014 * loud[:, None] * slow * noise
        returns, factor = pd.DataFrame(values, index), pd.Series(market, index, name="market")
        daily = cars_on_every_day(returns, factor, estimation=LAYOUT["estimation"], window=LAYOUT["window"])
        daily = daily.mean(axis=1).to_numpy()
        result = event_study(returns, factor, news["controls"], **LAYOUT)
        found, other = (daily[index.get_indexer(dates)] for dates in news.values())
        null = {kind: daily[at] for kind, at in sets.items()}
        size = difference_of_means(np.abs(found), np.abs(other), unit="return", method="size")
        both = beside(size, np.abs(null["controls"]), np.abs(null["meetings"]))
        rows.append(
            {
                INTERVAL: misses(result.estimate),
                PLACEBO: beside(result.estimate, null["controls"]).p_value() <= 0.05,
                "placebo p, difference in size": both.p_value() <= 0.05,
            }
            | (result.tests["p_value"] <= 0.05).to_dict()
        )
    return collect(rows)


def one_date(samples: int, seed: int, *, null: str) -> Wrong:
    """Twenty shares and one date of five days, as in case O13: the tests across shares."""
    rng, (shares, before, after) = np.random.default_rng(seed), (20, 120, 5)
    days = before + 1 + after
    index, rows = pd.bdate_range("2020-01-01", periods=days), []
    for _ in range(samples):
        market = rng.normal(0, 0.01, days)
        noise = rng.normal(size=(days, shares))
        if null == "event variance x3":
            noise[-after:] *= np.sqrt(3)
        elif null == "residual correlation 0.15":
            noise = np.sqrt(0.85) * noise + np.sqrt(0.15) * rng.normal(size=(days, 1))
        values = market[:, None] * rng.normal(1, 0.3, shares) + 0.02 * noise
        result = event_study(
            pd.DataFrame(values, index),
            pd.Series(market, index, name="market"),
            [index[before + 1]],
            estimation=(-before - 1, -2),
            leads=(-1, -1),
            window=(0, after - 1),
        )
        rows.append((result.tests["p_value"] < 0.05).to_dict())
    return collect(rows)


# Events around meetings -----------------------------------------------------------------------------------

MEETINGS = pd.to_datetime(
    ["2017-04-07", "2017-07-08", "2017-11-10", "2018-12-01", "2019-06-29"]
    + ["2022-11-14", "2023-11-15", "2024-11-16", "2025-10-30", "2026-05-15"]
)
SPAN = pd.Timestamp("2017-01-01"), pd.Timestamp("2026-10-31")
A_YEAR = pd.Series([2, 4, 6, 6, 4, 8, 10, 14, 12, 8], range(2017, 2027))


def events_of(rng: np.random.Generator, bursts: bool) -> pd.DatetimeIndex:
    """Days of events at one rate within a year; in bursts, one more on average within ten days of each."""
    days = []
    for year, expected in A_YEAR.items():
        first, last = pd.Timestamp(year, 1, 1), min(pd.Timestamp(year, 12, 31), SPAN[1])
        number = rng.poisson(expected / (2 if bursts else 1))
        day = first + pd.to_timedelta(rng.integers(0, (last - first).days + 1, number), "D")
        more = day.repeat(rng.poisson(1, number)) if bursts else day[:0]
        days += [day, more + pd.to_timedelta(rng.integers(0, 11, len(more)), "D")]
    every = days[0].append(days[1:])
    return every[every <= SPAN[1]].sort_values()


def after_meetings(samples: int, seed: int, *, bursts: bool, draws: int) -> Wrong:
    """Rate ratio and change of balance of notebook 09."""
    rng, rows = np.random.default_rng(seed), []
    about = {"span": SPAN, "draws": draws, "seed": seed}
    change_around = functions_of("09_restraint").change_around
    for _ in range(samples):
        more, fewer = events_of(rng, bursts), events_of(rng, bursts)
        ratio = rates.rate_ratio(more, MEETINGS, window=(1, 90), leads=(-90, -1), **about)
        change = change_around(MEETINGS, added=more, subtracted=fewer, length=90, anticipation=0, **about)
        rows.append(
            {
                "rate ratio, interval": misses(ratio.effect, 1.0),
                "rate ratio, placebo p": ratio.effect.p_value <= 0.05,
                "rate ratio, both": misses(ratio.effect, 1.0) and ratio.effect.p_value <= 0.05,
                "change, interval": misses(change.effect),
                "change, placebo p": change.effect.p_value <= 0.05,
            }
        )
    return collect(rows)


# Quarters -------------------------------------------------------------------------------------------------


def quarter_break(samples: int, seed: int, *, rho: float) -> Wrong:
    """The break of notebook 08 in yearly growth, 31 quarters of it, with 21 placebo breaks."""
    last = pd.Timestamp("2022-12-31")
    names = {"LAST": last, "shortest": 5, "draws": 99, "seed": seed, "gap": None, "YEARLY": "log10"}
    turn = functions_of("08_frontier_gap", **names).turn
    index = pd.date_range("2017-01-01", periods=32, freq="QE")
    levels = np.cumsum(first_order(np.random.default_rng(seed), len(index), samples, rho), axis=0)
    effects = [turn(partial(pd.Series, column, index)).effect for column in levels.T]
    return collect([{INTERVAL: misses(e), PLACEBO: e.p_value <= 0.05} for e in effects])


MEETING_MONTHS = [
    "2017-04",
    "2017-11",
    "2018-12",
    "2019-06",
    "2021-11",
    "2022-11",
    "2023-11",
    "2024-11",
    "2025-10",
]


# Months ---------------------------------------------------------------------------------------------------


def months_from(first: str, number: int) -> pd.DatetimeIndex:
    return pd.date_range(first, periods=number, freq="MS")


def forecast(samples: int, seed: int, *, n: int, ahead: int, season: str | int, step: float) -> Wrong:
    """A local level with steps of `step` times the noise, forecast from n months before."""
    rng, index = np.random.default_rng(seed), months_from("2013-01-01", n + ahead)
    controls = pd.DataFrame({"cycle": np.sin(np.arange(len(index)) / 7)}, index)
    event = Intervention("event", f"{index[n]:%Y-%m}", leads=0)
    about = {"controls": controls, "season": season, "unit": "log points", "draws": 999}
    noise = rng.standard_normal((2, len(index), samples))
    values = np.cumsum(step * noise[0], axis=0) + noise[1]
    effects = [
        structural_counterfactual(pd.Series(column, index), event, **about).mean_effect()
        for column in values.T
    ]
    return collect([{INTERVAL: misses(effect)} for effect in effects])


@lru_cache
def export_response() -> object:
    """The functions of notebook 06, with its parameters."""
    window, step = 3, "after less before"
    return functions_of(
        "06_export_response",
        horizon=12,
        lead_months=3,
        window=window,
        guard_months=3,
        seed=20261123,
        sides={"before": window, "after": window},
        STEP=step,
        UNIT="log points",
        oct7=pd.Timestamp("2022-10-01"),
        cycle=None,
        boot={"draws": 199, "seed": 20261123},
        meetings=pd.DataFrame({"month": pd.to_datetime(MEETING_MONTHS)}),
    )


@lru_cache
def other_exporters() -> object:
    """The functions of notebook 15, with its parameters."""
    draws = {"draws": 199, "seed": 20261123}
    return functions_of(
        "15_other_exporters", horizon=12, lead_months=3, UNIT="log points", US=TREATED, boot=draws
    )


def untreated(samples: int, seed: int, *, rho: float, trend: bool) -> Wrong:
    """Exports of eight origins after October 2022, the first against the others, each treated in turn."""
    book, rng = other_exporters(), np.random.default_rng(seed)
    index, rows = months_from("2021-01-01", 34), []
    names = [TREATED, *(f"origin {number}" for number in range(7))]
    for _ in range(samples):
        table = pd.DataFrame(np.exp(0.1 * first_order(rng, len(index), len(names), rho)), index, names)
        effect, _ = book.beside_others(book.against(table), TREATED, pd.Timestamp("2022-10-01"), trend)
        # Eight ranks: the first comes up once in eight, so that no p of 0.05 is to be had.
        first = effect.details["rank"] == 1
        rows.append({INTERVAL: misses(effect), "interval and first rank": misses(effect) and first})
    return collect(rows)


def pooled_meetings(samples: int, seed: int, *, null: str, size: float, bootstrap: bool) -> Wrong:
    """The terms of all meetings in one regression (H19b), beside sets of other months."""
    book, index = export_response(), months_from("2013-01-01", 163)
    months, terms = book.measured_in(index), book.netted(pd.Series(0.0, index))
    rows = index.get_indexer(months)
    sets = book.placebo_sets(index, rows)[:499]
    about = {"season": "dummies", "regressors": terms, "unit": "log points", "inference": "t"}
    noise = np.random.default_rng(seed).standard_normal((2 * len(index), samples))
    wrong = []
    for column in errors(noise, null, size)[-len(index) :].T:
        values = pd.Series(column, index)
        quiet = book.regression.interrupted_series(values, [], **about)
        changes, spread = book.changes_by(values, quiet)
        real, error = (float(part(rows[None, :])[0]) for part in (changes, spread))
        p_value = placebo.placebo_p(changes(sets), real, errors=spread(sets), error=error)
        row = {PLACEBO: p_value <= 0.05}
        if bootstrap:
            effect = book.change(book.shared(values, terms, months, **book.boot), months)
            row[INTERVAL] = misses(effect)
            row[WORD] = misses(effect) and p_value <= 0.05 and effect.details["residual_p"] > 0.05
        wrong.append(row)
    return collect(wrong)


def after_a_control(samples: int, seed: int, *, null: str, size: float, fall: float = 0.0) -> Wrong:
    """The word of C07a: one control, placebo months before it, the forecast as second rung, the check.

    A series may fall in the months after the control, by so many standard errors of the first estimator.
    """
    book, index, control = export_response(), months_from("2013-01-01", 130), pd.Timestamp("2022-10-01")
    quiet = index[(index >= "2015-01-01") & (index <= "2021-06-01")][::2]
    rng, lunar, rows = np.random.default_rng(seed), book.netted(pd.Series(0.0, index)), []
    cycle = pd.Series(first_order(rng, len(index), 1, 0.9)[:, 0], index, name="cycle")
    for column in errors(rng.standard_normal((2 * len(index), samples)), null, size)[-len(index) :].T:
        values = pd.Series(column, index)
        error = book.respond(values, control, inference="t").estimate("window: level").se
        values = values - fall * error * (index > control)
        effect = book.respond(values, control, **book.boot).estimate("window: level")
        fits = [book.attempt(book.respond, values, m, controls=lunar, inference="t") for m in quiet]
        elsewhere = [fit.estimate("window: level") for fit in fits if fit]
        usual, spread = (np.array([getattr(e, name) for e in elsewhere]) for name in ("value", "se"))
        p_value = placebo.placebo_p(usual, effect.value, errors=spread, error=effect.se)
        forecast = structural_counterfactual(**book.setting(values, control, by=cycle), unit="", draws=999)
        sure = misses(effect) and p_value <= 0.05 and effect.details["residual_p"] > 0.05
        row = {INTERVAL: misses(effect), PLACEBO: p_value <= 0.05}
        rows.append(row | {WORD: sure and misses(forecast.mean_effect())})
    return collect(rows)


# One's own series -----------------------------------------------------------------------------------------


def own_study(samples: int, seed: int, *, kind: str) -> Wrong:
    """`helpers.study`: two dates in eleven years of months, five in four of trading days."""
    rng, months = np.random.default_rng(seed), months_from("2014-01-01", 132)
    index = months if kind == "levels" else pd.bdate_range("2018-01-01", periods=1000)
    if kind == "levels":
        values = np.exp(0.1 * first_order(rng, len(index), samples, 0.5))
    else:
        values = 0.01 * rng.standard_t(4, (len(index), samples))
    places = np.array([0.5, 0.8]) if kind == "levels" else np.linspace(0.35, 0.9, 5)
    dates = index[(places * len(index)).astype(int)]
    effects = [study(pd.Series(column, index), dates, kind=kind).comparison.effect for column in values.T]
    return collect([{INTERVAL: misses(e), PLACEBO: e.p_value <= 0.05} for e in effects])


# What is measured -----------------------------------------------------------------------------------------

CONSERVATIVE, FAILS = "conservative", "fails"
STUDY, RATES, SERIES = "Event study (05)", "Rates around meetings (09)", "Interrupted series (06, 07, 08)"
RATIO, CHANGE = "rate ratio, ", "change, "
YEAR_END = {"n": 130, "step": 118, "season": True}
QUIET = {
    "kolari_pynnonen": CONSERVATIVE,
    RATIO + INTERVAL: CONSERVATIVE,
    RATIO + PLACEBO: CONSERVATIVE,
    RATIO + "both": CONSERVATIVE,
    CHANGE + INTERVAL: CONSERVATIVE,
    CHANGE + PLACEBO: CONSERVATIVE,
}
LOUD = {"kolari_pynnonen": CONSERVATIVE, "corrado_rank": FAILS}
TOO_SURE = {INTERVAL: FAILS}
SPARE = {PLACEBO: CONSERVATIVE}


def ar1(rho: float) -> Callable[[int, int], Wrong]:
    return partial(wrong_steps, **YEAR_END, null="AR(1)", size=rho)


CASES = [
    Case(STUDY, "news days like others", partial(market_reaction, variance=1.0), 0, 1, QUIET),
    Case(
        STUDY, "variance of news days doubled", partial(market_reaction, variance=2.0), 500, 1, LOUD,
        "no word rests on the rank test, and the notebook says so beside it",
    ),
    Case(RATES, "Poisson within the year", partial(after_meetings, bursts=False, draws=99), 120, 1, QUIET),
    Case(RATES, "the same in bursts", partial(after_meetings, bursts=True, draws=99), 120, 1, QUIET),
    Case("Break in quarters (08)", "AR(1) 0", partial(quarter_break, rho=0.0), 0, 1, SPARE),
    Case("Break in quarters (08)", "AR(1) 0.5", partial(quarter_break, rho=0.5), 120, 1, SPARE),
    Case(SERIES, "AR(1) 0.4, 130 months", ar1(0.4), 2000, 8),
    Case(SERIES, "AR(1) 0.8, 130 months", ar1(0.8), 2000, 8, {WORD: CONSERVATIVE}),
    Case(
        SERIES, "AR(2) 0.5, 0.3, 130 months", partial(wrong_steps, **YEAR_END, null="AR(2)", size=0.3),
        2000, 8, TOO_SURE | {WORD: CONSERVATIVE}, "demoted by the residual check",
    ),
    Case(
        SERIES, "level steps 0.3 × noise, 130 months",
        partial(wrong_steps, **YEAR_END, null="wandering level", size=0.3),
        2000, 8, TOO_SURE | {WORD: CONSERVATIVE}, "demoted by the residual check",
    ),
    Case(
        SERIES, "level steps 0.1 × noise, 130 months",
        partial(wrong_steps, **YEAR_END, null="wandering level", size=0.1),
        2000, 8, TOO_SURE | {WORD: FAILS}, "the check sees too little; placebo and forecast must agree",
    ),
    Case(
        SERIES, "level steps 0.3 × noise, 60 months",
        partial(wrong_steps, n=60, step=49, season=True, null="wandering level", size=0.3),
        2000, 8, TOO_SURE | {WORD: FAILS}, "the check sees too little; placebo and forecast must agree",
    ),
    *(
        Case(
            "The whole rule for one control (06)", words, partial(after_a_control, null=null, size=size),
            0, 1, {WORD: CONSERVATIVE}, "interval, placebo p, residual check and forecast must agree",
        )
        for words, null, size in (
            ("AR(1) 0.4", "AR(1)", 0.4), ("AR(2) 0.5, 0.3", "AR(2)", 0.3),
            ("level steps 0.1 × noise", "wandering level", 0.1),
            ("level steps 0.3 × noise", "wandering level", 0.3),
        )
    ),
    *(
        Case(
            "Structural counterfactual (06)", f"{n} months, {ahead} ahead, level steps {step} × noise",
            partial(forecast, n=n, ahead=ahead, season=season, step=step), quick, 2,
        )
        for n, ahead, season, step, quick in (
            (117, 12, "dummies", 0.1, 0), (117, 12, "dummies", 0.3, 400), (60, 12, 1, 0.3, 0),
            (160, 2, "dummies", 0.3, 0),
        )
    ),
    Case(
        "Untreated comparison (15)", "AR(1) 0.4, 34 months", partial(untreated, rho=0.4, trend=False), 120, 1,
        {"interval and first rank": CONSERVATIVE}, "exploratory; of eight ranks none can say p ≤ 0.05",
    ),
    Case(
        "Terms of all meetings (06, 10)", "AR(1) 0.4",
        partial(pooled_meetings, null="AR(1)", size=0.4, bootstrap=False), 300, 1,
    ),
    Case(
        "Terms of all meetings (06, 10)", "AR(1) 0.8",
        partial(pooled_meetings, null="AR(1)", size=0.8, bootstrap=True), 0, 1, {WORD: CONSERVATIVE},
    ),
    Case(
        "Terms of all meetings (06, 10)", "level steps 0.3 × noise",
        partial(pooled_meetings, null="wandering level", size=0.3, bootstrap=True), 0, 1,
        {WORD: CONSERVATIVE},
    ),
    Case("Your own series: levels", "AR(1) 0.5", partial(own_study, kind="levels"), 300, 4),
    Case("Your own series: returns", "t(4)", partial(own_study, kind="returns"), 200, 2),
]  # fmt: skip
