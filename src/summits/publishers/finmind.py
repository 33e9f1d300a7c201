"""TSMC monthly revenue as filed with the Taiwan exchange, through FinMind, in million Taiwan dollars."""

from datetime import date

import pandas as pd

from summits.publishers import reading
from summits.publishers.client import Refused, Request, Wanted

ADDRESS = "https://api.finmindtrade.com/api/v4/data"
FIXED = {"dataset": "TaiwanStockMonthRevenue", "start_date": "2016-02-01"}


def call(name: str, wanted: Wanted, today: date) -> Request:
    """Ask for the whole history of a company."""
    return Request(ADDRESS, "json", {name: wanted}, FIXED | {"data_id": name})


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Date each row by ``revenue_year`` and ``revenue_month``; its ``date`` is that of the month after."""
    [(name, wanted)] = request.wanted.items()
    reply = reading.json_body(body)
    if str(reply.get("status", 200)) != "200":
        raise Refused("status", f"The reply says status {reply['status']}: {reply.get('msg', '')}")
    fields = ("stock_id", "revenue", "revenue_month", "revenue_year")
    table = reading.json_table(reading.step(reply, "data"), fields)
    reading.about(table, {"stock_id": name})
    dates = reading.days(table["revenue_year"] + "-" + table["revenue_month"].str.zfill(2), "%Y-%m")
    return reading.observations(wanted, dates, reading.numbers(table["revenue"]) / 1_000_000)
