"""Epoch AI: releases and training compute of notable models, and the capabilities index, by country.

Epoch publishes lists, from which the series are counted.
"""

from datetime import date

import pandas as pd

from summits.publishers import formulas, reading
from summits.publishers.client import Request, Wanted, by_file

HOST = "https://epoch.ai/data"
MODELS, BENCHMARKS = "notable_ai_models.csv", "benchmark_data.zip"
US, CHINA = "United States of America", "China"
INDEX_FILE = "epoch_capabilities_index.csv"
FIRST_QUARTER = "2012-03-31"


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for the list of models and for the index, up to the last period that is over."""
    over = {MODELS: (pd.Period(today, "Q") - 1).end_time.strftime("%Y-%m-%d")}
    over[BENCHMARKS] = str(pd.Period(today, "M") - 1)
    return [
        Request(f"{HOST}/{file}", file[-3:], members, last=over[file])
        for file, members in by_file(wanted).items()
    ]


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Count models per quarter, and take the highest value so far."""
    found = (_models if request.form == "csv" else _index)(body, request.last)
    return pd.concat(reading.by_period(each, found[name]) for name, each in request.wanted.items())


def _models(body: bytes, last: str) -> dict[str, pd.Series]:
    published, country, compute = "Publication date", "Country (of organization)", "Training compute (FLOP)"
    table = reading.csv_table(body, (published, country, compute))
    table = table[table[published] != ""]
    models = reading.numbers(table[compute]).set_axis(reading.days(table[published], "%Y-%m-%d"))
    quarters = pd.date_range(FIRST_QUARTER, last, freq="QE")
    result = {}
    for side, other in ((US, CHINA), (CHINA, US)):
        # A model of both countries counts for neither.
        own = models[[side in names and other not in names for names in table[country].str.split(",")]]
        highest = formulas.running_maximum(own.dropna(), "QE").reindex(quarters, method="ffill").dropna()
        result[f"releases {side}"] = own.resample("QE").size().reindex(quarters, fill_value=0).astype(float)
        result[f"compute {side}"] = highest.map(lambda value: float(f"{value:.4g}"))
    return result


def _index(body: bytes, last: str) -> dict[str, pd.Series]:
    columns = ("ECI Score", "Release date", "Country")
    table = reading.csv_table(reading.member(body, INDEX_FILE), columns, member_of_archive=True)
    table = table[(table["Release date"] != "") & (table["ECI Score"] != "")]
    scores = reading.numbers(table["ECI Score"]).set_axis(reading.days(table["Release date"], "%Y-%m-%d"))
    countries = table["Country"].str.split(",").str[0].replace("United States", US)
    result = {}
    for country in (US, CHINA):
        highest = formulas.running_maximum(scores[(countries == country).array], "ME")
        months = pd.date_range(highest.index[0], pd.Period(last, "M").end_time.normalize(), freq="ME")
        result[country] = highest.reindex(months, method="ffill")
    result["gap"] = (result[US] - result[CHINA]).dropna()
    return {name: values.round(2) for name, values in result.items()}
