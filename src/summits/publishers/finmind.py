"""TSMC monthly revenue as filed with the Taiwan exchange, through FinMind, in million Taiwan dollars."""

from datetime import date

import pandas as pd

from summits.publishers import reading
from summits.publishers.client import Refused, Request, Wanted

ADDRESS = "https://api.finmindtrade.com/api/v4/data"
COLUMNS = {"tsmc_monthly_revenue": "2330"}
FIRST_DAY = "2016-02-01"
FIELDS = ("stock_id", "revenue", "revenue_month", "revenue_year")


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for the whole history of each company in one call."""
    fixed = {"dataset": "TaiwanStockMonthRevenue", "start_date": FIRST_DAY}
    return [
        Request(ADDRESS, "json", {name: each}, fixed | {"data_id": name}) for name, each in wanted.items()
    ]


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Date each row by ``revenue_year`` and ``revenue_month``; its ``date`` is that of the month after."""
    [(name, wanted)] = request.wanted.items()
    reply = reading.json_body(body)
    if str(reply.get("status", 200)) != "200":
        raise Refused("status", f"The reply says status {reply['status']}: {reply.get('msg', '')}")
    table = reading.json_table(reading.step(reply, "data"), FIELDS)
    reading.same("company", table["stock_id"], name)
    dates = reading.days(table["revenue_year"] + "-" + table["revenue_month"].str.zfill(2), "%Y-%m")
    values = reading.numbers(table["revenue"]) / 1_000_000
    return reading.observations(wanted, reading.period(dates, "M"), values)
