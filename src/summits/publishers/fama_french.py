"""Fama–French daily factors and momentum, as decimals."""

from datetime import date

import pandas as pd

from summits.publishers import reading
from summits.publishers.client import Refused, Request, Wanted

HOST = "https://mba.tuck.dartmouth.edu/pages/faculty/ken.french/ftp"
# The file and the column of each series.
COLUMNS = {
    "factor_mkt_rf": "F-F_Research_Data_5_Factors_2x3_daily_CSV.zip/Mkt-RF",
    "factor_smb": "F-F_Research_Data_5_Factors_2x3_daily_CSV.zip/SMB",
    "factor_hml": "F-F_Research_Data_5_Factors_2x3_daily_CSV.zip/HML",
    "factor_rmw": "F-F_Research_Data_5_Factors_2x3_daily_CSV.zip/RMW",
    "factor_cma": "F-F_Research_Data_5_Factors_2x3_daily_CSV.zip/CMA",
    "factor_rf": "F-F_Research_Data_5_Factors_2x3_daily_CSV.zip/RF",
    "factor_smb_ff3": "F-F_Research_Data_Factors_daily_CSV.zip/SMB",
    "factor_mom": "F-F_Momentum_Factor_daily_CSV.zip/Mom",
}
MISSING = ("-99.99", "-999")


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for each file once."""
    files: dict[str, dict[str, Wanted]] = {}
    for name, each in wanted.items():
        file, column = name.split("/")
        files.setdefault(file, {})[column] = each
    return [Request(f"{HOST}/{file}", "zip", columns) for file, columns in files.items()]


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read the daily table between the preamble and the copyright line; dates are 20260430 or 2026-04-30."""
    lines = reading.member(body, ".csv").decode("latin-1").splitlines()
    cells = [[cell.strip() for cell in line.split(",")] for line in lines]
    heads = [row for row in cells if row[0] == "" and set(request.wanted) <= set(row)]
    if len(heads) != 1:
        raise Refused("columns", f"No header line has {', '.join(request.wanted)}.")
    rows = [row for row in cells if row[0].replace("-", "").isdigit() and len(row[0]) >= 8]
    if any(len(row) != len(heads[0]) for row in rows):
        raise Refused("truncated", "A row is shorter than the header.")
    table = pd.DataFrame(rows, columns=["day", *heads[0][1:]], dtype=str)
    days = reading.days(table["day"].str.replace("-", ""), "%Y%m%d").dt.strftime("%Y-%m-%d")
    return pd.concat(
        reading.observations(each, days, (reading.numbers(table[name], MISSING) / 100).round(8))
        for name, each in request.wanted.items()
    )
