"""UN Comtrade: trade by reporter, partner and HS code. Without a key the preview, one period a call."""

from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import formulas, keys, reading
from summits.publishers.client import Key, Publisher, Refused, Request, Rhythm, Wanted

HOST = "https://comtradeapi.un.org"
KEY = Key("COMTRADE_API_KEY", "Ocp-Apim-Subscription-Key", "header")
PREVIEW_ROWS = 500
PERIODS_PER_CALL = 12
# How far back each refresh looks, for late reporters and revisions.
MONTHS_BACK, YEARS_BACK = 18, 3
FLOWS = {"export": "X", "import": "M"}
COUNTRIES = {
    "World": 0,
    "China": 156,
    "France": 251,
    "Germany": 276,
    "Hong Kong": 344,
    "Ireland": 372,
    "Israel": 376,
    "Japan": 392,
    "South Korea": 410,
    "Malaysia": 458,
    "Mexico": 484,
    "Taiwan": 490,
    "Netherlands": 528,
    "Philippines": 608,
    "Singapore": 702,
    "Viet Nam": 704,
    "Thailand": 764,
    "United States": 842,
}
COLUMNS = (
    "period",
    "reporterCode",
    "partnerCode",
    "partner2Code",
    "flowCode",
    "cmdCode",
    "customsCode",
    "motCode",
    "primaryValue",
)


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
        periods = _periods(frequency, today)
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


def _periods(frequency: str, today: date) -> list[str]:
    if frequency == "A":
        return [str(year) for year in range(today.year - YEARS_BACK, today.year)]
    months = pd.period_range(end=pd.Period(today, "M") - 1, periods=MONTHS_BACK, freq="M")
    return [str(month) for month in months]


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read the rows that are totals; a value of zero stands for an unpublished month and is left out."""
    reply = reading.json_body(body)
    rows = reading.step(reply, "data")
    if reading.step(reply, "count") != len(rows):
        raise Refused("partial", f"The reply has {len(rows)} of {reply['count']} rows.")
    if request.key is None and len(rows) >= PREVIEW_ROWS:
        raise Refused("partial", f"The preview is cut at {PREVIEW_ROWS} rows. Set {KEY.variable}.")
    table = pd.DataFrame(rows)
    if not rows:
        return pd.DataFrame(columns=["series_id", "period", "value"])
    reading.need(table, *COLUMNS)
    table = formulas.comtrade_totals(table)
    frequency = next(iter(request.wanted)).split()[0]
    parts = [table[name].astype(str) for name in ("flowCode", "cmdCode", "partnerCode", "reporterCode")]
    names = frequency + " " + parts[0].str.cat(parts[1:], sep=" ")
    ids = {name: each.series.series_id for name, each in request.wanted.items()}
    month = table["period"].astype(str)
    found = pd.DataFrame(
        {
            "series_id": names.map(ids),
            "period": month if frequency == "A" else month.str[:4] + "-" + month.str[4:],
            "value": reading.numbers(table["primaryValue"]),
        }
    )
    return found[found["series_id"].notna() & (found["value"] != 0)].dropna()


PUBLISHER = Publisher(
    name="comtrade",
    title="UN Comtrade",
    url="https://comtradeapi.un.org/public/v1/preview/C/M/HS",
    licence="UN Comtrade: internal use free, redistribution subject to the UN Comtrade terms",
    rhythm=Rhythm("as countries report: two to six months after the month", {"M": 120, "A": 270}),
    label=label,
    requests=requests,
    parse=parse,
)
