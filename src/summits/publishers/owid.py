"""Our World in Data: yearly series of CSET and Epoch AI, by country."""

from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import reading
from summits.publishers.client import Refused, Request, Wanted

HOST = "https://ourworldindata.org/grapher"
# Start of the name of each family of series: the chart it comes from, and the factor to its unit.
CHARTS = {
    "cset_private_market_ai_funding_": ("private-investment-in-artificial-intelligence-cset", 1e-9),
    "cset_ai_patents_submitted_": ("artificial-intelligence-patents-submitted", 1.0),
    "cset_ai_publications_": ("annual-scholarly-publications-on-artificial-intelligence", 1.0),
    "owid_epoch_cumulative_large_scale_models_": (
        "cumulative-number-of-large-scale-ai-systems-by-country",
        1.0,
    ),
}
# Projections are not told apart from observed years in the charts, so they are not fetched.
PROJECTED = "_projected_"
COLUMNS = ("Entity", "Code", "Year")


def label(series: Series) -> str | None:
    """Name a series by chart and entity, such as ``artificial-intelligence-patents-submitted/China``."""
    if PROJECTED in series.series_id:
        return None
    charts = [chart for start, (chart, _) in CHARTS.items() if series.series_id.startswith(start)]
    entity = "World" if series.entity == "world" else series.entity
    return f"{charts[0]}/{entity}" if charts else None


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for each chart once, for all its countries, up to the last year that is over."""
    params = {"v": "1", "csvType": "full", "useColumnShortNames": "true"}
    calls, last = [], str(today.year - 1)
    for chart, _ in CHARTS.values():
        members = {name.split("/")[1]: each for name, each in wanted.items() if name.startswith(f"{chart}/")}
        if members:
            calls.append(Request(f"{HOST}/{chart}.csv", "csv", members, params, last=last))
    return calls


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read entity, code, year and the one column of values."""
    table = reading.csv_table(body, COLUMNS)
    values = [name for name in table if name not in COLUMNS]
    if len(values) != 1:
        raise Refused("columns", f"The table has {len(values)} columns of values, not one.")
    missing = set(request.wanted) - set(table["Entity"])
    if missing:
        raise Refused("columns", f"The table has no entity {', '.join(sorted(missing))}.")
    scale = dict(CHARTS.values())[request.address.split("/")[-1][:-4]]
    table["value"] = reading.numbers(table[values[0]]) * scale
    return pd.concat(
        reading.observations(each, rows["Year"], rows["value"])
        for name, each in request.wanted.items()
        for rows in [table[table["Entity"] == name]]
    )
