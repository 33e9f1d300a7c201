"""policyuncertainty.com: daily US economic and trade policy uncertainty, and monthly US–China tension."""

import pandas as pd

from summits.publishers import reading
from summits.publishers.client import Refused, Request

HOST, FORM = "https://www.policyuncertainty.com/media", "csv"


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read day, month and year in columns, or months in one column such as 1993m1."""
    table = reading.csv_table(body)
    if "UCT" not in request.wanted:
        reading.need(table, "day", "month", "year")
        dates = reading.days(table["year"] + "-" + table["month"] + "-" + table["day"], "%Y-%m-%d")
        return reading.columns_of(table, dates, request)
    if not table.iloc[:, 0].str.fullmatch(r"\d{4}m\d{1,2}").all():
        raise Refused("columns", "The first column holds no months such as 1993m1.")
    dates = reading.days(table.iloc[:, 0], "%Ym%m")
    return reading.columns_of(table.rename(columns={"uct": "UCT"}), dates, request)
