"""Cboe: the change of the VIX from close to close, in points. The levels are not passed on."""

import pandas as pd

from summits.publishers import reading
from summits.publishers.client import Refused, Request

HOST, FORM = "https://cdn.cboe.com/api/global/us_indices/daily_prices", "csv"


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read dates such as 08/20/2026 and difference the closes; a day without a close leaves two blanks."""
    [(column, wanted)] = request.wanted.items()
    table = reading.csv_table(body, ("DATE", column))
    closes = reading.numbers(table[column]).set_axis(reading.days(table["DATE"], "%m/%d/%Y")).sort_index()
    if (closes <= 0).any():
        raise Refused("sign", f"The VIX closed at {closes.min():g}, which is no level of it.")
    return reading.by_period(wanted, closes.diff().round(4).iloc[1:])
