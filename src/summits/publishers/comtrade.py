"""UN Comtrade: trade by reporter, partner and HS code. Without a key the preview, one period a call."""

from collections.abc import Iterator
from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import formulas, keys, reading
from summits.publishers.client import Key, Refused, Request, Wanted, by_file, trade_label

HOST = "https://comtradeapi.un.org"
KEY = Key("COMTRADE_API_KEY", "Ocp-Apim-Subscription-Key", "header")
PREVIEW_ROWS = 500
PERIODS_PER_CALL = 12
# How far back each refresh looks at least, for late reporters and revisions, and where history starts.
BACK = {"M": 18, "A": 3}
FIRST_YEAR = "2010"
FLOWS = {"export": "X", "import": "M"}
COUNTRIES = reading.countries("comtrade")
COLUMNS = ("period", "flowCode", "cmdCode", "partnerCode", "reporterCode", "primaryValue")
PARTS = ("partner2Code", "customsCode", "motCode")


def label(series: Series) -> str | None:
    """Name a series by frequency, flow, HS code, partner and reporter, such as ``M X 8542 156/410``."""
    trade = trade_label(series, FLOWS, COUNTRIES, COUNTRIES)
    return trade and f"{series.frequency} {trade}/{COUNTRIES[series.reporter]}"


def requests(wanted: dict[str, Wanted], today: date) -> Iterator[Request]:
    """Ask for all reporters of one flow, code and partner together: one period a call, with a key twelve."""
    key = KEY if keys.read(KEY.variable) else None
    size = PERIODS_PER_CALL if key else 1
    place = "data/v1/get" if key else "public/v1/preview"
    for group, members in by_file(wanted).items():
        frequency, flow, code, partner = group.split()
        periods = _periods(frequency, members, today)
        for asked in [periods[start : start + size] for start in range(0, len(periods), size)]:
            dates = ",".join(each.replace("-", "") for each in asked)
            params = {"reporterCode": ",".join(members), "period": dates}
            params |= {"partnerCode": partner, "flowCode": flow, "cmdCode": code}
            address = f"{HOST}/{place}/C/{frequency}/HS"
            yield Request(address, "json", members, params, asked[0], asked[-1], key)


def _periods(frequency: str, members: dict[str, Wanted], today: date) -> list[str]:
    """Return the periods that are over, from the first one missing and at least some before the last."""
    freq = {"M": "M", "A": "Y"}[frequency]
    end = pd.Period(today, freq) - 1
    # Nothing held: from the start. Else from the first hole, or what follows the last period held.
    starts = [
        pd.Period(each.since or FIRST_YEAR, freq) + int(each.since == each.last != "")
        for each in members.values()
    ]
    return [str(each) for each in pd.period_range(min([*starts, end - BACK[frequency] + 1]), end)]


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read the rows that are totals; a value of zero stands for an unpublished month and is missing."""
    reply = reading.json_body(body)
    rows = reading.step(reply, "data")
    if request.key is None and len(rows) >= PREVIEW_ROWS:
        raise Refused("partial", f"The preview is cut at {PREVIEW_ROWS} rows. Set {KEY.variable}.")
    table = reading.json_table(rows, COLUMNS + PARTS, reading.step(reply, "count"))
    asked = {name: text.split(",") for name, text in request.params.items()}
    about = {name: asked[name] for name in COLUMNS if name in asked and name != "period"}
    reading.about(table, about | {"freqCode": request.address.split("/")[-2], "typeCode": "C"})
    values = formulas.comtrade_totals(table)
    values = values.assign(value=reading.numbers(values["primaryValue"]).replace(0, float("nan")))
    every = pd.MultiIndex.from_product([request.wanted, asked["period"]], names=["reporterCode", "period"])
    found = every.to_frame(index=False).merge(values, how="outer")
    ids = {name: each.series.series_id for name, each in request.wanted.items()}
    found["series_id"] = found["reporterCode"].map(ids)
    found["period"] = found["period"].str.replace(r"^(\d{4})(\d{2})$", r"\1-\2", regex=True)
    return found[["series_id", "period", "value"]]
