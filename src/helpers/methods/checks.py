"""Checks that every estimator makes on its input, so that no bad input ends as a silent NaN."""

from collections.abc import Sequence

import numpy as np
import pandas as pd


class UnusableInput(ValueError):
    """Input from which no honest estimate can be made; the message says what to do."""


class WrongCall(ValueError):
    """An argument that no data could make right, such as an unknown method: the call is to be mended."""


def index_in_order(index: pd.Index, what: str) -> pd.DatetimeIndex:
    """Return `index` if it is a sorted, unique DatetimeIndex without gaps in its labels.

    Raises
    ------
    UnusableInput
        If labels are not dates, mix time zones, are missing, repeated or out of order.
    """
    if not isinstance(index, pd.DatetimeIndex):
        raise UnusableInput(
            f"{what}: the index holds {index.dtype}, not dates of one time zone. Use pd.to_datetime."
        )
    if index.hasnans:
        raise UnusableInput(f"{what}: the index has missing dates. Drop those rows.")
    if not index.is_unique:
        twice = index[index.duplicated()][0]
        raise UnusableInput(f"{what}: the date {twice:%Y-%m-%d} appears twice. Keep one row per date.")
    if not index.is_monotonic_increasing:
        raise UnusableInput(f"{what}: the index is not sorted. Call .sort_index() first.")
    return index


def in_order(values: object, what: str) -> None:
    """Raise unless the rows of a series or table stand in the order of time, one per period, none skipped.

    Arrays have no dates and pass. Years and other increasing labels are in order; trading days may skip
    weekends and holidays.

    Raises
    ------
    UnusableInput
        As :func:`index_in_order`, or if dates a week or more apart skip a period.
    """
    if not isinstance(values, pd.Series | pd.DataFrame):
        return
    index = values.index
    if index.dtype == object or isinstance(index, pd.DatetimeIndex):
        _none_skipped(index_in_order(index, what), what)
    elif not (index.is_unique and index.is_monotonic_increasing):
        raise UnusableInput(f"{what}: the periods repeat or are out of order. Sort them, one row each.")


def _none_skipped(index: pd.DatetimeIndex, what: str) -> None:
    steps = np.diff(index.to_numpy()).astype("timedelta64[D]").astype(int)
    if len(steps) and 7 <= 1.6 * np.median(steps) < steps.max():
        after = index[int(steps.argmax())]
        raise UnusableInput(f"{what}: the dates skip a period after {after:%Y-%m-%d}. Leave the gap out.")


def same_zone(indexes: dict[str, pd.DatetimeIndex]) -> None:
    """Raise unless all indexes share one time zone (or all have none).

    Raises
    ------
    UnusableInput
        If time zones differ.
    """
    zones = {what: str(index.tz) for what, index in indexes.items()}
    if len(set(zones.values())) > 1:
        listed = ", ".join(f"{what}: {zone}" for what, zone in zones.items())
        raise UnusableInput(f"Time zones differ ({listed}). Use trading days without a time zone throughout.")


def finite(values: np.ndarray | pd.Series | pd.DataFrame, what: str) -> np.ndarray:
    """Return `values` as floats; missing values stay, infinite ones are refused.

    Raises
    ------
    UnusableInput
        If a value is not a number, is infinite, or all are missing.
    """
    try:
        numbers = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise UnusableInput(f"{what}: holds values that are not numbers ({error}). Convert them.") from None
    if numbers.size == 0 or np.isnan(numbers).all():
        raise UnusableInput(f"{what}: every value is missing. Choose another series or window.")
    if np.isinf(numbers).any():
        first = int(np.argwhere(np.isinf(numbers))[0][0])
        raise UnusableInput(f"{what}: row {_label(values, first)} is infinite. Look for a zero divided by.")
    return numbers


def complete(values: np.ndarray | pd.Series | pd.DataFrame, what: str) -> np.ndarray:
    """Return `values` as floats, refusing any missing one.

    Raises
    ------
    UnusableInput
        As :func:`finite`, and if a value is missing.
    """
    numbers = finite(values, what)
    if np.isnan(numbers).any():
        first = int(np.argwhere(np.isnan(numbers))[0][0])
        raise UnusableInput(f"{what}: row {_label(values, first)} is missing. Choose values without the gap.")
    return numbers


def varies(values: np.ndarray | pd.Series, what: str) -> None:
    """Raise if the non-missing values do not vary.

    Raises
    ------
    UnusableInput
        If the spread is zero to rounding.
    """
    numbers = np.asarray(values, dtype=float)
    numbers = numbers[~np.isnan(numbers)]
    if numbers.size == 0 or np.ptp(numbers) <= 1e-14 * max(1e-300, np.abs(numbers).max()):
        raise UnusableInput(f"{what}: the series is constant. Leave it out.")


def leaves_noise(residuals: np.ndarray, values: np.ndarray, what: str) -> None:
    """Raise if a model explains `values` to rounding: an interval made from its residuals would be a point.

    Raises
    ------
    UnusableInput
        If no residual is larger than rounding.
    """
    if np.nanmax(np.abs(residuals)) <= 1e-12 * np.nanmax(np.abs(values)):
        raise UnusableInput(f"{what}: the model explains every value and leaves no noise. Leave it out.")


def series(values: pd.Series, what: str, minimum: int) -> pd.Series:
    """Return a dated series that is sorted, unique, complete, varying and at least `minimum` long.

    Raises
    ------
    UnusableInput
        If any of these fails.
    """
    index_in_order(values.index, what)
    numbers = complete(values, what)
    enough(len(numbers), minimum, f"observations of {what}")
    varies(numbers, what)
    return pd.Series(numbers, index=values.index, name=values.name)


def enough(n: int, minimum: int, what: str) -> None:
    """Raise if `n` is below `minimum`; `what` names what is counted.

    Raises
    ------
    UnusableInput
        If there are too few.
    """
    if n < minimum:
        raise UnusableInput(
            f"Too few {what}: {n}, at least {minimum} are needed. Widen the choice or describe only."
        )


def positions(index: pd.DatetimeIndex, dates: Sequence, what: str) -> np.ndarray:
    """Return the positions of `dates` in `index`.

    Raises
    ------
    UnusableInput
        If a date is not in the index, is repeated, or has another time zone.
    """
    try:
        days = pd.DatetimeIndex(pd.to_datetime(list(dates)))
    except (TypeError, ValueError) as error:
        raise UnusableInput(f"{what}: not dates of one time zone ({error}). Use dates without.") from None
    same_zone({what: days, "the data": index})
    if not days.is_unique:
        twice = days[days.duplicated()][0]
        raise UnusableInput(f"{what}: {twice:%Y-%m-%d} is listed twice. Merge events of the same day.")
    rows = index.get_indexer(days)
    if (rows < 0).any():
        absent = days[rows < 0][0]
        if not index[0] <= absent <= index[-1]:
            raise UnusableInput(f"{what}: {absent:%Y-%m-%d} lies outside the data, to {index[-1]:%Y-%m-%d}.")
        raise UnusableInput(f"{what}: {absent:%Y-%m-%d} is not a row of the data. Use the next one.")
    return rows


def _label(values: object, row: int) -> str:
    index = getattr(values, "index", None)
    return f"{index[row]:%Y-%m-%d}" if isinstance(index, pd.DatetimeIndex) else str(row)
