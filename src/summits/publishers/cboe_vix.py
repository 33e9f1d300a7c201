"""Cboe: the change of the VIX from close to close, in points. The levels are not passed on."""

from datetime import date

import pandas as pd

from summits.publishers import reading
from summits.publishers.client import Refused, Request, Wanted

ADDRESS = "https://cdn.cboe.com/api/global/us_indices/daily_prices/VIX_History.csv"
# The column of the change's level.
COLUMNS = {"change_VIX": "CLOSE"}


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for the one file."""
    return [Request(ADDRESS, "csv", wanted)]


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read dates such as 08/20/2026 and difference the closes; a day without a close leaves two blanks."""
    [wanted] = request.wanted.values()
    table = reading.csv_table(body, ("DATE", "CLOSE"))
    days = reading.days(table["DATE"], "%m/%d/%Y")
    closes = reading.numbers(table["CLOSE"]).set_axis(days).sort_index()
    if (closes <= 0).any():
        raise Refused("sign", f"The VIX closed at {closes.min():g}, which is no level of it.")
    changes = closes.diff().round(4).iloc[1:]
    return reading.by_period(wanted, changes.set_axis(changes.index.strftime("%Y-%m-%d")))
