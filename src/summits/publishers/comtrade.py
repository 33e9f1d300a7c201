"""UN Comtrade: trade by reporter, partner and HS code. Without a key the preview, one period a call."""

from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import formulas, keys, reading
from summits.publishers.client import Key, Refused, Request, Wanted

HOST = "https://comtradeapi.un.org"
KEY = Key("COMTRADE_API_KEY", "Ocp-Apim-Subscription-Key", "header")
PREVIEW_ROWS = 500
PERIODS_PER_CALL = 12
# How far back each refresh looks at least, for late reporters and revisions, and where history starts.
BACK = {"M": 18, "A": 3}
FIRST_YEAR = "2010"
FLOWS = {"export": "X", "import": "M"}
COUNTRIES = reading.countries("comtrade")
NAMES = {"flowCode": "flow", "cmdCode": "product", "partnerCode": "partner", "reporterCode": "reporter"}
COLUMNS = ("period", *NAMES, "partner2Code", "customsCode", "motCode", "primaryValue")


def label(series: Series) -> str | None:
    """Name a series by frequency, flow, HS code, partner and reporter, such as ``M X 8542 156 410``."""
    code = series.product.removeprefix("HS ")
    codes = COUNTRIES.get(series.partner), COUNTRIES.get(series.reporter)
    if series.flow not in FLOWS or not code.isdigit() or None in codes:
        return None
    return f"{series.frequency} {FLOWS[series.flow]} {code} {codes[0]} {codes[1]}"


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for all reporters of one flow, code and partner together: one period a call, with a key twelve."""
    keyed = bool(keys.read(KEY.variable))
    groups: dict[tuple[str, ...], dict[str, Wanted]] = {}
    for name, each in wanted.items():
        groups.setdefault(tuple(name.split()[:4]), {})[name] = each
    calls = []
    for (frequency, flow, code, partner), members in groups.items():
        periods = _periods(frequency, members, today)
        size = PERIODS_PER_CALL if keyed else 1
        for start in range(0, len(periods), size):
            asked = periods[start : start + size]
            params = {
                "reporterCode": ",".join(name.split()[4] for name in members),
                "period": ",".join(each.replace("-", "") for each in asked),
                "partnerCode": partner,
                "flowCode": flow,
                "cmdCode": code,
            }
            place = "data/v1/get" if keyed else "public/v1/preview"
            address = f"{HOST}/{place}/C/{frequency}/HS"
            key = KEY if keyed else None
            calls.append(Request(address, "json", members, params, asked[0], asked[-1], key))
    return calls


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
    table = reading.json_table(rows, COLUMNS, reading.step(reply, "count"))
    for place, (column, what) in enumerate(NAMES.items(), 1):
        reading.same(what, table[column], {name.split()[place] for name in request.wanted})
    table = formulas.comtrade_totals(table)
    frequency = next(iter(request.wanted)).split()[0]
    names = frequency + " " + table["flowCode"].str.cat([table[name] for name in list(NAMES)[1:]], sep=" ")
    ids = {name: each.series.series_id for name, each in request.wanted.items()}
    found = pd.DataFrame(
        {
            "series_id": names.map(ids),
            "period": table["period"].map(_text),
            "value": reading.numbers(table["primaryValue"]).replace(0, float("nan")),
        }
    ).dropna(subset="series_id")
    asked = [(each, _text(month)) for each in ids.values() for month in request.params["period"].split(",")]
    none = pd.DataFrame(asked, columns=["series_id", "period"]).merge(found, how="left")
    return pd.concat([found.dropna(), none[none["value"].isna()]])


def _text(period: str) -> str:
    return period if len(period) == 4 else f"{period[:4]}-{period[4:]}"
