"""Specification curves: one question, every combination of defensible choices, and placebo dates for all.

A choice has a few named options; a specification is one option for each choice. Estimates that share most of
their arithmetic are made together (rolling sums, cross-products), so that a thousand specifications and some
hundred placebo sets for each take seconds. The placebo sets are the same for all specifications, so that the
dependence between them is kept.

Sources: Simonsohn, Simmons and Nelson (2020), Nature Human Behaviour 4, 1208-1214, for the curve and its
joint test; Steegen, Tuerlinckx, Gelman and Vanpaemel (2016) for the idea of a multiverse of analyses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from helpers import timeline, transforms
from helpers.digits import certain
from helpers.methods import checks, reactions
from helpers.methods.abnormal_returns import Window
from helpers.methods.interrupted_series import interrupted_series, whiten
from helpers.methods.placebo import (
    MINIMUM_POOL,
    candidate_rows,
    placebo_test,
    quiet_rows,
    random_sets,
    same_year_sets,
)
from helpers.methods.results import Estimate

ESTIMATES = ["value", "low", "high", "n"]
SUPPORTS, CONTRADICTS, INCONCLUSIVE = "supports", "contradicts", "inconclusive"

# Options by the words that a parameter takes.
AR1, SINGLE, LEAST_SQUARES, RANDOM_WALK = "ar1", "ar1_by_meeting", "least_squares", "random_walk"
KOREA, BILLINGS, NO_CYCLE, RELATIVE = "korea", "billings", "none", "korea_one_for_one"
# The choices of each headline, in order, with the option that was published.
PUBLISHED = {
    "C08a": {"Window": "-1..+1", "Estimation": "120_days", "Model": "market", "Shares": "all_eleven",
             "Controls": "pre_specified", "Meetings": "all"},
    "H19b": {"Outcome": "latest_values", "World cycle": KOREA, "From": "2013", "Window": "3_months",
             "Other controls": "no_terms", "Errors": AR1, "Meetings": "all"},
    "C07a": {"Outcome": "latest_values", "World cycle": NO_CYCLE, "From": "2013", "Trend": "linear",
             "Window": "12_months", "Leads": "3_months", "Errors": AR1},
    "H19a": {"Window": "90_days", "Gap before": "none", "Meetings": "all", "Tightening": "both",
             "Easing": "controls_eased", "Confidence": "all", "Bursts": "every_row"},
}  # fmt: skip
# Options that need more than a space for an underscore to be read.
OPTION_NAMES = {
    AR1: "AR(1), one regression",
    SINGLE: "AR(1), mean of single meetings",
    LEAST_SQUARES: "least squares, HAC",
    KOREA: "Korean exports",
    BILLINGS: "world billings",
    RELATIVE: "Korea, one for one",
    "without_busan": "without Busan",
    "ai_on_agenda": "AI on the agenda",
    "all_eleven": "chips and equipment",
    "every_us": "every US control",
    "without_nvidia": "without NVIDIA",
    "pre_specified": "pre-specified",
    "both": "controls, counter-measures",
}
HAC_LAGS = 12
LEAST_BEFORE = 24  # months before a placebo month, so that season and trend can be told apart


@dataclass(frozen=True)
class Curve:
    """Every specification of one headline, with the same specifications at placebo dates.

    Attributes
    ----------
    specs : DataFrame
        One row per specification: one column per choice with the name of the option, then `value`, `low`,
        `high` (95 percent interval) and `n` (units of inference).
    placebo : array, sets × specifications
        The estimates at placebo dates; a row is one set for all specifications.
    sign : {"positive", "negative"}
        Direction of the claim.
    margin : float
        Smallest effect that matters, as a positive number.
    unit : str
    left_out : int
        Specifications that the data do not allow.
    """

    specs: pd.DataFrame
    placebo: np.ndarray
    sign: str
    margin: float
    unit: str
    left_out: int = 0

    @property
    def choices(self) -> list[str]:
        """Names of the choices."""
        return [name for name in self.specs if name not in ESTIMATES]

    @property
    def direction(self) -> int:
        """Sign of an effect that the claim expects."""
        return 1 if self.sign == "positive" else -1

    @property
    def classes(self) -> pd.Series:
        """What the interval of each specification says of the claim; see :func:`interval_class`."""
        found = interval_class(self.specs["low"], self.specs["high"], sign=self.sign, margin=self.margin)
        return pd.Series(found, self.specs.index, name="class")

    def share(self, word: str) -> float:
        """Share of specifications of a class."""
        return float((self.classes == word).mean())

    def joint(self) -> dict[str, float | None]:
        """Compare median and share of the curve with those of the placebo curves.

        Returns
        -------
        dict
            ``median_p``: share of placebo curves whose median lies as far from the mean of the placebo
            medians; ``share_p``: share of placebo curves with at least as many specifications in the
            direction of the claim; both by the +1 rule, None with fewer than 19 sets. ``placebo_5`` and
            ``placebo_95``: range of placebo medians; ``sets``.
        """
        medians = np.median(self.placebo, axis=1)
        if len(medians) < MINIMUM_POOL:
            return {"median_p": None, "share_p": None, "sets": len(medians)}
        values, centre = self.specs["value"].to_numpy(), medians.mean()
        shares = (self.direction * self.placebo > 0).mean(axis=1)
        low, high = np.quantile(medians, [0.05, 0.95])
        return {
            "median_p": placebo_test(medians - centre, float(np.median(values)) - centre),
            "share_p": placebo_test(shares, float((self.direction * values > 0).mean()), "greater"),
            "placebo_mean": float(centre),
            "placebo_5": float(low),
            "placebo_95": float(high),
            "sets": len(medians),
        }

    def point(self, chosen: Mapping[str, str]) -> pd.Series | None:
        """Return the specification with the options named, or None if the data do not allow it.

        Its name is its place in :meth:`table`.

        Raises
        ------
        UnusableInput
            If a choice is left open.
        """
        if set(chosen) != set(self.choices):
            raise checks.UnusableInput(
                f"A point needs one option for each of: {', '.join(self.choices)}; given {', '.join(chosen)}."
            )
        table = self.table()
        rows = table[(table[list(chosen)] == pd.Series(chosen)).all(axis=1)]
        return rows.iloc[0] if len(rows) else None

    def estimate(self, chosen: Mapping[str, str]) -> Estimate | None:
        """Return the estimate at a point, or None if the data do not allow it.

        ``details`` hold its class and ``share_not_above``, the share of specifications whose value is not
        above its own.
        """
        point = self.point(chosen)
        if point is None:
            return None
        place = float((self.specs["value"].map(certain) <= certain(point["value"])).mean())
        return Estimate(
            point["value"], point["low"], point["high"], self.unit, point["n"], "one specification",
            details={"share_not_above": place, "class": point["class"]},
        )  # fmt: skip

    def within(self, choice: str, option: str) -> "Curve":
        """Return the curve of the specifications that use one option of a choice."""
        kept = (self.specs[choice] == option).to_numpy()
        return replace(self, specs=self.specs[kept].reset_index(drop=True), placebo=self.placebo[:, kept])

    def by_option(self) -> pd.DataFrame:
        """Summarise the specifications that share an option: which choices move the answer?

        Returns
        -------
        DataFrame
            choice, option, n, median, low and high (5 and 95 percent of the estimates), share in the
            direction of the claim, share that support it.
        """
        table = self.specs.assign(supports=self.classes == SUPPORTS)
        rows = []
        for choice in self.choices:
            for option, one in table.groupby(choice, sort=False):
                low, middle, high = one["value"].quantile([0.05, 0.5, 0.95])
                row = {"choice": choice, "option": option, "n": len(one), "median": middle}
                row |= {"low": low, "high": high, "in_direction": (self.direction * one["value"] > 0).mean()}
                rows.append(row | {"supports": one["supports"].mean()})
        return pd.DataFrame(rows)

    def table(self) -> pd.DataFrame:
        """Return one row per specification, by size of the estimate, with its class."""
        # Options without influence give equal values; their order is that of the choices, not of a last bit.
        return self.specs.assign(**{"class": self.classes}).sort_values(
            "value", key=lambda values: values.map(certain), kind="stable", ignore_index=True
        )

    def record(self) -> dict[str, Any]:
        """Return the median as the fields of a record; the ends are 5 and 95 percent of the estimates."""
        low, middle, high = self.specs["value"].quantile([0.05, 0.5, 0.95])
        return {
            "value": middle,
            "low": low,
            "high": high,
            "unit": self.unit,
            "n": len(self.specs),
            "method": "median over specifications; ends are 5 and 95 percent of them, no confidence interval",
        }

    def parts(self) -> dict[str, dict[str, Any]]:
        """Return the fields of the records of a curve, by part: size, shares, median, joint p value."""
        n, joint = len(self.specs), self.joint()
        shares = {
            "share_positive": float((self.specs["value"] > 0).mean()),
            "share_supports": self.share(SUPPORTS),
            "share_contradicts": self.share(CONTRADICTS),
        }
        unit = "share of specifications"
        method = "median of the curve against its placebo curves, two-sided about their mean"
        joint_p = {"value": joint.pop("median_p"), "unit": "probability", "method": method, **joint}
        if joint_p["value"] is None:
            joint_p["why"] = "too few placebo sets"
        return {
            "n": {"value": n, "unit": "specifications", "left_out": self.left_out},
            **{name: {"value": share, "unit": unit, "n": n} for name, share in shares.items()},
            "median": self.record(),
            "joint_p": joint_p,
        }

    def sentence(self) -> str:
        """Say in plain words how the specifications divide."""
        above = (self.specs["value"] > 0).mean()
        return (
            f"{above:.0%} of {len(self.specs):,} specifications are above zero; {self.share(SUPPORTS):.0%} "
            f"support the claim, {self.share(CONTRADICTS):.0%} contradict it"
        )


def option_name(option: str) -> str:
    """Write an option as a reader would."""
    return OPTION_NAMES.get(option, option.replace("_", " ").replace("-", "\N{MINUS SIGN}"))


def joint_tests(curves: Mapping[str, Curve]) -> pd.DataFrame:
    """Compare each curve with its placebo curves; see :meth:`Curve.joint`.

    Returns
    -------
    DataFrame
        One row per curve: test, n, left_out, sets, median, placebo_5, placebo_95, median_p, in_direction
        (share of estimates in the direction of the claim), share_p.
    """
    rows = []
    for test, one in curves.items():
        joint, values = one.joint(), one.specs["value"]
        row = {"test": test, "n": len(values), "left_out": one.left_out, "sets": joint["sets"]}
        row |= {"median": values.median(), "placebo_5": joint.get("placebo_5")}
        row |= {"placebo_95": joint.get("placebo_95"), "median_p": joint["median_p"]}
        rows.append(row | {"in_direction": (one.direction * values > 0).mean(), "share_p": joint["share_p"]})
    return pd.DataFrame(rows)


def drivers(curves: Mapping[str, Curve]) -> pd.DataFrame:
    """Find for each choice the options with the lowest and the highest median: what moves the answer?

    Returns
    -------
    DataFrame
        test, choice, lowest, with_lowest, highest, with_highest, and range, the distance of the two in
        standard deviations of the curve; by test, the widest range first.
    """
    columns = ["test", "choice", "lowest", "with_lowest", "highest", "with_highest", "range"]
    rows = []
    for test, one in curves.items():
        spread = one.specs["value"].std()
        for choice, options in one.by_option().groupby("choice", sort=False):
            medians = options["median"].map(certain)
            least, most = (options.loc[at] for at in (medians.idxmin(), medians.idxmax()))
            ends = [least["median"], least["option"], most["median"], most["option"]]
            rows.append((test, choice, *ends, (most["median"] - least["median"]) / spread))
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["test", "range"], ascending=[True, False], kind="stable", ignore_index=True)


def within_options(curves: Mapping[str, Curve], choices: Mapping[str, str]) -> pd.DataFrame:
    """Make the joint test again within each option of one choice of each curve.

    Parameters
    ----------
    curves : mapping of test to Curve
    choices : mapping of test to choice

    Returns
    -------
    DataFrame
        test, choice, option, n, median, supports, contradicts, joint_p.
    """
    columns = ["test", "choice", "option", "n", "median", SUPPORTS, CONTRADICTS, "joint_p"]
    rows = []
    for test, choice in choices.items():
        for option in curves[test].specs[choice].unique():
            part = curves[test].within(choice, option)
            shares = part.share(SUPPORTS), part.share(CONTRADICTS)
            n, median = len(part.specs), part.specs["value"].median()
            rows.append((test, choice, option, n, median, *shares, part.joint()["median_p"]))
    return pd.DataFrame(rows, columns=columns)


def interval_class(low: np.ndarray, high: np.ndarray, *, sign: str, margin: float) -> np.ndarray:
    """Apply the part of the verdict rule that looks at the interval alone.

    An interval supports a claim if it excludes zero in the claimed direction, and contradicts it if it
    excludes every effect of the size of the margin. One that does both (sure, but too small to matter) and
    one that does neither is inconclusive.

    Parameters
    ----------
    low, high : array, specifications
    sign : {"positive", "negative"}
    margin : float
        As a positive number.
    """
    if sign not in ("positive", "negative") or not margin > 0:
        raise checks.UnusableInput(
            f"Give a sign, 'positive' or 'negative', and a margin above 0, not {sign!r} and {margin}."
        )
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    near, far = (low, high) if sign == "positive" else (-high, -low)
    supports, against = near > 0, far < margin
    return np.select([supports & ~against, against & ~supports], [SUPPORTS, CONTRADICTS], INCONCLUSIVE)


def size_curve(
    cars: Mapping[tuple[str, ...], pd.Series],
    names: Sequence[str],
    *,
    windows: Mapping[str, int],
    controls: Mapping[str, pd.Series],
    meetings: Mapping[str, pd.Series],
    listed: pd.DatetimeIndex,
    guard: int,
    draws: int,
    seed: int,
    **claim: Any,
) -> Curve:
    """Compare the mean absolute reaction to controls with that to meetings, for many ways to measure it.

    Parameters
    ----------
    cars : mapping of options to Series
        Cumulative abnormal return on every trading day, by the options of `names`; the first is the window.
    names : sequence of str
        Choices that the keys of `cars` name.
    windows : mapping of window option to int
        Days in the window less one: of events of a class that are no farther apart, the earliest is kept.
    controls, meetings : mapping of option to Series
        Trading day by event id.
    listed : DatetimeIndex
        Trading days on which anything is listed, of whatever kind.
    guard, draws, seed : int
        Placebo days are more than `guard` trading days from every listed day and every event, in the events'
        own years; see :func:`helpers.methods.placebo.quiet_rows`.
    **claim
        `sign`, `margin` and `unit` of the curve.

    Notes
    -----
    Intervals are Welch's over events, as in :func:`helpers.methods.results.difference_of_means`.
    """
    keys, sizes = list(cars), pd.DataFrame(dict(enumerate(cars.values()))).abs()
    index, parts, placebo = sizes.index, [], []
    real = pd.concat([*controls.values(), *meetings.values()])
    real = real[~real.index.duplicated()]
    checks.enough(len(real), 4, "events")
    every_day = pd.DatetimeIndex(np.concatenate([listed, real]))
    pool = quiet_rows(index, sizes.notna().all(axis=1).to_numpy(), every_day, guard)
    rows = same_year_sets(index, pool, index.get_indexer(real), apart=0, draws=draws, seed=seed)
    placebo_rows = dict(zip(real.index, rows.T, strict=True))
    for window, span in windows.items():
        columns = [i for i, key in enumerate(keys) if key[0] == window]
        mine = sizes[columns].to_numpy()
        sides = [
            {name: _moments(mine, _spaced(days, index, span), placebo_rows) for name, days in side.items()}
            for side in (controls, meetings)
        ]
        for (one, a), (two, b) in product(*(side.items() for side in sides)):
            options = pd.DataFrame([keys[i] for i in columns], columns=list(names))
            parts.append(options.assign(Controls=one, Meetings=two, **_welch(a, b)))
            placebo.append(a["placebo"] - b["placebo"])
    return curve(pd.concat(parts, ignore_index=True), np.hstack(placebo), **claim)


def car_grid(
    baskets: Mapping[str, pd.DataFrame],
    models: Mapping[str, pd.Series | None],
    windows: Mapping[str, Window],
    lengths: Sequence[int],
    *,
    leads: int,
    gap: int,
) -> dict[tuple[str, str, str, str], pd.Series]:
    """Cumulative abnormal return of the equal-weight portfolio on every trading day, in every way.

    Parameters
    ----------
    baskets : mapping of option to DataFrame
        Returns, trading days × shares.
    models : mapping of option to Series or None
        Market return, or None for the own mean.
    windows : mapping of option to (int, int)
        Trading days of the event window before and after day 0.
    lengths : sequence of int
        Trading days of the estimation window.
    leads, gap : int
        See :func:`helpers.methods.reactions.windows`.

    Returns
    -------
    dict
        By window, estimation (such as ``120_days``), model and basket.
    """
    grid = {}
    for (window, (before, after)), length in product(windows.items(), lengths):
        layout = reactions.windows(before=before, after=after, leads=leads, gap=gap, estimation_length=length)
        spans = {"estimation": layout["estimation"], "window": layout["window"]}
        for (model, market), (basket, returns) in product(models.items(), baskets.items()):
            cars = reactions.portfolio_cars(returns, market, **spans)
            grid[window, f"{length}_days", model, basket] = cars
    return grid


def event_balances(
    events: pd.DataFrame,
    span: pd.DatetimeIndex,
    *,
    tightening: Mapping[str, Sequence[str]],
    easing: Mapping[str, Sequence[str]],
    confidence: Mapping[str, Sequence[str]],
    bursts: Mapping[str, int],
) -> dict[tuple[str, str, str, str], np.ndarray]:
    """Count easing less tightening events on each day, in every way to count.

    Parameters
    ----------
    events : DataFrame
        Rows of the event table inside the span.
    span : DatetimeIndex
        The days.
    tightening, easing : mapping of option to categories
    confidence : mapping of option to grades
    bursts : mapping of option to int
        Events of a kind at most so many days apart count once; 0 counts every row.

    Returns
    -------
    dict of tuple to array, days
        By tightening, easing, confidence and bursts.
    """

    def per_day(kinds: Sequence[str], direction: str, grades: Sequence[str], days: int) -> np.ndarray:
        own = events[events["category"].isin(kinds) & (events["direction"] == direction)]
        own = own[own["confidence"].isin(grades)]
        if days and len(own):
            own = own[~timeline.clusters(own, days).duplicated()]
        return own["date"].value_counts().reindex(span, fill_value=0).to_numpy()

    found = {}
    for tight, ease, grade, burst in product(tightening, easing, confidence, bursts):
        rest = confidence[grade], bursts[burst]
        up, down = per_day(easing[ease], "easing", *rest), per_day(tightening[tight], "tightening", *rest)
        found[tight, ease, grade, burst] = up - down
    return found


def balance_curve(
    balances: Mapping[tuple[str, ...], np.ndarray],
    names: Sequence[str],
    *,
    span: pd.DatetimeIndex,
    lengths: Mapping[str, int],
    gaps: Mapping[str, int],
    meetings: Mapping[str, pd.DatetimeIndex],
    guard: int,
    draws: int,
    seed: int,
    **claim: Any,
) -> Curve:
    """Compare a balance of events after meetings with that before, for many ways to count.

    Parameters
    ----------
    balances : mapping of options to array, days
        Events counted up less events counted down on each day of the span, by the options of `names`.
    names : sequence of str
        Choices that the keys of `balances` name.
    span : DatetimeIndex
        The days.
    lengths, gaps : mapping of option to int
        Days in each window; days before a meeting that are left out.
    meetings : mapping of option to DatetimeIndex
        Days of the meetings, inside the span; the first option holds all of them.
    guard, draws, seed : int
        Placebo days are more than `guard` days from every meeting, in its year, with full windows.
    **claim
        `sign`, `margin` and `unit` of the curve.

    Notes
    -----
    Interval: t over meetings. A meeting whose windows run past the span is left out of that specification.
    """
    rows, placebo = [], []
    number = {name: span.get_indexer(chosen) for name, chosen in meetings.items()}
    every, days = next(iter(number.values())), len(span)
    checks.enough(len(every), 2, "meetings")
    longest, place = max(lengths.values()), np.arange(days)
    full = (place >= longest + max(gaps.values())) & (place + longest < days)
    pool = candidate_rows(np.where(full, 0.0, np.nan), every, guard)
    placebo_days = same_year_sets(span, pool, every, apart=0, draws=draws, seed=seed)
    for (length_name, length), (gap_name, gap) in product(lengths.items(), gaps.items()):
        inside = (every - length - gap >= 0) & (every + length < days)
        for key, balance in balances.items():
            total = np.append(0, np.cumsum(balance))
            change = _change(total, every[inside], length, gap)
            null = _change(total, placebo_days[:, inside], length, gap)
            for name, chosen in number.items():
                kept = np.isin(every[inside], chosen)
                options = {
                    "Window": length_name,
                    "Gap before": gap_name,
                    **dict(zip(names, key, strict=True)),
                }
                rows.append(options | {"Meetings": name} | _t_over_events(change[kept]))
                placebo.append(null[:, kept].mean(axis=1) if kept.any() else np.full(len(null), np.nan))
    return curve(pd.DataFrame(rows), np.column_stack(placebo), **claim)


def change_curve(
    outcomes: Mapping[str, pd.Series],
    cycles: Mapping[str, pd.Series | None],
    *,
    windows: Mapping[str, int],
    starts: Mapping[str, str],
    meetings: Mapping[str, pd.DatetimeIndex],
    overlaps: Mapping[str, pd.DatetimeIndex],
    errors: Sequence[str],
    guard: int,
    draws: int,
    seed: int,
    **claim: Any,
) -> Curve:
    """Compare a log series after meetings with before them, for many regressions.

    The regression is that of :func:`helpers.methods.responses.pooled_response` (monthly dummies, Lunar New
    Year, trend), with the autocorrelation of the model without meetings, for real and placebo months alike.

    Parameters
    ----------
    outcomes : mapping of option to Series
        Log outcome by month.
    cycles : mapping of option to Series or None
        Log of the world cycle; that of `RELATIVE` is subtracted, the others are regressors.
    windows : mapping of option to int
        Months on each side.
    starts : mapping of option to date
        First month used.
    meetings : mapping of option to DatetimeIndex
        Months of the meetings; the first option holds all of them.
    overlaps : mapping of option to DatetimeIndex
        Months of other events with window terms of their own; empty for none.
    errors : sequence of str
        `AR1`, `SINGLE`, `LEAST_SQUARES`, `RANDOM_WALK`.
    guard, draws, seed : int
        Placebo months are more than `guard` months from every meeting and from each other, with full windows
        in every specification.
    **claim
        `sign`, `margin` and `unit` of the curve.
    """
    rows, placebo = [], []
    every = next(iter(meetings.values()))
    checks.enough(len(every), 2, "meetings")
    common = _shared(outcomes, cycles, starts)
    common = common[_full(common, common, max(windows.values()))]
    apart = np.abs(np.subtract.outer(transforms.month_numbers(common), transforms.month_numbers(every))).min(
        axis=1, initial=guard + 1
    )
    rows_drawn = random_sets(np.flatnonzero(apart > guard), len(every), apart=guard, draws=draws, seed=seed)
    sets = transforms.month_numbers(common)[rows_drawn]
    for (outcome, values), (cycle, control), (start, first) in product(
        outcomes.items(), cycles.items(), starts.items()
    ):
        y, base = _base(values.loc[first:], control, relative=cycle == RELATIVE)
        rho = _rho(y, base)
        for (window, width), (overlap, others) in product(windows.items(), overlaps.items()):
            options = {"Outcome": outcome, "World cycle": cycle, "From": start, "Window": window,
                       "Other controls": overlap}  # fmt: skip
            full = every[_full(y.index, every, width)]
            regressors = base.join(_window_columns(y.index, others, width).add_prefix("other "))
            wanted = np.union1d(transforms.month_numbers(full), sets)
            for kind in errors:
                model = _Windows.of(y, regressors, wanted, width, kind, rho)
                for name, chosen in meetings.items():
                    kept = full[full.isin(chosen)]
                    found, null = model.estimate(transforms.month_numbers(kept), sets[:, every.isin(kept)])
                    rows.append(options | {"Errors": kind, "Meetings": name} | found)
                    placebo.append(null)
    return curve(pd.DataFrame(rows), np.column_stack(placebo), **claim)


def step_curve(
    outcomes: Mapping[str, pd.Series],
    cycles: Mapping[str, pd.Series | None],
    month: pd.Timestamp,
    *,
    horizons: Mapping[str, int],
    leads: Mapping[str, int],
    starts: Mapping[str, str],
    trends: Mapping[str, bool],
    errors: Sequence[str],
    **claim: Any,
) -> Curve:
    """Estimate the step of a log series in the months after one event, for many regressions.

    The regression is that of :func:`helpers.methods.responses.respond`: it ends with the window, month 0 and
    the leads have terms of their own. Placebo months are all months with the widest windows full, 24 months
    before them, and the widest window closed before the widest leads of the event. The autocorrelation is
    that of the months before the leads, for real and placebo months alike.

    Parameters
    ----------
    outcomes, cycles, starts, errors
        As in :func:`change_curve`; `SINGLE` is not possible.
    month : Timestamp
        First day of the month of the event.
    horizons, leads : mapping of option to int
        Months of the window after, and of the lead window before.
    trends : mapping of option to bool
        Whether the regression has a trend.
    **claim
        `sign`, `margin` and `unit` of the curve.
    """
    rows, placebo = [], []
    longest, widest = max(horizons.values()), max(leads.values())
    quiet_end = month - pd.DateOffset(months=widest)
    calendar = _shared(outcomes, cycles, starts)
    earliest = max(pd.Timestamp(first) for first in starts.values())
    months = calendar[_full(calendar, calendar, longest, widest)]
    months = months[months >= earliest + pd.DateOffset(months=LEAST_BEFORE + widest)]
    months = months[months + pd.DateOffset(months=longest) < quiet_end].append(pd.DatetimeIndex([month]))
    for (outcome, values), (cycle, control), (start, first), (trend, slope) in product(
        outcomes.items(), cycles.items(), starts.items(), trends.items()
    ):
        y, base = _base(values.loc[first:], control, relative=cycle == RELATIVE)
        base = base if slope else base.drop(columns="trend")
        quiet = y.index < quiet_end
        rho = _rho(y[quiet], base[quiet])
        for (horizon, after), (lead, before), kind in product(horizons.items(), leads.items(), errors):
            options = {"Outcome": outcome, "World cycle": cycle, "From": start, "Trend": trend,
                       "Window": horizon, "Leads": lead, "Errors": kind}  # fmt: skip
            found, null = _steps(y, base, months, after, before, kind, rho)
            rows.append(options | found)
            placebo.append(null)
    return curve(pd.DataFrame(rows), np.column_stack(placebo), **claim)


def curve(specs: pd.DataFrame, placebo: np.ndarray, *, sign: str, margin: float, unit: str) -> Curve:
    """Gather the specifications that the data allow, and the placebo sets that all of them allow.

    Raises
    ------
    UnusableInput
        If no specification could be estimated.
    """
    kept = specs[["value", "low", "high"]].notna().all(axis=1).to_numpy()
    checks.enough(int(kept.sum()), 1, "specifications that can be estimated")
    null = placebo[:, kept]
    null = null[np.isfinite(null).all(axis=1)]
    return Curve(specs[kept].reset_index(drop=True), null, sign, margin, unit, int((~kept).sum()))


def _moments(
    sizes: np.ndarray, days: pd.Series, placebo_rows: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Count, mean and variance of the events' sizes by column, and the mean at each placebo set."""
    real = sizes[days.to_numpy(dtype=int)]
    seen = ~np.isnan(real)
    n = seen.sum(axis=0)
    total = np.where(seen, real, 0.0)
    mean = total.sum(axis=0) / np.maximum(n, 1)
    spread = (np.where(seen, real - mean, 0.0) ** 2).sum(axis=0) / np.maximum(n - 1, 1)
    sets = len(next(iter(placebo_rows.values())))
    drawn = np.array([sizes[placebo_rows[event]] for event in days.index]).reshape(
        len(days), sets, sizes.shape[1]
    )
    null = np.where(seen[:, None, :], drawn, 0.0).sum(axis=0) / np.maximum(n, 1)
    return {"n": n, "mean": mean, "variance": spread, "placebo": null}


def _welch(a: Mapping[str, np.ndarray], b: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    enough = np.minimum(a["n"], b["n"]) >= 2
    parts = [np.where(enough, one["variance"] / np.maximum(one["n"], 1), np.nan) for one in (a, b)]
    df = sum(parts) ** 2 / sum(
        part**2 / np.maximum(one["n"] - 1, 1) for part, one in zip(parts, (a, b), strict=True)
    )
    value = np.where(enough, a["mean"] - b["mean"], np.nan)
    half = stats.t.ppf(0.975, df) * np.sqrt(sum(parts))
    return {"value": value, "low": value - half, "high": value + half, "n": a["n"] + b["n"]}


def _spaced(days: pd.Series, index: pd.DatetimeIndex, span: int) -> pd.Series:
    """Rows of the events; of those no farther apart than the window, the earliest stands for the others."""
    kept, _ = reactions.spaced(days, index, (0, span))
    return pd.Series(index.get_indexer(kept), kept.index)


def _change(total: np.ndarray, days: np.ndarray, length: int, gap: int) -> np.ndarray:
    """Sum over days +1..+length less the sum over -length-gap..-1-gap, from running totals."""
    after = total[days + length + 1] - total[days + 1]
    return after - (total[days - gap] - total[days - gap - length])


def _t_over_events(values: np.ndarray) -> dict[str, float]:
    n = len(values)
    if n < 2:
        return {"value": np.nan, "low": np.nan, "high": np.nan, "n": n}
    spread = values.std(ddof=1)
    # Equal values on a handful of dates are no evidence of precision.
    half = stats.t.ppf(0.975, n - 1) * spread / np.sqrt(n) if spread else np.inf
    return {"value": values.mean(), "low": values.mean() - half, "high": values.mean() + half, "n": n}


def _shared(
    outcomes: Mapping[str, pd.Series], cycles: Mapping[str, pd.Series | None], starts: Mapping[str, str]
) -> pd.DatetimeIndex:
    """Months that every specification has."""
    first, *others = [one.index for one in (*outcomes.values(), *cycles.values()) if one is not None]
    for index in others:
        first = first.intersection(index)
    return first[first >= max(pd.Timestamp(start) for start in starts.values())]


def _full(
    index: pd.DatetimeIndex, months: pd.DatetimeIndex, after: int, before: int | None = None
) -> np.ndarray:
    """Say of each month whether `index` has all months from `before` ahead to `after` behind it."""
    steps = np.arange(-(after if before is None else before), after + 1)
    return np.isin(transforms.month_numbers(months)[:, None] + steps, transforms.month_numbers(index)).all(
        axis=1
    )


def _base(values: pd.Series, cycle: pd.Series | None, *, relative: bool) -> tuple[pd.Series, pd.DataFrame]:
    """Outcome and the regressors without events: constant, trend, months, Lunar New Year, cycle."""
    y = values if cycle is None else values[values.index.isin(cycle.index)]
    if relative:
        y = y - cycle[y.index]
    position = transforms.month_numbers(y.index)
    frame = pd.DataFrame({"constant": 1.0, "trend": position - position[0] + 1.0}, index=y.index)
    for month in range(2, 13):
        frame[f"season {month}"] = (y.index.month == month).astype(float)
    frame = frame.join(transforms.lunar_new_year_terms(y.index))
    return y, frame if cycle is None or relative else frame.join(cycle.rename("cycle"))


def _rho(y: pd.Series, base: pd.DataFrame) -> float:
    """Restricted maximum likelihood correlation of neighbouring months in the model without events."""
    others = base.drop(columns=["constant", "trend"], errors="ignore")
    fit = interrupted_series(
        y, [], season=None, trend="trend" in base, regressors=others, unit="log points", inference="t"
    )
    return fit.details["rho"]


def _independent(values: np.ndarray, gaps: np.ndarray, kind: str, rho: float) -> np.ndarray:
    """Turn rows into ones with independent errors, under the error model named; rows are months."""
    if kind == LEAST_SQUARES:
        return values
    if kind == RANDOM_WALK:
        return np.diff(values, axis=0) / np.sqrt(gaps).reshape(-1, *[1] * (values.ndim - 1))
    return whiten(values, gaps, rho)


def _window_columns(index: pd.DatetimeIndex, months: pd.DatetimeIndex, width: int) -> pd.DataFrame:
    """Terms of other events: the windows before and after them, and their months; empty ones are left out."""
    if not len(months):
        return pd.DataFrame(index=index)
    distance = np.subtract.outer(transforms.month_numbers(index), transforms.month_numbers(months))
    frame = pd.DataFrame(
        {
            "before": ((distance < 0) & (distance >= -width)).sum(axis=1),
            "after": ((distance > 0) & (distance <= width)).sum(axis=1),
            "month 0": (distance == 0).sum(axis=1),
        },
        index=index,
        dtype=float,
    )
    return frame.loc[:, frame.any()]


@dataclass(frozen=True)
class _Windows:
    """Window terms of single months, freed of the other regressors, and their cross-products.

    `terms` are rows × 3 × months (after less before, around, month 0), `cross` 3 × 3 × months × months.
    """

    months: np.ndarray
    rows: np.ndarray
    terms: np.ndarray
    outcome: np.ndarray
    cross: np.ndarray
    with_outcome: np.ndarray
    df: int
    kind: str

    @classmethod
    def of(
        cls, y: pd.Series, base: pd.DataFrame, months: np.ndarray, width: int, kind: str, rho: float
    ) -> "_Windows":
        rows = transforms.month_numbers(y.index)
        distance, gaps = np.subtract.outer(rows, months), np.diff(rows)
        behind, ahead = (distance > 0) & (distance <= width), (distance < 0) & (distance >= -width)
        single = np.stack([(behind * 1.0 - ahead) / 2, (behind * 1.0 + ahead) / 2, distance == 0], axis=1)
        others = _independent(base.to_numpy(), gaps, kind, rho)
        others = others[:, np.abs(others).max(axis=0) > 0]
        basis, _ = np.linalg.qr(others / np.linalg.norm(others, axis=0))

        def free(values: np.ndarray) -> np.ndarray:
            flat = _independent(values, gaps, kind, rho).reshape(len(basis), -1)
            return flat - basis @ (basis.T @ flat)

        terms, outcome, n = free(single), free(y.to_numpy())[:, 0], len(months)
        cross = (terms.T @ terms).reshape(3, n, 3, n).transpose(0, 2, 1, 3)
        return cls(months, rows[len(rows) - len(basis) :], terms.reshape(-1, 3, n), outcome, cross,
                   (terms.T @ outcome).reshape(3, n), len(basis) - basis.shape[1] - 3, kind)  # fmt: skip

    def estimate(self, events: np.ndarray, sets: np.ndarray) -> tuple[dict[str, float], np.ndarray]:
        """Return the estimate at the events and at each placebo set; both are numbers of months."""
        if len(events) < 2:
            nothing = {"value": np.nan, "low": np.nan, "high": np.nan, "n": len(events)}
            return nothing, np.full(len(sets), np.nan)
        members = np.searchsorted(self.months, np.vstack([events, sets]))
        if self.kind == SINGLE:
            alone = self._alone()[members]
            return _t_over_events(alone[0]), alone[1:].mean(axis=1)
        chosen = np.zeros((len(members), len(self.months)))
        np.put_along_axis(chosen, members, 1.0, axis=1)
        cross = np.empty((len(members), 3, 3))
        for a, b in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)):
            cross[:, a, b] = cross[:, b, a] = ((chosen @ self.cross[a, b]) * chosen).sum(axis=1)
        solved = np.linalg.solve(cross, (chosen @ self.with_outcome.T)[..., None])[..., 0]
        value, columns = solved[0, 0], self.terms[:, :, members[0]].sum(axis=2)
        se = self._se(columns, np.linalg.inv(cross[0]), self.outcome - columns @ solved[0])
        half = stats.t.ppf(0.975, self.df) * se
        return {"value": value, "low": value - half, "high": value + half, "n": len(events)}, solved[1:, 0]

    def _alone(self) -> np.ndarray:
        """Change around each month taken alone."""
        cross = np.diagonal(self.cross, axis1=2, axis2=3).transpose(2, 0, 1)
        return np.linalg.solve(cross, self.with_outcome.T[..., None])[:, 0, 0]

    def _se(self, columns: np.ndarray, inverse: np.ndarray, residuals: np.ndarray) -> float:
        if self.kind != LEAST_SQUARES:
            return float(np.sqrt(residuals @ residuals / self.df * inverse[0, 0]))
        return _hac_se((columns @ inverse[:, 0]) * residuals, self.rows, len(residuals) / self.df)


def _hac_se(scores: np.ndarray, months: np.ndarray, correction: float) -> float:
    """Newey-West standard error of one coefficient from its scores, lags counted on the calendar."""
    line = np.zeros(months[-1] - months[0] + 1)
    line[months - months[0]] = scores
    variance = line @ line
    for lag in range(1, HAC_LAGS + 1):
        variance += 2 * (1 - lag / (HAC_LAGS + 1)) * (line[lag:] @ line[:-lag])
    return float(np.sqrt(variance * correction))


def _steps(
    y: pd.Series, base: pd.DataFrame, events: pd.DatetimeIndex, after: int, before: int, kind: str, rho: float
) -> tuple[dict[str, float], np.ndarray]:
    """Estimate the step at many months at once; the last is the real event."""
    numbers = transforms.month_numbers(y.index)
    gaps, at = np.diff(numbers), transforms.month_numbers(events)
    distance = np.subtract.outer(numbers, at)
    parts = [(distance > 0) & (distance <= after), distance == 0]
    parts += [(distance < 0) & (distance >= -before)] if before else []
    terms = _independent(np.stack(parts, axis=2).astype(float), gaps, kind, rho)
    others = _independent(base.to_numpy(), gaps, kind, rho)
    others = others[:, np.abs(others).max(axis=0) > 0]
    others = others / np.linalg.norm(others, axis=0)
    outcome = _independent(y.to_numpy(), gaps, kind, rho)
    rows = numbers[len(numbers) - len(outcome) :]
    inside = (rows[:, None] <= at + after).astype(float)
    # events × rows × regressors; rows after the window are zero and so add nothing.
    X = np.concatenate([np.broadcast_to(others, (len(at), *others.shape)), terms.transpose(1, 0, 2)], axis=2)
    X = X * inside.T[:, :, None]
    cross = X.transpose(0, 2, 1) @ X
    solvable = np.linalg.cond(cross) < 1e12
    found = np.full((len(at), X.shape[2]), np.nan)
    right = (X.transpose(0, 2, 1) @ outcome)[..., None]
    found[solvable] = np.linalg.solve(cross[solvable], right[solvable])[..., 0]
    place, n = others.shape[1], int(inside[:, -1].sum())
    df = n - X.shape[2]
    if not solvable[-1] or df < 5 or not np.isin(at[-1] + np.arange(1, after + 1), numbers).all():
        return {"value": np.nan, "low": np.nan, "high": np.nan, "n": n}, found[:-1, place]
    residuals = (outcome - X[-1] @ found[-1]) * inside[:, -1]
    inverse = np.linalg.inv(cross[-1])
    if kind == LEAST_SQUARES:
        se = _hac_se((X[-1] @ inverse[:, place]) * residuals, rows, n / df)
    else:
        se = float(np.sqrt(residuals @ residuals / df * inverse[place, place]))
    half, value = stats.t.ppf(0.975, df) * se, found[-1, place]
    return {"value": value, "low": value - half, "high": value + half, "n": n}, found[:-1, place]
