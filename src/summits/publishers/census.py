"""US Census Bureau: monthly US exports and imports by HS heading and partner."""

from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import reading
from summits.publishers.client import Key, Publisher, Refused, Request, Rhythm, Wanted

HOST = "https://api.census.gov/data/timeseries/intltrade"
KEY = Key("CENSUS_API_KEY", "key")
FIRST_MONTH = "2013-01"
PARTNERS = {
    "China": "5700",
    "Hong Kong": "5820",
    "Taiwan": "5830",
    "South Korea": "5800",
    "Viet Nam": "5520",
    "Malaysia": "5570",
    "Singapore": "5590",
    "Mexico": "2010",
    "Japan": "5880",
    "Netherlands": "4210",
    "World": "-",
}
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
    params = {
        "get": VALUE[flow],
        "CTY_CODE": partner,
        "time": f"from {FIRST_MONTH} to {today:%Y-%m}",
    }
    if code != "all":
        params |= {COMMODITY[flow]: code, "COMM_LVL": f"HS{len(code)}"}
    return Request(f"{HOST}/{flow}s/hs", "json", {name: wanted}, params, first=FIRST_MONTH, key=KEY)


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read an array of arrays whose first row is the header."""
    [(name, wanted)] = request.wanted.items()
    header, *rows = reading.json_body(body)
    value = VALUE[name.split()[0]]
    if any(len(row) != len(header) for row in rows):
        raise Refused("truncated", "A row is shorter than the header.")
    table = pd.DataFrame(rows, columns=header, dtype=str)
    reading.need(table, value, "time", "CTY_CODE")
    strangers = table.loc[table["CTY_CODE"] != name.split()[2], "CTY_CODE"]
    if len(strangers):
        raise Refused("columns", f"The reply is about partner {strangers.iloc[0]}, not {name.split()[2]}.")
    months = reading.days(table["time"], "%Y-%m")
    return reading.observations(wanted, reading.period(months, "M"), reading.numbers(table[value]))


PUBLISHER = Publisher(
    name="census",
    title="US Census Bureau, international trade",
    url="https://api.census.gov/data/timeseries/intltrade/exports/hs",
    licence="US Government work, public domain; cite US Census Bureau, USA Trade",
    rhythm=Rhythm("monthly, about five weeks after the month", {"M": 37}),
    label=label,
    requests=requests,
    parse=parse,
    needs="CENSUS_API_KEY",
)
