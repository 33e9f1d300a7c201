"""WSTS: monthly billings by region. The licence bars the levels, so only the monthly growth is kept."""

import re
from urllib.parse import urljoin

import pandas as pd

from summits.publishers import formulas, reading
from summits.publishers.client import Refused, Request, origin

# The page that links the report.
HOST, FORM = "https://www.wsts.org/67", "page"


def follow(body: bytes, request: Request) -> Request:
    """Return the call for the one workbook the page links."""
    links = set(re.findall(r'href="([^"]+\.xlsx[^"]*)"', body.decode("utf-8", errors="replace")))
    if len(links) != 1:
        raise Refused("columns", f"The page links {len(links)} workbooks, not one.")
    address = urljoin(request.address, links.pop())
    if origin(address) != origin(HOST):
        raise Refused("redirect", f"The workbook is at {origin(address)}, another host.")
    return Request(address, "xlsx", request.wanted)


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read a row with the year, then a row per region with twelve months; 0 stands for a month to come."""
    cells = reading.sheet(body, "Monthly Data").reindex(columns=list("ABCDEFGHIJKLM")).fillna("")
    head = cells.pop("A").str.strip()
    years = head.str.extract(r"^((?:19|20)\d\d)(?:\.0)?$")[0].ffill()
    rows = []
    for region, wanted in request.wanted.items():
        table = cells[(head == region) & years.notna()]
        if table.empty:
            raise Refused("columns", f"The sheet has no region {region}.")
        months = [f"{year}-{month:02d}" for year in years[table.index] for month in range(1, 13)]
        values = reading.numbers(pd.Series(table.to_numpy().ravel(), months), blanks=("0", "0.0"))
        if (values <= 0).any():
            raise Refused("sign", f"Billings of {region} are {values.min():,.6g}.")
        rows.append(reading.by_period(wanted, formulas.growth(values.dropna())))
    return pd.concat(rows)
