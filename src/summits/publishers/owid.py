"""Our World in Data: yearly series of CSET and Epoch AI, by country.

Projections are not told apart from observed years in the charts, so they are not fetched.
"""

from datetime import date

import pandas as pd

from summits.publishers import reading
from summits.publishers.client import Refused, Request, Wanted, by_file

HOST = "https://ourworldindata.org/grapher"
# The chart has dollars, the series billions.
SCALE = {"private-investment-in-artificial-intelligence-cset": 1e-9}
PARAMS = {"v": "1", "csvType": "full", "useColumnShortNames": "true"}
FIXED = ("Entity", "Code", "Year")


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for each chart once, for all its countries, up to the last year that is over."""
    return [
        Request(f"{HOST}/{chart}.csv", "csv", members, PARAMS, last=str(today.year - 1))
        for chart, members in by_file(wanted).items()
    ]


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read entity, code, year and the one column of values."""
    table = reading.csv_table(body, FIXED)
    values = [name for name in table if name not in FIXED]
    if len(values) != 1:
        raise Refused("columns", f"The table has {len(values)} columns of values, not one.")
    if missing := set(request.wanted) - set(table["Entity"]):
        raise Refused("columns", f"The table has no entity {', '.join(sorted(missing))}.")
    scale = SCALE.get(request.address.removeprefix(f"{HOST}/").removesuffix(".csv"), 1.0)
    table["value"] = reading.numbers(table[values[0]]) * scale
    groups = table[table["Entity"].isin(request.wanted)].groupby("Entity")
    return pd.concat(
        reading.observations(request.wanted[str(name)], rows["Year"], rows["value"]) for name, rows in groups
    )
