"""Events with their dating, baskets and the statements of the narrative."""

from pathlib import Path

import exchange_calendars
import pandas as pd
from tables import metadata, read

from summits import validation

MEETING_CATEGORIES = ("summit_leaders", "summit_ai", "dialogue")


def events(figures: Path, second: Path) -> pd.DataFrame:
    """Return the events of both deliveries and those added by hand, with their dating and trading days.

    Penalties of the second delivery are a list of their own. A day on which New York is shut is marked here.

    In the compiled list "no" stands for "not applicable" outside meetings; here it is blank. A trade round
    whose agenda was asked about stays "unknown".
    """
    new = read(second / "timeline" / "events_new.csv").query("category != 'enforcement'")
    rows = [read(figures / "timeline" / "events.csv"), new, metadata("events_by_hand")]
    rows = pd.concat(rows, ignore_index=True).drop(columns="date_kind")
    rows = rows.merge(metadata("event_dating"), on="event_id", how="left", validate="one_to_one").fillna("")
    rows = rows.merge(metadata("event_words"), on="event_id", how="left", validate="one_to_one")
    for change in metadata("event_corrections").itertuples():
        rows.loc[rows["event_id"] == change.event_id, change.column] = change.text
    public = rows["public_from"].where(rows["public_from"] != "", rows["date"])
    sessions = exchange_calendars.get_calendar("XNYS", start="2010-01-01", end="2030-12-31").sessions
    shut = ~pd.to_datetime(public).isin(sessions)
    rows["us_session"] = rows["us_session"].mask(shut & (rows["us_session"] == "unknown"), "closed")
    not_meeting = ~rows["category"].isin(MEETING_CATEGORIES) & (rows["ai_on_agenda"] == "no")
    rows["ai_on_agenda"] = rows["ai_on_agenda"].mask(not_meeting, "")
    rows = rows.join(validation.first_sessions(rows))
    return rows.sort_values(["date", "event_id"])


def baskets() -> pd.DataFrame:
    """Return the baskets of HS codes as written by hand."""
    return metadata("baskets")


def narrative_claims(figures: Path) -> pd.DataFrame:
    """Return what would support or contradict each statement."""
    return read(figures / "timeline" / "seed_claims.csv")
