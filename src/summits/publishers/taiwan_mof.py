"""Taiwan open data: monthly exports of electronic components (Ministry of Finance), in million US dollars."""

import re

import pandas as pd

from summits.publishers import reading
from summits.publishers.client import Refused, Request, origin

# The catalogue of open data says where the table is.
HOST, FORM = "https://data.gov.tw/api/v2/rest/dataset", "json"


def follow(body: bytes, request: Request) -> Request:
    """Return the call for the table itself, if it is on a government host."""
    address = reading.json_body(body, "result", "distribution", 0, "resourceDownloadUrl")
    if not re.fullmatch(r"https://[a-z0-9.-]+\.gov\.tw", origin(address)):
        raise Refused("redirect", f"The table is at {origin(address)}, which is no host of the government.")
    return Request(address, "csv", request.wanted)


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read rows such as ``115年 6月``: the year is counted from 1911. Rows of whole years are left out."""
    table = reading.csv_table(body)
    parts = table.iloc[:, 0].str.strip().str.extract(r"^(\d{2,3})年\s*(\d{1,2})月$").dropna()
    if parts.empty:
        raise Refused("columns", "No row is a month such as 115年 6月.")
    years = (parts[0].astype(int) + 1911).astype(str)
    rows = table.loc[parts.index].replace(",", "", regex=True)
    return reading.columns_of(rows, reading.days(years + "-" + parts[1], "%Y-%m"), request)
