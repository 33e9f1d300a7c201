"""US Census Bureau: monthly US exports and imports by HS heading and partner."""

from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import reading
from summits.publishers.client import Key, Request, Wanted

HOST = "https://api.census.gov/data/timeseries/intltrade"
KEY = Key("CENSUS_API_KEY", "key")
FIRST_MONTH = "2013-01"
PARTNERS = reading.countries("census")
VALUE = {"export": "ALL_VAL_MO", "import": "GEN_VAL_MO"}
COMMODITY = {"export": "E_COMMODITY", "import": "I_COMMODITY"}
ALL_GOODS = "all goods"


def label(series: Series) -> str | None:
    """Name a US trade series by flow, HS code and partner, such as ``export 8542 5700``."""
    code = "" if series.product == ALL_GOODS else series.product.removeprefix("HS ")
    known = series.reporter == "United States" and series.flow in VALUE and series.partner in PARTNERS
    if not known or not (code.isdigit() or series.product == ALL_GOODS):
        return None
    return f"{series.flow} {code or 'all'} {PARTNERS[series.partner]}"


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for the whole history of each series in one call."""
    return [_request(name, each, today) for name, each in wanted.items()]


def _request(name: str, wanted: Wanted, today: date) -> Request:
    flow, code, partner = name.split()
    params = {"get": VALUE[flow], "CTY_CODE": partner, "time": f"from {FIRST_MONTH} to {today:%Y-%m}"}
    if code != "all":
        params |= {COMMODITY[flow]: code, "COMM_LVL": f"HS{len(code)}"}
    return Request(f"{HOST}/{flow}s/hs", "json", {name: wanted}, params, first=FIRST_MONTH, key=KEY)


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read an array of arrays whose first row is the header, and what it says of partner and commodity."""
    [(name, wanted)] = request.wanted.items()
    flow, code, partner = name.split()
    table = reading.json_table(reading.json_body(body), (VALUE[flow], "time", "CTY_CODE"))
    reading.same("partner", table["CTY_CODE"], partner)
    if code != "all":
        reading.same("commodity", table.get(COMMODITY[flow], ()), code)
        reading.same("level", table.get("COMM_LVL", ()), f"HS{len(code)}")
    months = reading.days(table["time"], "%Y-%m")
    return reading.observations(wanted, reading.period(months, "M"), reading.numbers(table[VALUE[flow]]))
