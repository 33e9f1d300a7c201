"""Eurostat Comext: monthly trade of EU members by partner and HS code, in euros."""

from datetime import date
from math import prod

import pandas as pd

from helpers.catalog import Series
from summits.publishers import reading
from summits.publishers.client import Refused, Request, Wanted

ADDRESS = "https://ec.europa.eu/eurostat/api/comext/dissemination/statistics/1.0/data/DS-045409"
COUNTRIES = reading.countries("iso")
REPORTERS = ("Netherlands", "Germany", "EU27", "France", "Ireland")
FLOWS = {"export": "2", "import": "1"}
VALUE = "VALUE_IN_EUROS"
FIRST_MONTH = "2021-01"


def label(series: Series) -> str | None:
    """Name a series by reporter, partner, HS code and flow, such as ``NL CN 8486 2``."""
    code = series.product.removeprefix("HS ")
    known = series.reporter in REPORTERS and series.partner in COUNTRIES and series.flow in FLOWS
    if not known or not code.isdigit() or series.currency != "EUR":
        return None
    return f"{COUNTRIES[series.reporter]} {COUNTRIES[series.partner]} {code} {FLOWS[series.flow]}"


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for each series since 2021 in one call."""
    calls = []
    for name, each in wanted.items():
        reporter, partner, code, flow = name.split()
        params = {
            "format": "JSON",
            "freq": "M",
            "reporter": reporter,
            "partner": partner,
            "product": code,
            "flow": flow,
            "indicators": VALUE,
            "sinceTimePeriod": FIRST_MONTH,
        }
        calls.append(Request(ADDRESS, "json", {name: each}, params, first=FIRST_MONTH))
    return calls


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read JSON-stat in which only time varies; months without a value are not published yet."""
    [wanted] = request.wanted.values()
    reply = reading.json_body(body)
    months = reading.step(reply, "dimension", "time", "category", "index")
    reading.same("unit", reading.step(reply, "dimension", "indicators", "category", "index"), VALUE)
    for what in ("freq", "reporter", "partner", "product", "flow"):
        if what in reply["dimension"]:
            asked = request.params.get(what, "")
            reading.same(what, reading.step(reply, "dimension", what, "category", "index"), asked)
    if prod(reading.step(reply, "size")) != len(months):
        raise Refused("partial", "More than time varies in the reply.")
    values = reading.step(reply, "value")
    strangers = set(values) - {str(place) for place in months.values()}
    if strangers:
        raise Refused("columns", f"Value {min(strangers)} belongs to no month.")
    cells = pd.Series([values.get(str(place)) for place in months.values()], dtype=object)
    dates = reading.days(pd.Series(list(months), dtype=object), "%Y-%m")
    return reading.observations(wanted, reading.period(dates, "M"), reading.numbers(cells))
