"""Unit roots, a break under a unit root, and cointegration.

Each test returns an Estimate whose value is the statistic; `details` holds its null hypothesis and 5 percent
critical value. Pre-tests describe a series: they do not choose the model of an effect.
"""

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.linalg import eigh
from statsmodels.tsa.adfvalues import mackinnoncrit, mackinnonp
from statsmodels.tsa.stattools import adfuller, coint, kpss, zivot_andrews
from statsmodels.tsa.vector_ar.vecm import coint_johansen

from helpers.methods.checks import UnusableInput, complete, enough, in_order, leaves_noise, varies
from helpers.methods.results import Estimate

Trend = Literal["constant", "constant and trend"]
CODES = {"constant": "c", "constant and trend": "ct"}

# MacKinnon, Haug & Michelis (1999), Journal of Applied Econometrics 14, 563-577: trace test, restricted
# constant, 5 percent, for one to four common trends.
TRACE_RESTRICTED_CONSTANT = (9.164546, 20.26184, 35.19275, 54.07904)


@dataclass(frozen=True)
class CointegrationRank:
    """Johansen's sequence of rank tests.

    Parameters
    ----------
    ranks : DataFrame
        One row per null rank: eigenvalue, trace, trace_critical, maximum_eigenvalue (5 percent critical
        values).
    rank : int
        First rank that the trace test does not reject at 5 percent.
    n : int
        Periods in the regressions.
    deterministic : str
        Deterministic terms.
    """

    ranks: pd.DataFrame
    rank: int
    n: int
    deterministic: str

    def table(self) -> pd.DataFrame:
        """Return one row per null rank."""
        return self.ranks

    def record(self) -> dict[str, Any]:
        """Return the rank as a record."""
        method = f"Johansen trace test, {self.deterministic}"
        return {"value": self.rank, "unit": "cointegrating relations", "n": self.n, "method": method}

    def sentence(self) -> str:
        """Say the rank in plain words."""
        return (
            f"Johansen trace test, {self.deterministic}: {self.rank} cointegrating relations "
            f"among {len(self.ranks)} series at the 5 percent level, n = {self.n}."
        )


def augmented_dickey_fuller(values: np.ndarray | pd.Series, *, trend: Trend, lags: int) -> Estimate:
    """Test a unit root against stationarity by the augmented Dickey-Fuller regression.

    Parameters
    ----------
    values : array, shape (periods,)
        Levels, regularly spaced.
    trend : {"constant", "constant and trend"}
        Deterministic terms.
    lags : int
        Lagged differences in the regression.

    Raises
    ------
    UnusableInput
        If the series is too short, constant or not finite.

    References
    ----------
    Said & Dickey (1984), Biometrika 71, 599-607; p values of MacKinnon (1994).
    """
    numbers = _usable(values, lags)
    test = adfuller(numbers, maxlag=lags, regression=CODES[trend], autolag=None, result_object=True)
    method = f"augmented Dickey-Fuller, {trend}, {lags} lags"
    return _statistic(test.statistic, test.pvalue, test.nobs, method, "unit root", test.critical_values["5%"])


def phillips_perron(values: np.ndarray | pd.Series, *, trend: Trend, lags: int) -> Estimate:
    """Test a unit root by the Dickey-Fuller t statistic corrected for autocorrelation (Z-tau).

    Parameters and errors are those of :func:`augmented_dickey_fuller`; `lags` are those of the Bartlett
    weights.

    References
    ----------
    Phillips & Perron (1988), Biometrika 75, 335-346.
    """
    numbers = _usable(values, lags)
    n = len(numbers) - 1
    design = [numbers[:-1], np.ones(n)] + (
        [np.arange(n) - (n - 1) / 2] if trend == "constant and trend" else []
    )
    design = np.column_stack(design)
    coefficients = np.linalg.lstsq(design, numbers[1:])[0]
    residuals = numbers[1:] - design @ coefficients
    short_run = residuals @ residuals / n
    products = [residuals[lag:] @ residuals[:-lag] / n for lag in range(1, lags + 1)]
    long_run = short_run + 2 * sum((1 - lag / (lags + 1)) * c for lag, c in enumerate(products, start=1))
    # Standard error of the autoregressive coefficient for a residual standard deviation of one.
    unit_error = np.sqrt(np.linalg.inv(design.T @ design)[0, 0])
    variance = residuals @ residuals / (n - design.shape[1])
    tau = (coefficients[0] - 1) / (unit_error * np.sqrt(variance))
    shift = 0.5 * (long_run - short_run) * n * unit_error / np.sqrt(long_run)
    statistic = np.sqrt(short_run / long_run) * tau - shift
    code = CODES[trend]
    return _statistic(
        statistic,
        mackinnonp(statistic, regression=code),
        n,
        f"Phillips-Perron, {trend}, {lags} lags",
        "unit root",
        mackinnoncrit(regression=code, nobs=n)[1],
    )


def stationarity(values: np.ndarray | pd.Series, *, trend: Trend, lags: int) -> Estimate:
    """Test stationarity against a unit root (KPSS); p is bounded to 0.01..0.10 by the published table.

    Parameters and errors are those of :func:`augmented_dickey_fuller`; `lags` are those of the Bartlett
    weights.

    References
    ----------
    Kwiatkowski, Phillips, Schmidt & Shin (1992), Journal of Econometrics 54, 159-178.
    """
    numbers = _usable(values, lags)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # The bound on the p value is stated in the docstring.
        statistic, p_value, _, critical = kpss(numbers, regression=CODES[trend], nlags=lags)
    null = "stationary around a trend" if trend == "constant and trend" else "stationary"
    return _statistic(
        statistic,
        p_value,
        len(numbers),
        f"KPSS, {trend}, {lags} lags",
        null,
        critical["5%"],
        "KPSS statistic",
    )


def unit_root_with_break(values: pd.Series, *, trend: Trend, lags: int, trim: float) -> Estimate:
    """Test a unit root against stationarity around one break at an unknown date (Zivot-Andrews).

    Parameters
    ----------
    values : Series, shape (periods,)
        Levels by date.
    trend : {"constant", "constant and trend"}
        What breaks: the level, or level and slope.
    lags : int
        Lagged differences.
    trim : float
        Share of the sample at each end where no break is looked for; it must leave out more than `lags`
        periods.

    Raises
    ------
    UnusableInput
        If the series is unusable or `trim` is too small for the lags.

    Notes
    -----
    Packages date the break differently by one period. Here `break_after` is the last period before the break.

    References
    ----------
    Zivot & Andrews (1992), Journal of Business & Economic Statistics 10, 251-270.
    """
    numbers = _usable(values, lags)
    if int(trim * len(numbers)) <= lags + 1:
        raise UnusableInput(
            f"Trimming {trim:.0%} of {len(numbers)} periods leaves breaks inside the first {lags} lags: "
            f"raise trim above {(lags + 2) / len(numbers):.2f} or use fewer lags."
        )
    statistic, p_value, critical, _, position = zivot_andrews(
        numbers, maxlag=lags, regression=CODES[trend], autolag=None, trim=trim
    )
    result = f"Zivot-Andrews, break in {'level' if trend == 'constant' else 'level and slope'}, {lags} lags"
    break_after = str(pd.Series(values).index[int(position)])
    return _statistic(
        statistic, p_value, len(numbers), result, "unit root", critical["5%"], break_after=break_after
    )


def engle_granger(
    target: np.ndarray | pd.Series, others: np.ndarray | pd.DataFrame, *, lags: int
) -> Estimate:
    """Test that the residuals of a levels regression have a unit root (no cointegration).

    Parameters
    ----------
    target : array, shape (periods,)
        Series on the left-hand side; the test depends on the choice.
    others : array, shape (periods, series)
        Other series.
    lags : int
        Lagged differences in the residual regression.

    Raises
    ------
    UnusableInput
        If a series is too short, constant or not finite.

    References
    ----------
    Engle & Granger (1987), Econometrica 55, 251-276; p values of MacKinnon (1994, 2010).
    """
    numbers = _usable(target, lags)
    right = _usable_columns(others, lags)
    labelled = all(isinstance(one, pd.Series | pd.DataFrame) for one in (target, others))
    if len(numbers) != len(right) or (labelled and not target.index.equals(others.index)):
        raise UnusableInput("The series cover different dates: cut both to the common dates.")
    statistic, p_value, critical = coint(numbers, right, trend="c", maxlag=lags, autolag=None)
    method = f"Engle-Granger, constant, {lags} lags"
    return _statistic(statistic, p_value, len(numbers), method, "no cointegration", critical[1])


def johansen(levels: pd.DataFrame, *, lags: int) -> CointegrationRank:
    """Test the number of cointegrating relations with an unrestricted constant.

    Parameters
    ----------
    levels : DataFrame, shape (periods, series)
        Series in levels, two or more.
    lags : int
        Lags of the vector autoregression in levels (its differences enter with one fewer).

    Raises
    ------
    UnusableInput
        If a series is too short, constant or not finite.

    References
    ----------
    Johansen (1991), Econometrica 59, 1551-1580.
    """
    numbers = _system(levels, lags)
    result = coint_johansen(numbers, det_order=0, k_ar_diff=lags - 1)
    return _ranks(result.eig, result.cvt[:, 1], len(numbers) - lags, "unrestricted constant")


def johansen_restricted_constant(levels: pd.DataFrame, *, lags: int, seasons: int) -> CointegrationRank:
    """Test the number of cointegrating relations with the constant inside them and centred seasonal terms.

    For series without a trend. Up to four series have critical values.

    Parameters
    ----------
    levels : DataFrame, shape (periods, series)
        Series in levels.
    lags : int
        Lags of the vector autoregression in levels.
    seasons : int
        Periods per year for centred seasonal dummies; 1 for none.

    Raises
    ------
    UnusableInput
        If a series is too short, constant or not finite, or there are more than four.

    References
    ----------
    Johansen & Juselius (1990), Oxford Bulletin of Economics and Statistics 52, 169-210.
    """
    numbers = _system(levels, lags)
    if numbers.shape[1] > len(TRACE_RESTRICTED_CONSTANT):
        raise UnusableInput("Critical values cover four series: test fewer at a time.")
    n = len(numbers) - lags
    changes = np.diff(numbers, axis=0)
    target = changes[lags - 1 :]
    lagged = np.column_stack([numbers[lags - 1 : -1], np.ones(n)])
    season = np.eye(seasons)[np.arange(lags, len(numbers)) % seasons]
    short_run = [changes[lags - 1 - lag : -lag] for lag in range(1, lags)]
    short_run = np.column_stack([*short_run, season[:, 1:] - 1 / seasons])
    target, lagged = _residuals(target, short_run), _residuals(lagged, short_run)
    cross = target.T @ lagged
    moment = cross.T @ np.linalg.solve(target.T @ target, cross)
    eigenvalues = eigh(moment, lagged.T @ lagged, eigvals_only=True)[::-1][: numbers.shape[1]]
    critical = TRACE_RESTRICTED_CONSTANT[: numbers.shape[1]][::-1]
    text = "restricted constant" + (", centred seasonal terms" if seasons > 1 else "")
    return _ranks(eigenvalues, np.array(critical), n, text)


def _residuals(target: np.ndarray, design: np.ndarray) -> np.ndarray:
    return target - design @ np.linalg.lstsq(design, target)[0] if design.shape[1] else target


def _ranks(eigenvalues: np.ndarray, critical: np.ndarray, n: int, deterministic: str) -> CointegrationRank:
    maximum = -n * np.log1p(-eigenvalues)
    trace = np.cumsum(maximum[::-1])[::-1]
    table = pd.DataFrame(
        {"eigenvalue": eigenvalues, "trace": trace, "trace_critical": critical, "maximum_eigenvalue": maximum}
    ).rename_axis("rank")
    accepted = np.flatnonzero(trace < critical)
    rank = int(accepted[0]) if len(accepted) else len(eigenvalues)
    return CointegrationRank(table, rank, n, deterministic)


def _statistic(
    value: float,
    p_value: float,
    n: int,
    method: str,
    null: str,
    critical: float,
    unit: str = "tau statistic",
    **details: Any,
) -> Estimate:
    shown = {"null": null, "critical_value_5_percent": float(critical), **details}
    return Estimate(value, None, None, unit=unit, n=n, method=method, p_value=p_value, details=shown)


def _usable(values: np.ndarray | pd.Series, lags: int) -> np.ndarray:
    if lags < 0:
        raise UnusableInput(f"{lags} lags: give zero or more.")
    in_order(values, "series")
    numbers = complete(values, "series")
    enough(len(numbers), 2 * lags + 10, "periods")
    varies(numbers, "series")
    line = np.column_stack([np.ones(len(numbers)), np.arange(len(numbers))])
    leaves_noise(_residuals(numbers, line), numbers, "series around a straight line")
    return numbers


def _system(levels: pd.DataFrame, lags: int) -> np.ndarray:
    if lags < 1 or levels.shape[1] < 2:
        raise UnusableInput("Cointegration needs two or more series and at least one lag in levels.")
    return _usable_columns(levels, lags)


def _usable_columns(values: np.ndarray | pd.DataFrame, lags: int) -> np.ndarray:
    frame = pd.DataFrame(values)
    return np.column_stack([_usable(frame[column], lags) for column in frame])
