"""FRED: any series by its id. Without a key the latest values; with one, all vintages of a monthly series."""

from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import formulas, keys, reading
from summits.publishers.client import Key, Request, Wanted

LATEST = "https://fred.stlouisfed.org/graph/fredgraph.csv"
VINTAGES = "https://api.stlouisfed.org/fred/series/observations"
EVERY_VINTAGE = {"file_type": "json", "realtime_start": "1776-07-04", "realtime_end": "9999-12-31"}
KEY = Key("FRED_API_KEY", "api_key")
# Monthly means of daily rates, and whether the rate is turned round first.
MEANS = {"eur_per_usd": True, "jpy_per_usd": False}


def label(series: Series) -> str | None:
    """Return the FRED id: what follows ``fred_`` in the name of the series."""
    return series.series_id.removeprefix("fred_") if series.series_id.startswith("fred_") else None


def call(name: str, wanted: Wanted, today: date) -> Request:
    """Ask for the whole history of a series; for means, up to the last month that is over."""
    mean = wanted.series.series_id in MEANS
    if keys.read(KEY.variable) and wanted.series.frequency != "D" and not mean:
        return Request(VINTAGES, "json", {name: wanted}, EVERY_VINTAGE | {"series_id": name}, key=KEY)
    last = str(pd.Period(today, "M") - 1) if mean else ""
    return Request(LATEST, "csv", {name: wanted}, {"id": name}, last=last)


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read the CSV of latest values, or the JSON of all vintages."""
    [(name, wanted)] = request.wanted.items()
    if request.form == "json":
        return _vintages(body, wanted)
    table = reading.csv_table(body, (name,)).rename(columns={"DATE": "observation_date"})
    reading.need(table, "observation_date")
    dates, values = reading.days(table["observation_date"], "%Y-%m-%d"), reading.numbers(table[name])
    if wanted.series.series_id in MEANS:
        means = formulas.monthly_mean(values.set_axis(dates), inverse=MEANS[wanted.series.series_id])
        return reading.by_period(wanted, means[: request.last])
    return reading.observations(wanted, dates, values)


def _vintages(body: bytes, wanted: Wanted) -> pd.DataFrame:
    """Read every value with the day it became public; one that ends without a successor was withdrawn."""
    reply = reading.json_body(body)
    reading.about(reply, {"units": "lin"})
    columns = ("date", "value", "realtime_start", "realtime_end")
    rows = reading.step(reply, "observations")
    table = reading.json_table(rows, columns, reading.step(reply, "count")).sort_values(["date", columns[2]])
    last = table[~table.duplicated("date", keep="last") & (table["realtime_end"] < "9999")]
    gone = pd.to_datetime(last["realtime_end"]) + pd.Timedelta(days=1)
    table = pd.concat([table, last.assign(value=".", realtime_start=gone.dt.strftime("%Y-%m-%d"))])
    dates, values = reading.days(table["date"], "%Y-%m-%d"), reading.numbers(table["value"])
    return reading.observations(wanted, dates, values).assign(vintage=table["realtime_start"].array)
