"""policyuncertainty.com: daily US economic and trade policy uncertainty, and monthly US–China tension."""

from datetime import date

import pandas as pd

from summits.publishers import reading
from summits.publishers.client import Refused, Request, Wanted

HOST = "https://www.policyuncertainty.com/media"
# The file and the column of each series.
COLUMNS = {
    "epu_us_daily": "All_Daily_Policy_Data.csv/daily_policy_index",
    "tpu_us_daily": "All_Daily_TPU_Data.csv/daily_tpu_index",
    "us_china_tension": "UCT.csv/UCT",
}
DATE_COLUMNS = ("day", "month", "year")


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for each file once."""
    return [
        Request(f"{HOST}/{file}", "csv", {column: each})
        for name, each in wanted.items()
        for file, column in [name.split("/")]
    ]


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read day, month and year in columns, or months in one column such as 1993m1."""
    if "UCT" not in request.wanted:
        table = reading.csv_table(body, (*DATE_COLUMNS, *request.wanted))
        dates = reading.days(table["year"] + "-" + table["month"] + "-" + table["day"], "%Y-%m-%d")
        return reading.columns_of(table, dates, request)
    table = reading.csv_table(body)
    table.columns = [name.upper() if name.upper() == "UCT" else name for name in table]
    if table.shape[1] < 2 or not table.iloc[:, 0].str.fullmatch(r"\d{4}m\d{1,2}").all():
        raise Refused("columns", "The first column holds no months such as 1993m1.")
    dates = reading.days(table.iloc[:, 0], "%Ym%m")
    return reading.columns_of(table, dates, request)
