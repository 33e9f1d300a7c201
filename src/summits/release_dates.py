"""When is the next value of each series due, and is it late? From what is held and how publishers release."""

from datetime import UTC, date, datetime

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
    live, status = set(live_series().index), status_of(paths.data_dir())
    refused = {name: each.get("reason", "") for name, each in status.items() if each.get("state") == "stale"}
    last, rows = _last_rows(), []
    for info in catalog.catalogue().itertuples():
        period, vintage = last.get(info.Index, ("", ""))
        rhythm = RHYTHMS.get(str(info.loader), Rhythm("single publication", {}))
        due = next_release(period, str(info.frequency), rhythm) if period else None
        late = "late" if due and (today - due).days > GRACE[str(info.frequency)] else ""
        is_live = info.Index in live
        reason = is_live and refused.get(str(info.loader)) or late or ("" if period else "not fetched")
        row = {"series_id": info.Index, "source": info.loader, "live": is_live}
        row |= {"last_period": period, "last_vintage": vintage, "rhythm": rhythm.words}
        row |= {"next_release": due.isoformat() if due else "", "stale": bool(reason), "reason": reason}
        rows.append(row)
    return rows


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


def _last_rows() -> dict[str, tuple[str, str]]:
    """Return the last period and the last vintage held of each series."""
    last: dict[str, tuple[str, str]] = {}
    for path in sorted((paths.data_dir() / "observations").glob("*.csv")):
        rows = catalog.read_text_table(path).groupby("series_id")[["period", "vintage"]].max()
        last |= {row.Index: (row.period, row.vintage) for row in rows.itertuples()}
    return last
