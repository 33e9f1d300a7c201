"""Specification curves: one question, every combination of defensible choices, and placebo dates for all.

A choice has a few named options; a specification is one option for each choice. The curve is a loop over an
estimator that takes the options and returns its estimate with those at placebo dates. The placebo sets are
the same for all specifications, so that the dependence between them is kept.

Sources: Simonsohn, Simmons and Nelson (2020), Nature Human Behaviour 4, 1208-1214, for the curve and its
joint test; Steegen, Tuerlinckx, Gelman and Vanpaemel (2016) for the idea of a multiverse of analyses.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd

from helpers.methods import checks
from helpers.methods.placebo import MINIMUM_POOL, placebo_p
from helpers.methods.results import Estimate, Shown

ESTIMATES = ["value", "low", "high", "n"]
ALIKE = 9  # digits in which equal estimates of two specifications agree on every machine
SUPPORTS, CONTRADICTS, INCONCLUSIVE = "supports", "contradicts", "inconclusive"
Sign = Literal["positive", "negative"]
Estimator = Callable[..., tuple[Estimate, np.ndarray]]


@dataclass(frozen=True, repr=False)
class Curve(Shown):
    """Every specification of one headline, with the same specifications at placebo dates.

    Attributes
    ----------
    specs : DataFrame
        One row per specification: one column per choice with the name of the option, then `value`, `low`,
        `high` (95 percent interval) and `n` (units of inference).
    placebo : array, shape (sets, specifications)
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
    sign: Sign
    margin: float
    unit: str
    left_out: int = 0

    @property
    def choices(self) -> list[str]:
        """Names of the choices."""
        return [name for name in self.specs if name not in ESTIMATES]

    @property
    def classes(self) -> pd.Series:
        """What the interval of each specification says of the claim; see :func:`interval_class`."""
        words = interval_class(self.specs["low"], self.specs["high"], sign=self.sign, margin=self.margin)
        return pd.Series(words, self.specs.index, name="class")

    def share(self, word: str) -> float:
        """Share of specifications of a class."""
        return float((self.classes == word).mean())

    def in_direction(self, values: np.ndarray | pd.Series) -> float | np.ndarray:
        """Share of values, along the last axis, that lie in the direction of the claim."""
        direction = 1 if self.sign == "positive" else -1
        return (direction * np.asarray(values) > 0).mean(axis=-1)

    def joint(self) -> dict[str, float | None]:
        """Compare median and share of the curve with those of the placebo curves.

        Returns
        -------
        dict
            ``median_p``: share of placebo curves whose median lies as far from the mean of the placebo
            medians; ``share_p``: share of placebo curves with at least as many specifications in the
            direction of the claim; both by the +1 rule, None with fewer than 19 sets. ``placebo_mean``,
            ``placebo_5`` and ``placebo_95``: mean and range of the placebo medians; ``sets``.
        """
        medians = np.median(self.placebo, axis=1)
        if len(medians) < MINIMUM_POOL:
            return {"median_p": None, "share_p": None, "sets": len(medians)}
        values, centre = self.specs["value"].to_numpy(), float(medians.mean())
        shares, share = np.asarray(self.in_direction(self.placebo)), float(self.in_direction(values))
        low, high = np.quantile(medians, [0.05, 0.95])
        return {
            "median_p": placebo_p(medians, float(np.median(values))),
            "share_p": placebo_p(shares, share, alternative="greater"),
            "placebo_mean": centre,
            "placebo_5": float(low),
            "placebo_95": float(high),
            "sets": len(medians),
        }

    def point(self, options: Mapping[str, str]) -> pd.Series | None:
        """Return the specification with one option for each choice, or None if the data do not allow it.

        Its name is its place in :meth:`table`.

        Raises
        ------
        WrongCall
            If a choice is left open.
        """
        if set(options) != set(self.choices):
            raise checks.WrongCall(f"A point needs one option for each of: {', '.join(self.choices)}.")
        table = self.table()
        rows = table[(table[list(options)] == pd.Series(options)).all(axis=1)]
        return rows.iloc[0] if len(rows) else None

    def estimate(self, options: Mapping[str, str]) -> Estimate | None:
        """Return the estimate at a point, or None if the data do not allow it.

        ``details`` hold its class and ``share_not_above``, the share of specifications whose value is not
        above its own.
        """
        point = self.point(options)
        if point is None:
            return None
        value, low, high, n = point[ESTIMATES]
        place = float((rounded(self.specs["value"]) <= rounded(pd.Series([value]))[0]).mean())
        details = {"share_not_above": place, "class": point["class"]}
        return Estimate(value, low, high, self.unit, n, "one specification", details=details)

    def within(self, choice: str, option: str) -> "Curve":
        """Return the curve of the specifications that use one option of a choice."""
        uses = (self.specs[choice] == option).to_numpy()
        return replace(self, specs=self.specs[uses].reset_index(drop=True), placebo=self.placebo[:, uses])

    def table(self) -> pd.DataFrame:
        """Return one row per specification, by size of the estimate, with its class."""
        # Options without influence give equal values; their order is that of the choices, not of a last bit.
        return self.specs.assign(**{"class": self.classes}).sort_values(
            "value", key=rounded, kind="stable", ignore_index=True
        )

    def summary(self) -> pd.DataFrame:
        """Return the joint test as one row."""
        return pd.DataFrame([self.joint()])


def specification_curve(
    choices: Mapping[str, Iterable[str]], estimate: Estimator, *, sign: Sign, margin: float, unit: str
) -> Curve:
    """Estimate every combination of options.

    Parameters
    ----------
    choices : mapping of choice to options
        The options of the last choice vary fastest.
    estimate : callable
        Takes one option for each choice, in order; returns the estimate and its values at the placebo sets,
        shape (sets,), which are the same for all specifications. It raises `UnusableInput` where the data do
        not allow the specification, which is then left out and counted.
    sign, margin, unit
        As in :class:`Curve`.

    Raises
    ------
    UnusableInput
        If no specification could be estimated.

    Examples
    --------
    >>> import numpy as np
    >>> from helpers.methods import curve, results
    >>> sample = {"early": np.arange(9.0), "late": np.arange(4.0, 13.0)}
    >>> def mean(period, trimmed):
    ...     values = sample[period][2:-2] if trimmed == "yes" else sample[period]
    ...     draws = np.random.default_rng(1).normal(size=(99, len(values))).mean(axis=1)
    ...     return results.mean_over_events(values, unit="points", method="mean"), draws
    >>> choices = {"Period": ["early", "late"], "Trimmed": ["no", "yes"]}
    >>> found = curve.specification_curve(choices, mean, sign="positive", margin=1, unit="points")
    >>> found.specs["value"].tolist(), found.joint()["median_p"]
    ([4.0, 4.0, 8.0, 8.0], 0.01)
    """
    rows, placebo, left_out = [], [], 0
    for options in product(*choices.values()):
        try:
            effect, at_placebo = estimate(*options)
        except checks.UnusableInput:
            left_out += 1
            continue
        rows.append((*options, effect.value, effect.low, effect.high, effect.n))
        placebo.append(at_placebo)
    checks.enough(len(rows), 1, "specifications that can be estimated")
    sets = np.column_stack(placebo)
    # Only sets that every specification allows: a placebo curve is one set for all.
    sets = sets[np.isfinite(sets).all(axis=1)]
    return Curve(pd.DataFrame(rows, columns=[*choices, *ESTIMATES]), sets, sign, margin, unit, left_out)


def rounded(values: pd.Series) -> pd.Series:
    """Round to the digits in which equal estimates of two specifications agree, before they are ordered."""
    return values.map(lambda value: float(f"{value:.{ALIKE}g}"))


def interval_class(
    low: np.ndarray | pd.Series, high: np.ndarray | pd.Series, *, sign: Sign, margin: float
) -> np.ndarray:
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
        raise checks.WrongCall(f"Give 'positive' or 'negative' and a margin above 0, not {sign!r}, {margin}.")
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    near, far = (low, high) if sign == "positive" else (-high, -low)
    supports, against = near > 0, far < margin
    return np.select([supports & ~against, against & ~supports], [SUPPORTS, CONTRADICTS], INCONCLUSIVE)
