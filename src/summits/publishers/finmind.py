"""TSMC monthly revenue as filed with the Taiwan exchange, through FinMind, in million Taiwan dollars."""

from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import reading
from summits.publishers.client import Publisher, Refused, Request, Rhythm, Wanted

ADDRESS = "https://api.finmindtrade.com/api/v4/data"
COMPANIES = {"tsmc_monthly_revenue": "2330"}
FIRST_DAY = "2016-02-01"
COLUMNS = ("stock_id", "revenue", "revenue_month", "revenue_year")


def label(series: Series) -> str | None:
    """Return the company's number on the exchange."""
    return COMPANIES.get(series.series_id)


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for the whole history of each company in one call."""
    fixed = {"dataset": "TaiwanStockMonthRevenue", "start_date": FIRST_DAY}
    return [
        Request(ADDRESS, "json", {name: each}, fixed | {"data_id": name}) for name, each in wanted.items()
    ]


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Date each row by ``revenue_year`` and ``revenue_month``; its ``date`` is that of the month after."""
    [(name, wanted)] = request.wanted.items()
    table = pd.DataFrame(reading.step(reading.json_body(body), "data"))
    reading.need(table, *COLUMNS)
    if (table["stock_id"].astype(str) != name).any():
        raise Refused("columns", f"The reply holds rows of another company than {name}.")
    months = table["revenue_year"].astype(str) + "-" + table["revenue_month"].astype(int).map("{:02d}".format)
    dates = reading.days(months, "%Y-%m")
    values = reading.numbers(table["revenue"]) / 1_000_000
    return reading.observations(wanted, reading.period(dates, "M"), values)


PUBLISHER = Publisher(
    name="finmind",
    title="TSMC monthly revenue (FinMind)",
    url=ADDRESS,
    licence="FinMind terms; company disclosure",
    rhythm=Rhythm("monthly, by the 10th of the month after", {"M": 11}),
    label=label,
    requests=requests,
    parse=parse,
)
