"""US Census Bureau: monthly US exports and imports by HS heading and partner."""

from dataclasses import replace
from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import reading
from summits.publishers.client import Key, Request, Wanted, trade_label

HOST = "https://api.census.gov/data/timeseries/intltrade"
KEY = Key("CENSUS_API_KEY", "key")
FIRST_MONTH = "2013-01"
PARTNERS = reading.countries("census")
FLOWS = {"export": "exports", "import": "imports"}
VALUE = {"exports": "ALL_VAL_MO", "imports": "GEN_VAL_MO"}
COMMODITY = {"exports": "E_COMMODITY", "imports": "I_COMMODITY"}


def label(series: Series) -> str | None:
    """Name a US trade series by flow, HS code and partner, such as ``exports 8542 5700``; 0 is all goods."""
    product = "0" if series.product == "all goods" else series.product
    return trade_label(replace(series, product=product), FLOWS, PARTNERS, ("United States",))


def call(name: str, wanted: Wanted, today: date) -> Request:
    """Ask for the whole history of a series."""
    flow, code, partner = name.split()
    params = {"get": VALUE[flow], "CTY_CODE": partner, "time": f"from {FIRST_MONTH} to {today:%Y-%m}"}
    if code != "0":
        params |= {COMMODITY[flow]: code, "COMM_LVL": f"HS{len(code)}"}
    return Request(f"{HOST}/{flow}/hs", "json", {name: wanted}, params, first=FIRST_MONTH, key=KEY)


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read an array of arrays whose first row is the header, and what it says of partner and commodity."""
    [(name, wanted)] = request.wanted.items()
    flow, code, partner = name.split()
    value = VALUE[flow]
    table = reading.json_table(reading.json_body(body), (value, "time", "CTY_CODE"))
    level = {} if code == "0" else {"COMM_LVL": f"HS{len(code)}"}
    reading.about(table, {"CTY_CODE": partner, COMMODITY[flow]: "-" if code == "0" else code} | level)
    return reading.observations(wanted, reading.days(table["time"], "%Y-%m"), reading.numbers(table[value]))
