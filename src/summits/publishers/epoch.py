"""Epoch AI: releases and training compute of notable models, and the capabilities index, by country."""

from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import formulas, reading
from summits.publishers.client import Request, Wanted

MODELS = "https://epoch.ai/data/notable_ai_models.csv"
BENCHMARKS = "https://epoch.ai/data/benchmark_data.zip"
INDEX_FILE = "epoch_capabilities_index.csv"
US, CHINA = "United States of America", "China"
RELEASES, COMPUTE = "notable_model_releases_per_quarter_", "running_max_training_compute_"
INDEX = {"eci_running_max_us": US, "eci_running_max_cn": CHINA, "eci_us_minus_china": "gap"}
SIDES = {"us": US, "cn": CHINA}
MODEL_COLUMNS = ("Publication date", "Country (of organization)", "Training compute (FLOP)")
INDEX_COLUMNS = ("ECI Score", "Release date", "Country")
FIRST_QUARTER = "2012-03-31"


def label(series: Series) -> str | None:
    """Return the name of the series itself: Epoch publishes lists, from which these are counted."""
    sides = [f"{start}{side}" for start in (RELEASES, COMPUTE) for side in SIDES]
    return series.series_id if series.series_id in [*sides, *INDEX] else None


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for the list of models and for the index, up to the last period that is over."""
    quarter = (pd.Period(today, "Q") - 1).end_time.strftime("%Y-%m-%d")
    month = str(pd.Period(today, "M") - 1)
    models = {name: each for name, each in wanted.items() if name not in INDEX}
    index = {name: each for name, each in wanted.items() if name in INDEX}
    calls = [Request(MODELS, "csv", models, last=quarter), Request(BENCHMARKS, "zip", index, last=month)]
    return [call for call in calls if call.wanted]


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Count models per quarter, and take the highest value so far."""
    found = _models(body, request.last) if request.form == "csv" else _index(body, request.last)
    rows = [reading.by_period(each, found[name]) for name, each in request.wanted.items()]
    return pd.concat(rows, ignore_index=True)


def _models(body: bytes, last: str) -> dict[str, pd.Series]:
    table = reading.csv_table(body, MODEL_COLUMNS)
    table = table[table["Publication date"] != ""]
    dates = reading.days(table["Publication date"], "%Y-%m-%d")
    compute = reading.numbers(table["Training compute (FLOP)"])
    countries = table["Country (of organization)"].str.split(",")
    quarters = pd.date_range(FIRST_QUARTER, last, freq="QE")
    result = {}
    for side, country in SIDES.items():
        # A model of both countries counts for neither.
        other = CHINA if country == US else US
        own = countries.map(lambda names, own=country, other=other: own in names and other not in names)
        counts = pd.Series(1.0, index=dates[own]).resample("QE").sum().reindex(quarters, fill_value=0)
        highest = pd.Series(compute[own].values, index=dates[own]).dropna()
        highest = formulas.running_maximum(highest, "QE").reindex(quarters, method="ffill").dropna()
        result[f"{RELEASES}{side}"] = _named(counts, "%Y-%m-%d")
        result[f"{COMPUTE}{side}"] = _named(highest.map(lambda value: float(f"{value:.4g}")), "%Y-%m-%d")
    return result


def _index(body: bytes, last: str) -> dict[str, pd.Series]:
    table = reading.csv_table(reading.member(body, INDEX_FILE), INDEX_COLUMNS, member_of_archive=True)
    table = table[(table["Release date"] != "") & (table["ECI Score"] != "")]
    dates = reading.days(table["Release date"], "%Y-%m-%d")
    scores = reading.numbers(table["ECI Score"])
    countries = table["Country"].str.split(",").str[0].replace("United States", US)
    result = {}
    for name, country in INDEX.items():
        if country != "gap":
            own = countries == country
            highest = formulas.running_maximum(pd.Series(scores[own].values, index=dates[own]), "ME")
            months = pd.date_range(highest.index[0], pd.Period(last, "M").end_time.normalize(), freq="ME")
            result[name] = _named(highest.reindex(months, method="ffill"), "%Y-%m")
    gap = result["eci_running_max_us"] - result["eci_running_max_cn"]
    return {name: values.round(2) for name, values in (result | {"eci_us_minus_china": gap.dropna()}).items()}


def _named(values: pd.Series, form: str) -> pd.Series:
    return values.set_axis(values.index.strftime(form))
