"""Geopolitical risk (Caldara and Iacoviello): daily and monthly, from the authors' Stata files."""

import io
from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import reading
from summits.publishers.client import Refused, Request, Wanted

HOST = "https://www.matteoiacoviello.com/gpr_files"
FILES = {"D": "data_gpr_daily_recent.dta", "M": "data_gpr_export.dta"}
DATES = {"D": "date", "M": "month"}


def label(series: Series) -> str | None:
    """Return the column of the authors' file, which is the name of the series in capitals."""
    return series.series_id.upper()


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for the daily and the monthly file."""
    calls = []
    for frequency, file in FILES.items():
        members = {name: each for name, each in wanted.items() if each.series.frequency == frequency}
        if members:
            calls.append(Request(f"{HOST}/{file}", "stata", members))
    return calls


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read the columns by name; single precision is read as it would be printed."""
    try:
        table = pd.read_stata(io.BytesIO(body))
    except (ValueError, IndexError, OSError, EOFError):
        raise Refused("malformed", "The reply is no Stata file, or it is cut off.") from None
    frequency = next(iter(request.wanted.values())).series.frequency
    reading.need(table, DATES[frequency])
    dates = table.pop(DATES[frequency])
    if dates.isna().any():
        raise Refused("malformed", "A row has no date.")
    wanted = table[[name for name in request.wanted if name in table]]
    return reading.columns_of(wanted.astype(str).where(wanted.notna(), ""), dates, request)
