"""WSTS: monthly billings by region. The licence bars the levels, so only the monthly growth is kept."""

import re
from datetime import date
from urllib.parse import urljoin

import pandas as pd

from summits.publishers import formulas, reading
from summits.publishers.client import Refused, Request, Wanted, origin

PAGE = "https://www.wsts.org/67/Historical-Billings-Report"
SHEET = "Monthly Data"
COLUMNS = {
    "wsts_billings_americas": "Americas",
    "wsts_billings_europe": "Europe",
    "wsts_billings_japan": "Japan",
    "wsts_billings_asia_pacific": "Asia Pacific",
    "wsts_billings_world": "Worldwide",
}


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for the page that links the report."""
    return [Request(PAGE, "page", wanted)]


def follow(body: bytes, request: Request) -> Request:
    """Return the call for the one workbook the page links."""
    links = set(re.findall(r'href="([^"]+\.xlsx[^"]*)"', body.decode("utf-8", errors="replace")))
    if len(links) != 1:
        raise Refused("columns", f"The page links {len(links)} workbooks, not one.")
    address = urljoin(PAGE, links.pop())
    if origin(address) != origin(PAGE):
        raise Refused("redirect", f"The workbook is at {origin(address)}, another host.")
    return Request(address, "xlsx", request.wanted)


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read a row with the year, then a row per region with twelve months; 0 stands for a month to come."""
    levels: dict[str, dict[str, str]] = {}
    year = ""
    for cells in reading.sheet(body, SHEET):
        head = cells[0].strip() if cells else ""
        if re.fullmatch(r"(19|20)\d\d(\.0)?", head):
            year = head[:4]
        elif year and head in request.wanted:
            for month, text in enumerate(cells[1:13], 1):
                levels.setdefault(head, {})[f"{year}-{month:02d}"] = text
    missing = set(request.wanted) - set(levels)
    if missing:
        raise Refused("columns", f"The sheet has no region {', '.join(sorted(missing))}.")
    rows = []
    for name, months in levels.items():
        values = reading.numbers(pd.Series(months), blanks=("0", "0.0"))
        if (values <= 0).any():
            raise Refused("sign", f"Billings of {name} are {values.min():,.6g}.")
        rows.append(reading.by_period(request.wanted[name], formulas.growth(values.dropna())))
    return pd.concat(rows)
