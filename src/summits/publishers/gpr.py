"""Geopolitical risk (Caldara and Iacoviello): daily and monthly, from the authors' Stata files."""

import io

import pandas as pd

from summits.publishers import reading
from summits.publishers.client import Refused, Request

HOST, FORM = "https://www.matteoiacoviello.com/gpr_files", "stata"
DATES = {"D": "date", "M": "month"}


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read the columns by name; single precision is read as it would be printed."""
    [frequency] = {each.series.frequency for each in request.wanted.values()}
    try:
        table = pd.read_stata(io.BytesIO(body))
    except (ValueError, IndexError, OSError, EOFError):
        raise Refused("malformed", "The reply is no Stata file, or it is cut off.") from None
    reading.need(table, DATES[frequency], *request.wanted)
    if table[DATES[frequency]].isna().any():
        raise Refused("malformed", "A row has no date.")
    printed = table[list(request.wanted)].astype(str).where(table.notna(), "")
    return reading.columns_of(printed, table[DATES[frequency]], request)
