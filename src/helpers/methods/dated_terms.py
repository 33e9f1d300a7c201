"""A regression with terms for dated events, solved for many sets of dates at once.

What all sets share (level, trend, season, controls) is solved once; the few terms of a set are freed of it
and then regressed alone (Frisch and Waugh 1933, Lovell 1963). A thousand placebo sets so take milliseconds.
The autocorrelation of the errors is fixed beforehand, so that real and placebo dates are treated alike.

Sources: Newey and West (1987) for HAC errors; the whitening is that of
:mod:`helpers.methods.interrupted_series`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from statsmodels.stats.sandwich_covariance import S_hac_simple

from helpers import transforms
from helpers.methods import checks
from helpers.methods.checks import UnusableInput
from helpers.methods.interrupted_series import whiten
from helpers.methods.results import Estimate, t_estimate

Errors = Literal["ar1", "least_squares", "random_walk"]
HAC_LAGS = 12
FEWEST_DF = 5
SINGULAR = 1e-12  # of a determinant, against that of terms which nothing explains


def window_counts(months: np.ndarray, sets: np.ndarray, *, before: int, after: int) -> np.ndarray:
    """Count for each month the dates that it follows, is, and precedes within their windows.

    Parameters
    ----------
    months : array of int, shape (months,)
        Month numbers of the series, in order; months may be missing.
    sets : array of int, shape (sets, dates)
        Month numbers of the dates; those of a set differ.
    before, after : int
        Months in the windows before and after a date.

    Returns
    -------
    array, shape (months, 3, sets)
        Dates at most `after` months ago, dates in the month, dates at most `before` months ahead.
    """
    widest, ends = max(before, after) + 1, (months[0], months[-1], *sets.ravel())
    first = min(ends) - widest
    marks = np.zeros((max(ends) + widest - first + 1, len(sets)))
    marks[sets.T - first, np.arange(len(sets))] = 1
    totals, at = np.cumsum(marks, axis=0), months - first
    behind = totals[at - 1] - totals[at - 1 - after]
    return np.stack([behind, marks[at], totals[at + before] - totals[at]], axis=1)


@dataclass(frozen=True)
class DatedTerms:
    """A monthly series and its regressors without events, ready for the terms of many sets of dates.

    Attributes
    ----------
    errors : {"ar1", "least_squares", "random_walk"}
    rho : float
        Correlation of neighbouring months; used with "ar1" alone.
    months : array of int, shape (months,)
        Month numbers of the series.
    inside : array of bool, shape (samples, rows)
        Rows that each sample uses. A row is a month, or the step from the month before (random walk).
    basis : array, shape (samples, rows, regressors)
        Orthonormal regressors.
    outcome : array, shape (samples, rows)
        The outcome freed of them.
    regular : array of bool, shape (samples,)
        Whether the regressors of the sample can be told apart.
    """

    errors: Errors
    rho: float
    months: np.ndarray
    inside: np.ndarray
    basis: np.ndarray
    outcome: np.ndarray
    regular: np.ndarray

    @classmethod
    def of(
        cls,
        series: pd.Series,
        regressors: pd.DataFrame,
        *,
        errors: Errors,
        rho: float = 0.0,
        last: Sequence[int] | np.ndarray | None = None,
    ) -> "DatedTerms":
        """Solve what all sets of dates share.

        Parameters
        ----------
        series : Series, shape (months,)
        regressors : DataFrame, shape (months, regressors)
            On the months of the series, the constant among them.
        errors, rho
            As in the class.
        last : array of int, shape (sets,), optional
            Month number at which the sample of each set ends; by default one sample, the whole series, serves
            all sets.
        """
        months = transforms.month_numbers(series.index)
        columns = np.column_stack([series.to_numpy(), regressors.to_numpy()])
        columns = _independent(columns, months, errors, rho)
        used = np.abs(columns).max(axis=0) > 0
        used[0] = True
        columns = columns[:, used]
        columns[:, 1:] /= np.linalg.norm(columns[:, 1:], axis=0)
        rows = months[len(months) - len(columns) :]
        ends = rows[-1:] if last is None else np.asarray(last)
        inside = rows <= ends[:, None]
        samples = columns * inside[:, :, None]
        basis, triangle = np.linalg.qr(samples[:, :, 1:])
        outcome = samples[:, :, :1]
        free = (outcome - basis @ (basis.swapaxes(1, 2) @ outcome))[:, :, 0]
        size = np.abs(np.diagonal(triangle, axis1=1, axis2=2)).min(axis=1)
        return cls(errors, rho, months, inside, basis, free, size**2 > SINGULAR)

    def effects(self, terms: np.ndarray, weights: Sequence[float]) -> np.ndarray:
        """Return the weighted sum of the coefficients of each set's terms.

        Parameters
        ----------
        terms : array, shape (months, terms, sets)
            Such as from :func:`window_counts`.
        weights : sequence of float, shape (terms,)
            (1, 0, 0) is the first coefficient, (1, 0, -1) the first less the last.

        Returns
        -------
        array, shape (sets,)
            Missing where the terms cannot be told apart from each other and the regressors.
        """
        whitened, cross, usable = self._products(terms)
        with_outcome = (whitened * self.outcome.T[:, None, :]).sum(axis=0).T
        effects = np.linalg.solve(cross, with_outcome[:, :, None])[:, :, 0] @ np.asarray(weights)
        return np.where(usable, effects, np.nan)

    def relative_errors(self, terms: np.ndarray, weights: Sequence[float]) -> np.ndarray:
        """Return the standard error of the weighted sum of each set, in standard deviations of the noise.

        Dates that lie close together or in odd months say less; arguments and gaps as in `effects`.
        """
        _, cross, usable = self._products(terms)
        row = np.asarray(weights, dtype=float)
        return np.where(usable, np.sqrt(row @ np.linalg.inv(cross) @ row), np.nan)

    def estimate(
        self, terms: np.ndarray, weights: Sequence[float], *, unit: str, n: int | None = None
    ) -> Estimate:
        """Return the weighted sum of the coefficients of one set with its 95 percent t interval.

        The interval is that of independent errors after whitening, or HAC (Bartlett, 12 lags counted on the
        calendar, times n/(n - k)) for least squares.

        Parameters
        ----------
        terms : array, shape (months, terms)
        weights : sequence of float, shape (terms,)
        unit : str
        n : int, optional
            Units of inference; by default the rows.

        Raises
        ------
        UnusableInput
            If there is not one sample, the terms cannot be told apart, or few months remain.
        """
        if len(self.inside) != 1:
            raise UnusableInput(f"One set has one sample, not {len(self.inside)}. Cut the series.")
        whitened, explained = (part[:, :, 0] for part in self._explained(terms[:, :, None]))
        rows = int(self.inside.sum())
        df = rows - self.basis.shape[2] - terms.shape[1]
        checks.enough(df, FEWEST_DF, "degrees of freedom")
        value = float(self.effects(terms[:, :, None], weights)[0])
        if np.isnan(value):
            raise UnusableInput("The terms of these dates cannot be told apart. Choose other windows.")
        free = whitened - self.basis[0] @ explained
        inverse = np.linalg.inv(free.T @ free)
        residuals = self.outcome[0] - free @ (inverse @ (free.T @ self.outcome[0]))
        influence = free @ (inverse @ np.asarray(weights))
        if self.errors == "least_squares":
            se = _hac_se(influence * residuals, self.months) * np.sqrt(rows / df)
        else:
            se = np.sqrt(residuals @ residuals / df * (influence @ influence))
        method = f"dated terms, {self.errors} errors"
        return t_estimate(value, float(se), df, unit=unit, n=rows if n is None else n, method=method)

    def _products(self, terms: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the terms as rows, their products freed of the regressors, and whether a set is usable."""
        whitened, explained = self._explained(terms)
        cross = np.einsum("ras,rbs->sab", whitened, whitened)
        size = np.diagonal(cross, axis1=1, axis2=2).prod(axis=1)
        cross -= np.einsum("kas,kbs->sab", explained, explained)
        usable = self.regular & (np.linalg.det(cross) > SINGULAR * size)
        cross[~usable] = np.eye(cross.shape[1])
        return whitened, cross, usable

    def _explained(self, terms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the terms as rows with independent errors, and their products with the regressors."""
        whitened = _independent(terms, self.months, self.errors, self.rho)
        if len(self.inside) == 1:
            explained = self.basis[0].T @ whitened.reshape(len(whitened), -1)
            return whitened, explained.reshape(-1, *whitened.shape[1:])
        whitened = whitened * self.inside.T[:, None, :]
        explained = self.basis.swapaxes(1, 2) @ np.moveaxis(whitened, 2, 0)
        return whitened, np.moveaxis(explained, 0, 2)


def _independent(values: np.ndarray, months: np.ndarray, errors: Errors, rho: float) -> np.ndarray:
    """Turn months, the first axis, into rows with independent errors under the error model named."""
    gaps = np.diff(months)
    if errors == "least_squares":
        return values
    if errors == "random_walk":
        return np.diff(values, axis=0) / np.sqrt(gaps).reshape(-1, *[1] * (values.ndim - 1))
    return whiten(values, gaps, rho)


def _hac_se(scores: np.ndarray, months: np.ndarray) -> float:
    """Newey-West standard error of one coefficient from its scores, lags counted on the calendar."""
    line = np.zeros(months[-1] - months[0] + 1)
    line[months - months[0]] = scores
    return float(np.sqrt(S_hac_simple(line[:, None], nlags=HAC_LAGS)[0, 0]))
