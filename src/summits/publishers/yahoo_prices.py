"""Share prices and indices through Yahoo. Its terms bar passing on prices, so only the returns are kept."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd

from helpers.catalog import Series
from summits.publishers import formulas, reading
from summits.publishers.client import DAILY, Publisher, Refused, Request, Wanted

HOST = "https://query1.finance.yahoo.com/v8/finance/chart"
INDICES = {"return_GSPC": "^GSPC", "return_IXIC": "^IXIC", "return_DJI": "^DJI", "return_SOX": "^SOX"}
OWN_COMPUTATION = "return_HSTECH_EW"
FIRST_DAY = date(2016, 1, 1)
# Returns of these days before the last one held are compared; the days before them only give a first close.
DAYS_COMPARED, DAYS_BEFORE = 20, 15


def label(series: Series) -> str | None:
    """Return the symbol: what follows ``return_``, or that of an index."""
    if series.series_id == OWN_COMPUTATION or not series.series_id.startswith("return_"):
        return None
    return INDICES.get(series.series_id, series.series_id.removeprefix("return_"))


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for each symbol from some weeks before the last return held to yesterday; today is not final."""
    calls = []
    for name, each in wanted.items():
        start = FIRST_DAY
        if each.last:
            start = date.fromisoformat(each.last) - timedelta(days=DAYS_COMPARED)
        params = {
            "period1": _seconds(start - timedelta(days=DAYS_BEFORE)),
            "period2": _seconds(today),
            "interval": "1d",
            "events": "div,split",
        }
        first, last = start.isoformat(), (today - timedelta(days=1)).isoformat()
        calls.append(Request(f"{HOST}/{name}", "json", {name: each}, params, first, last))
    return calls


def _seconds(day: date) -> str:
    return str(int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()))


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read adjusted closes by local trading day and return what follows the first day asked for."""
    [(name, wanted)] = request.wanted.items()
    result = reading.step(reading.json_body(body), "chart", "result", 0)
    symbol = reading.step(result, "meta", "symbol")
    if symbol != name:
        raise Refused("columns", f"The reply is about {symbol}, not {name}.")
    currency = result["meta"].get("currency")
    if wanted.series.currency and currency != wanted.series.currency:
        raise Refused("unit", f"The prices of {name} are in {currency}, not {wanted.series.currency}.")
    moments = reading.step(result, "timestamp")
    closes = reading.step(result, "indicators", "adjclose", 0, "adjclose")
    if len(moments) != len(closes):
        raise Refused("truncated", f"The reply has {len(moments)} days and {len(closes)} closes.")
    local = pd.to_datetime(pd.Series(moments) + reading.step(result, "meta", "gmtoffset"), unit="s")
    prices = pd.Series(closes, index=local.dt.strftime("%Y-%m-%d"), dtype=float).dropna()
    if prices.index.has_duplicates:
        raise Refused("duplicate", f"{name} has two closes for one day.")
    returns = formulas.returns(prices.sort_index()).loc[request.first : request.last]
    return reading.by_period(wanted, returns)


PUBLISHER = Publisher(
    name="yahoo_prices",
    title="Daily share prices (Yahoo)",
    url="https://finance.yahoo.com/",
    licence="Yahoo terms: no redistribution of prices",
    redistribution="derived",
    rhythm=DAILY,
    never_revised=True,
    label=label,
    requests=requests,
    parse=parse,
)
