"""Eurostat Comext: monthly trade of EU members by partner and HS code, in euros."""

from datetime import date
from math import prod

import pandas as pd

from helpers.catalog import Series
from summits.publishers import reading
from summits.publishers.client import Refused, Request, Wanted, trade_label

ADDRESS = "https://ec.europa.eu/eurostat/api/comext/dissemination/statistics/1.0/data/DS-045409"
COUNTRIES = reading.countries("iso")
REPORTERS = ("Netherlands", "Germany", "EU27", "France", "Ireland")
FLOWS = {"export": "2", "import": "1"}
FIRST_MONTH = "2021-01"
FIXED = {"format": "JSON", "sinceTimePeriod": FIRST_MONTH, "freq": "M", "indicators": "VALUE_IN_EUROS"}
# What a reply is about, in the order of a label.
ABOUT = ("flow", "product", "partner", "reporter")


def label(series: Series) -> str | None:
    """Name a series in euros by flow, HS code, partner and reporter, such as ``2 8486 CN NL``."""
    trade = trade_label(series, FLOWS, COUNTRIES, REPORTERS)
    return f"{trade} {COUNTRIES[series.reporter]}" if trade and series.currency == "EUR" else None


def call(name: str, wanted: Wanted, today: date) -> Request:
    """Ask for a series since 2021."""
    params = FIXED | dict(zip(ABOUT, name.split(), strict=True))
    return Request(ADDRESS, "json", {name: wanted}, params, first=FIRST_MONTH)


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read JSON-stat in which only time varies; months without a value are not published yet."""
    [wanted] = request.wanted.values()
    reply = reading.json_body(body)
    dimensions = reading.step(reply, "dimension")
    said = {what: reading.step(each, "category", "index") for what, each in dimensions.items()}
    reading.step(said, "indicators")
    reading.about(said, {what: request.params[what] for what in said if what in request.params})
    months = reading.step(said, "time")
    if prod(reading.step(reply, "size")) != len(months):
        raise Refused("partial", "More than time varies in the reply.")
    values = reading.step(reply, "value")
    if strangers := set(values) - {str(place) for place in months.values()}:
        raise Refused("columns", f"Value {min(strangers)} belongs to no month.")
    cells = pd.Series([values.get(str(place)) for place in months.values()], dtype=object)
    dates = reading.days(pd.Series(list(months), dtype=object), "%Y-%m")
    return reading.observations(wanted, dates, reading.numbers(cells))
