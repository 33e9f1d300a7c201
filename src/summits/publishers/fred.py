"""FRED: any series by its id. Without a key the latest values; with one, all vintages of a monthly series."""

from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import formulas, keys, reading
from summits.publishers.client import Key, Refused, Request, Wanted

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
    values = reading.numbers(table["value"])
    rows = reading.observations(wanted, reading.period(dates, wanted.series.frequency), values)
    return rows.assign(vintage=table["vintage"].values)


def _latest(body: bytes, name: str) -> pd.DataFrame:
    table = reading.csv_table(body, (name,))
    if table.columns[0] not in ("observation_date", "DATE"):
        raise Refused("columns", f"The first column is {table.columns[0]}, not observation_date.")
    return pd.DataFrame({"date": table.iloc[:, 0], "value": table[name], "vintage": ""})


def _vintages(body: bytes) -> pd.DataFrame:
    reply = reading.json_body(body)
    reading.same("unit", [reply.get("units", "")], "lin")
    columns = ("date", "value", "realtime_start", "realtime_end")
    rows = reading.step(reply, "observations")
    table = reading.json_table(rows, columns, reading.step(reply, "count")).sort_values(["date", columns[2]])
    # A value that ends without a successor was withdrawn on the day after.
    last = table[~table.duplicated("date", keep="last") & (table["realtime_end"] < "9999")]
    gone = pd.to_datetime(last["realtime_end"]) + pd.Timedelta(days=1)
    ends = last.assign(value=".", realtime_start=gone.dt.strftime("%Y-%m-%d"))
    return pd.concat([table, ends]).reset_index(drop=True).rename(columns={"realtime_start": "vintage"})
