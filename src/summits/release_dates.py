"""When is the next value of each series due, and is it late? From what is held and how publishers release."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pandas as pd

from helpers import catalog, paths
from summits.refresh import STATUS, live_series

# Days after the expected release before a series is called late.
GRACE = {"D": 5, "M": 10, "Q": 20, "H": 30, "A": 60}


@dataclass(frozen=True)
class Rhythm:
    """How a publisher releases: in words, and the days from the end of a period to its value."""

    words: str
    lag: dict[str, int]


DAILY = Rhythm("every trading day, after the close", {"D": 1})
RHYTHMS = {
    "ai_gpr": Rhythm("monthly, in the month after", {"M": 35}),
    "ai_index": Rhythm("yearly report, in April", {"A": 105}),
    "arena": Rhythm("running leaderboard, read at the end of the month", {"M": 2}),
    "cboe_vix": DAILY,
    "census": Rhythm("monthly, about five weeks after the month", {"M": 37}),
    "comtrade": Rhythm("as countries report: two to six months after the month", {"M": 120, "A": 270}),
    "csindex": DAILY,
    "epoch": Rhythm("running lists, counted at the end of the quarter or month", {"Q": 5, "M": 2, "A": 60}),
    "estat": Rhythm("monthly, near the end of the month after", {"M": 30}),
    "eurostat": Rhythm("monthly, six to seven weeks after the month", {"M": 48}),
    "fama_french": Rhythm("monthly, about five weeks after the month", {"D": 45}),
    "finmind": Rhythm("monthly, by the 10th of the month after", {"M": 11}),
    "fred": Rhythm("monthly, in the middle of the month after; exchange rates weekly", {"D": 8, "M": 18}),
    "gpr": Rhythm("daily file every week, monthly file early in the month after", {"D": 8, "M": 10}),
    "korea_customs": Rhythm("monthly, in the middle of the month after", {"M": 16}),
    "owid": Rhythm("yearly, when the source is updated", {"A": 300}),
    "policy_uncertainty": Rhythm("daily and monthly, early in the month after", {"D": 10, "M": 10}),
    "sec_facts": Rhythm("quarterly, by 40 to 60 days after the fiscal quarter", {"Q": 60, "A": 60}),
    "taiwan_mof": Rhythm("monthly, by the 9th of the month after", {"M": 10, "A": 60}),
    "waugh": Rhythm("monthly, after the Census release", {"M": 45}),
    "wsts": Rhythm("monthly, about five to six weeks after the month", {"M": 42}),
    "yahoo_prices": DAILY,
}


def release_status(today: date | None = None) -> list[dict]:
    """Say of every series how fresh it is.

    Parameters
    ----------
    today : datetime.date, optional
        The present day in UTC.

    Returns
    -------
    list of dict
        One per series of the catalogue, in its order: ``series_id``, ``source``, ``live`` (whether it can be
        refreshed), ``last_period``, ``last_vintage``, ``rhythm``, ``next_release`` (ISO day, blank where
        nothing more is expected), ``stale`` and ``reason``: ``late``, why the last refresh was refused, or
        ``not fetched`` where the package holds nothing yet.
    """
    today = today or datetime.now(UTC).date()
    series, live, refused = catalog.catalogue(), set(live_series().index), _refused()
    last = _last_rows(sorted(set(series["table"])))
    return [
        _status(info, last.get(info.Index, ("", "")), info.Index in live, refused, today)
        for info in series.itertuples()
    ]


def _status(info, last: tuple[str, str], live: bool, refused: dict[str, str], today: date) -> dict:
    rhythm = RHYTHMS.get(info.loader)
    due = next_release(last[0], info.frequency, rhythm) if rhythm and last[0] else None
    reason = refused.get(info.loader, "") if live else ""
    if not reason and due and (today - due).days > GRACE[info.frequency]:
        reason = "late"
    if not reason and not last[0]:
        reason = "not fetched"
    return {
        "series_id": info.Index,
        "source": info.loader,
        "live": live,
        "last_period": last[0],
        "last_vintage": last[1],
        "rhythm": rhythm.words if rhythm else "single publication",
        "next_release": due.isoformat() if due else "",
        "stale": bool(reason),
        "reason": reason,
    }


def next_release(last_period: str, frequency: str, rhythm: Rhythm) -> date | None:
    """Return the day on which the period after the last one held should be public, None if none is expected.

    Parameters
    ----------
    last_period : str
        Period text of the frequency.
    frequency : str
        As in the catalogue; a dated fact (E) has no next one.
    rhythm : Rhythm
    """
    if frequency not in rhythm.lag:
        return None
    start = pd.Timestamp(last_period)
    steps = {
        "D": lambda: start + pd.offsets.BDay(1),
        "M": lambda: start + pd.offsets.MonthEnd(2),
        "Q": lambda: start + pd.offsets.MonthEnd(3),
        "H": lambda: start + pd.offsets.MonthEnd(6),
        "A": lambda: start + pd.offsets.YearEnd(2),
    }
    return (steps[frequency]() + pd.Timedelta(days=rhythm.lag[frequency])).date()


def _last_rows(tables: list[str]) -> dict[str, tuple[str, str]]:
    """Return the last period and the last vintage held of each series."""
    found = {}
    for table in tables:
        path = paths.data_dir() / "observations" / f"{table}.csv"
        if path.exists():
            rows = catalog.read_text_table(path).groupby("series_id")[["period", "vintage"]].max()
            found |= {row.Index: (row.period, row.vintage) for row in rows.itertuples()}
    return found


def _refused() -> dict[str, str]:
    """Return the publishers whose last refresh was refused, with the reason."""
    path = paths.data_dir() / STATUS
    status = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {name: each["reason"] for name, each in status.items() if each["state"] == "stale"}
