"""Our World in Data: yearly series of CSET and Epoch AI, by country."""

from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import reading
from summits.publishers.client import Refused, Request, Wanted, by_file

HOST = "https://ourworldindata.org/grapher"
# Start of the name of each family of series: the chart it comes from.
CHARTS = {
    "cset_private_market_ai_funding_": "private-investment-in-artificial-intelligence-cset",
    "cset_ai_patents_submitted_": "artificial-intelligence-patents-submitted",
    "cset_ai_publications_": "annual-scholarly-publications-on-artificial-intelligence",
    "owid_epoch_cumulative_large_scale_models_": "cumulative-number-of-large-scale-ai-systems-by-country",
}
# The chart has dollars, the series billions.
SCALE = {CHARTS["cset_private_market_ai_funding_"]: 1e-9}
# Projections are not told apart from observed years in the charts, so they are not fetched.
PROJECTED = "_projected_"
PARAMS = {"v": "1", "csvType": "full", "useColumnShortNames": "true"}
FIXED = ("Entity", "Code", "Year")


def label(series: Series) -> str | None:
    """Name a series by chart and entity, such as ``artificial-intelligence-patents-submitted/China``."""
    charts = [chart for start, chart in CHARTS.items() if series.series_id.startswith(start)]
    entity = "World" if series.entity == "world" else series.entity
    return f"{charts[0]}/{entity}" if charts and PROJECTED not in series.series_id else None


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
    missing = set(request.wanted) - set(table["Entity"])
    if missing:
        raise Refused("columns", f"The table has no entity {', '.join(sorted(missing))}.")
    scale = SCALE.get(request.address.removeprefix(f"{HOST}/").removesuffix(".csv"), 1.0)
    table["value"] = reading.numbers(table[values[0]]) * scale
    groups = table[table["Entity"].isin(request.wanted)].groupby("Entity")
    return pd.concat(
        reading.observations(request.wanted[str(name)], rows["Year"], rows["value"]) for name, rows in groups
    )
