"""Share prices and indices through Yahoo. Its terms bar passing on prices, so only the returns are kept."""

import math
from datetime import date, timedelta

import pandas as pd

from helpers import timeline
from helpers.catalog import Series
from summits.publishers import formulas, reading
from summits.publishers.client import Refused, Request, Wanted

HOST = "https://query1.finance.yahoo.com/v8/finance/chart"
OWN_COMPUTATION = "return_HSTECH_EW"
# By the ending of the symbol; the others trade in New York.
CALENDARS = {"HK": "XHKG", "^HSI": "XHKG", "SS": "XSHG", "SZ": "XSHG", "TW": "XTAI", "KS": "XKRX"}
FIRST_DAY = "2016-01-01"
# Returns of these days before the last one held are compared; the days before them only give a first close.
DAYS_COMPARED, DAYS_BEFORE = timedelta(days=20), timedelta(days=15)


def label(series: Series) -> str | None:
    """Return the symbol: what follows ``return_``."""
    fetched = series.series_id.startswith("return_") and series.series_id != OWN_COMPUTATION
    return series.series_id.removeprefix("return_") if fetched else None


def call(name: str, wanted: Wanted, today: date) -> Request:
    """Ask for a symbol from some weeks before the last return held to yesterday; today is not final."""
    start = pd.Timestamp(wanted.since) - DAYS_COMPARED if wanted.since else pd.Timestamp(FIRST_DAY)
    begin, end = (f"{day.timestamp():.0f}" for day in (start - DAYS_BEFORE, pd.Timestamp(today)))
    params = {"period1": begin, "period2": end, "interval": "1d", "events": "div,split"}
    first, yesterday = (day.isoformat() for day in (start.date(), today - timedelta(days=1)))
    return Request(f"{HOST}/{name}", "json", {name: wanted}, params, first, yesterday)


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read adjusted closes by local trading day and return what follows the first day asked for.

    A day without a close or without trade, and a session that is not in the reply, leaves that day and the
    next without a return: one over several sessions is none of a day. A split must be in the closes already.
    """
    [(name, wanted)] = request.wanted.items()
    result = reading.json_body(body, "chart", "result", 0)
    meta = reading.step(result, "meta")
    currency = {"currency": wanted.series.currency} if wanted.series.currency else {}
    reading.step(meta, "symbol")
    reading.about(meta, {"symbol": name, "dataGranularity": "1d"} | currency)
    moments = reading.step(result, "timestamp")
    closes = reading.step(result, "indicators", "adjclose", 0, "adjclose")
    if len(moments) != len(closes):
        raise Refused("truncated", f"The reply has {len(moments)} days and {len(closes)} closes.")
    days = _days(moments, meta)
    prices = reading.numbers(pd.Series(closes, dtype=object)).set_axis(days)
    if days.has_duplicates:
        raise Refused("duplicate", f"{name} has two closes for one day.")
    # An index, whose symbol begins with ^, has no volume.
    volumes = result["indicators"].get("quote", [{}])[0].get("volume") or []
    if not name.startswith("^") and len(volumes) == len(prices):
        prices = prices.where([bool(volume) for volume in volumes])
    if (prices <= 0).any():
        raise Refused("sign", f"{name} closed at {prices.min():g}.")
    calendar = CALENDARS.get(name.rpartition(".")[2], "XNYS")
    sessions = timeline.sessions(calendar, days.min(), days.max()).strftime("%Y-%m-%d")
    returns = formulas.returns(prices.reindex(days.union(sessions)))
    for split in ((result.get("events") or {}).get("splits") or {}).values():
        [day] = _days([split["date"]], meta)
        factor, moved = split["numerator"] / split["denominator"], 1 + returns.get(day, 0.0)
        if abs(math.log(moved * factor)) < abs(math.log(moved)):
            message = f"{name} fell by {1 - moved:.0%} on {day}, the day of a split of {factor:g}."
            raise Refused("split", message)
    return reading.by_period(wanted, returns.loc[request.first : request.last])


def _days(moments: list[float], meta: dict) -> pd.Index:
    """Return the local day of each moment."""
    local = pd.Series(moments, dtype=float) + reading.step(meta, "gmtoffset")
    return pd.Index(pd.to_datetime(local, unit="s").dt.strftime("%Y-%m-%d"))
