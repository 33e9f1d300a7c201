"""When is the next value of each series due, and is it late? From what is held and how publishers release."""

from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from helpers import catalog, paths
from summits.publishers import RHYTHMS
from summits.publishers.client import Rhythm
from summits.refresh import live_series, status_of

# Days after the expected release before a series is called late.
GRACE = {"D": 5, "M": 10, "Q": 20, "H": 30, "A": 60}


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


def _status(info: Any, last: tuple[str, str], live: bool, refused: dict[str, str], today: date) -> dict:
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
    months = {"M": 2, "Q": 3, "H": 6, "A": 24}
    step = pd.offsets.MonthEnd(months[frequency]) if frequency in months else pd.offsets.BDay(1)
    return (pd.Timestamp(last_period) + step + pd.Timedelta(days=rhythm.lag[frequency])).date()


def _last_rows(tables: list[str]) -> dict[str, tuple[str, str]]:
    """Return the last period and the last vintage held of each series."""
    last: dict[str, tuple[str, str]] = {}
    for table in tables:
        path = paths.data_dir() / "observations" / f"{table}.csv"
        if path.exists():
            rows = catalog.read_text_table(path).groupby("series_id")[["period", "vintage"]].max()
            last |= {row.Index: (row.period, row.vintage) for row in rows.itertuples()}
    return last


def _refused() -> dict[str, str]:
    """Return the publishers whose last refresh was refused, with the reason."""
    status = status_of(paths.data_dir())
    return {name: each.get("reason", "") for name, each in status.items() if each.get("state") == "stale"}
