"""Fama–French daily factors and momentum, as decimals."""

import pandas as pd

from summits.publishers import reading
from summits.publishers.client import Refused, Request

HOST, FORM = "https://mba.tuck.dartmouth.edu/pages/faculty/ken.french/ftp", "zip"
MISSING = ("-99.99", "-999")


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read the daily table between the preamble and the copyright line; dates are 20260430 or 2026-04-30."""
    lines = reading.member(body, ".csv").decode("latin-1").splitlines()
    cells = [[cell.strip() for cell in line.split(",")] for line in lines]
    heads = [row for row in cells if row[0] == "" and set(request.wanted) <= set(row)]
    # Both the file of three and that of five factors have a column SMB, with other values.
    stranger = "Research_Data_Factors" in request.address and any("RMW" in row for row in heads)
    if len(heads) != 1 or stranger:
        raise Refused("columns", f"No header line is that of {', '.join(request.wanted)}.")
    rows = [row for row in cells if row[0].replace("-", "").isdigit() and len(row[0]) >= 8]
    if any(len(row) != len(heads[0]) for row in rows):
        raise Refused("truncated", "A row is shorter than the header.")
    table = pd.DataFrame(rows, columns=["day", *heads[0][1:]], dtype=str)
    values = table[list(request.wanted)].replace(dict.fromkeys(MISSING, ""))
    found = reading.columns_of(values, reading.days(table["day"].str.replace("-", ""), "%Y%m%d"), request)
    return found.assign(value=(found["value"] / 100).round(8))
