"""Eurostat Comext: monthly trade of EU members by partner and HS code, in euros."""

from datetime import date
from math import prod

import pandas as pd

from helpers.catalog import Series
from summits.publishers import reading
from summits.publishers.client import Publisher, Refused, Request, Rhythm, Wanted

ADDRESS = "https://ec.europa.eu/eurostat/api/comext/dissemination/statistics/1.0/data/DS-045409"
REPORTERS = {"Netherlands": "NL", "Germany": "DE", "EU27": "EU27_2020", "France": "FR", "Ireland": "IE"}
PARTNERS = {"China": "CN", "Taiwan": "TW", "Hong Kong": "HK", "South Korea": "KR", "United States": "US"}
FLOWS = {"export": "2", "import": "1"}
VALUE = "VALUE_IN_EUROS"
FIRST_MONTH = "2021-01"


def label(series: Series) -> str | None:
    """Name a series by reporter, partner, HS code and flow, such as ``NL CN 8486 2``."""
    code = series.product.removeprefix("HS ")
    known = series.reporter in REPORTERS and series.partner in PARTNERS and series.flow in FLOWS
    if not known or not code.isdigit() or series.currency != "EUR":
        return None
    return f"{REPORTERS[series.reporter]} {PARTNERS[series.partner]} {code} {FLOWS[series.flow]}"


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
    indicators = reading.step(reply, "dimension", "indicators", "category", "index")
    if list(indicators) != [VALUE]:
        raise Refused("unit", f"The reply is in {', '.join(indicators)}, not {VALUE}.")
    if prod(reading.step(reply, "size")) != len(months):
        raise Refused("partial", "More than time varies in the reply.")
    values = reading.step(reply, "value")
    strangers = set(values) - {str(place) for place in months.values()}
    if strangers:
        raise Refused("columns", f"Value {min(strangers)} belongs to no month.")
    held = {month: values[str(place)] for month, place in months.items() if str(place) in values}
    table = pd.DataFrame({"period": list(held), "value": list(held.values())}, dtype=object)
    return reading.observations(wanted, table["period"], reading.numbers(table["value"]))


PUBLISHER = Publisher(
    name="eurostat",
    title="Eurostat, Comext",
    url=ADDRESS,
    licence="Eurostat reuse policy (CC BY 4.0), cite Eurostat",
    rhythm=Rhythm("monthly, six to seven weeks after the month", {"M": 48}),
    label=label,
    requests=requests,
    parse=parse,
)
