"""FRED: any series by its id. Without a key the latest values; with one, all vintages of a monthly series."""

from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import formulas, keys, reading
from summits.publishers.client import Key, Publisher, Refused, Request, Rhythm, Wanted

LATEST = "https://fred.stlouisfed.org/graph/fredgraph.csv"
VINTAGES = "https://api.stlouisfed.org/fred/series/observations"
KEY = Key("FRED_API_KEY", "api_key")
# Series of the catalogue that do not carry their FRED id in their name.
IDS = {"usdcny": "DEXCHUS", "eur_per_usd": "DEXUSEU", "jpy_per_usd": "DEXJPUS"}
# Monthly means of daily rates, and whether the rate is turned round first.
MEANS = {"eur_per_usd": True, "jpy_per_usd": False}


def label(series: Series) -> str | None:
    """Return the FRED id: what follows ``fred_`` in the name of the series."""
    named = series.series_id.startswith("fred_")
    return series.series_id.removeprefix("fred_") if named else IDS.get(series.series_id)


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for the whole history of each series in one call."""
    return [_request(name, each, today) for name, each in wanted.items()]


def _request(name: str, wanted: Wanted, today: date) -> Request:
    if wanted.series.series_id in MEANS:
        last_month = str(pd.Period(today, "M") - 1)
        return Request(LATEST, "csv", {name: wanted}, {"id": name}, last=last_month)
    if wanted.series.frequency == "D" or not keys.read(KEY.variable):
        return Request(LATEST, "csv", {name: wanted}, {"id": name})
    params = {
        "series_id": name,
        "file_type": "json",
        "realtime_start": "1776-07-04",
        "realtime_end": "9999-12-31",
    }
    return Request(VINTAGES, "json", {name: wanted}, params, key=KEY)


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read the CSV of latest values, or the JSON of all vintages."""
    [(name, wanted)] = request.wanted.items()
    table = _vintages(body) if request.form == "json" else _latest(body, name)
    dates = reading.days(table["date"], "%Y-%m-%d")
    if wanted.series.series_id in MEANS:
        rates = reading.numbers(table["value"]).set_axis(dates)
        means = formulas.monthly_mean(rates, inverse=MEANS[wanted.series.series_id])
        return reading.by_period(wanted, means[: request.last])
    rows = pd.DataFrame(
        {
            "series_id": wanted.series.series_id,
            "period": reading.period(dates, wanted.series.frequency),
            "value": reading.numbers(table["value"]),
            "vintage": table["vintage"],
        }
    )
    return rows.dropna(subset="value")


def _latest(body: bytes, name: str) -> pd.DataFrame:
    table = reading.csv_table(body, (name,))
    if table.columns[0] not in ("observation_date", "DATE"):
        raise Refused("columns", f"The first column is {table.columns[0]}, not observation_date.")
    return pd.DataFrame({"date": table.iloc[:, 0], "value": table[name], "vintage": ""})


def _vintages(body: bytes) -> pd.DataFrame:
    reply = reading.json_body(body)
    rows = reading.step(reply, "observations")
    if reading.step(reply, "count") != len(rows):
        raise Refused("partial", f"The reply has {len(rows)} of {reply['count']} observations.")
    table = pd.DataFrame(rows, columns=["date", "value", "realtime_start"], dtype=str)
    return table.rename(columns={"realtime_start": "vintage"})


PUBLISHER = Publisher(
    name="fred",
    title="FRED and ALFRED, Federal Reserve Bank of St. Louis",
    url="https://fred.stlouisfed.org/",
    licence="public domain (Fed) unless the series says otherwise; cite FRED",
    rhythm=Rhythm("monthly, in the middle of the month after; exchange rates weekly", {"D": 8, "M": 18}),
    label=label,
    requests=requests,
    parse=parse,
)
