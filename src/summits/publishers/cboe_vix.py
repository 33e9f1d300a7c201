"""Cboe: the change of the VIX from close to close, in points. The levels are not passed on."""

from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import reading
from summits.publishers.client import DAILY, Publisher, Request, Wanted

ADDRESS = "https://cdn.cboe.com/api/global/us_indices/daily_prices/VIX_History.csv"


def label(series: Series) -> str | None:
    """Return the column of the change's level."""
    return "CLOSE" if series.series_id == "change_VIX" else None


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for the one file."""
    return [Request(ADDRESS, "csv", wanted)]


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read dates such as 08/20/2026 and difference the closes."""
    [wanted] = request.wanted.values()
    table = reading.csv_table(body, ("DATE", "CLOSE"))
    days = reading.days(table["DATE"], "%m/%d/%Y")
    changes = reading.numbers(table["CLOSE"]).set_axis(days).sort_index().diff().round(4)
    return reading.by_period(wanted, changes.set_axis(changes.index.strftime("%Y-%m-%d")))


PUBLISHER = Publisher(
    name="cboe_vix",
    title="Cboe volatility index (VIX)",
    url=ADDRESS,
    licence="Cboe terms",
    redistribution="derived",
    rhythm=DAILY,
    never_revised=True,
    label=label,
    requests=requests,
    parse=parse,
)
