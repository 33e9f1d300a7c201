"""Share prices and indices through Yahoo. Its terms bar passing on prices, so only the returns are kept."""

import math
from datetime import UTC, date, datetime, timedelta

import pandas as pd

from helpers import timeline
from helpers.catalog import Series
from summits.publishers import formulas, reading
from summits.publishers.client import Refused, Request, Wanted

HOST = "https://query1.finance.yahoo.com/v8/finance/chart"
INDICES = {"return_GSPC": "^GSPC", "return_IXIC": "^IXIC", "return_DJI": "^DJI", "return_SOX": "^SOX"}
OWN_COMPUTATION = "return_HSTECH_EW"
# By the ending of the symbol; the others trade in New York.
CALENDARS = {"HK": "XHKG", "^HSI": "XHKG", "SS": "XSHG", "SZ": "XSHG", "TW": "XTAI", "KS": "XKRX"}
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
        if each.since:
            start = date.fromisoformat(each.since) - timedelta(days=DAYS_COMPARED)
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
    """Read adjusted closes by local trading day and return what follows the first day asked for.

    A day without a close or without trade, and a session that is not in the reply, leaves that day and the
    next without a return: one over several sessions is none of a day. A split must be in the closes already.
    """
    [(name, wanted)] = request.wanted.items()
    reply = reading.step(reading.json_body(body), "chart")
    if reply.get("error"):
        raise Refused("status", f"The reply is no data but an error: {reply['error']}")
    result = reading.step(reply, "result", 0)
    meta = reading.step(result, "meta")
    reading.same("symbol", [reading.step(meta, "symbol")], name)
    reading.same(
        "currency", [meta.get("currency") or ""], wanted.series.currency or meta.get("currency") or ""
    )
    reading.same("interval", [meta.get("dataGranularity", "")], "1d")
    moments = reading.step(result, "timestamp")
    closes = reading.step(result, "indicators", "adjclose", 0, "adjclose")
    if len(moments) != len(closes):
        raise Refused("truncated", f"The reply has {len(moments)} days and {len(closes)} closes.")
    days = _days(pd.Series(moments, dtype=float), meta)
    prices = reading.numbers(pd.Series(closes, dtype=object)).set_axis(days)
    if prices.index.has_duplicates:
        raise Refused("duplicate", f"{name} has two closes for one day.")
    volumes = result["indicators"].get("quote", [{}])[0].get("volume") or []
    if name not in INDICES.values() and len(volumes) == len(prices) and any(volumes):
        prices = prices.where([bool(volume) for volume in volumes])
    if (prices <= 0).any():
        raise Refused("sign", f"{name} closed at {prices.min():g}.")
    calendar = CALENDARS.get(name.rpartition(".")[2], "XNYS")
    sessions = timeline.sessions(calendar, prices.index.min(), prices.index.max())
    prices = prices.reindex(prices.index.union(sessions.strftime("%Y-%m-%d"))).sort_index()
    returns = formulas.returns(prices)
    splits = (result.get("events") or {}).get("splits") or {}
    for split in splits.values():
        day = _days(pd.Series([split["date"]], dtype=float), meta).iloc[0]
        factor, moved = split["numerator"] / split["denominator"], 1 + returns.get(day, 0.0)
        if abs(math.log(moved * factor)) < abs(math.log(moved)):
            raise Refused(
                "split", f"{name} fell by {1 - moved:.0%} on {day}, the day of a split of {factor:g}."
            )
    return reading.by_period(wanted, returns.loc[request.first : request.last])


def _days(moments: pd.Series, meta: dict) -> pd.Series:
    """Return the local day of each moment."""
    return pd.to_datetime(moments + reading.step(meta, "gmtoffset"), unit="s").dt.strftime("%Y-%m-%d")
