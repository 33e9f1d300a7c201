"""Events with their dating, baskets and the statements of the narrative."""

from pathlib import Path

import pandas as pd
from tables import metadata, read

from summits import validation

MEETING_CATEGORIES = ("summit_leaders", "summit_ai", "dialogue")


def events(figures: Path) -> pd.DataFrame:
    """Return the events with the hand-written dating and the derived trading days.

    In the compiled list "no" stands for "not applicable" outside meetings; here it is blank. A trade round
    whose agenda was asked about stays "unknown".
    """
    rows = read(figures / "timeline" / "events.csv")
    rows = rows.merge(metadata("event_dating"), on="event_id", how="left", validate="one_to_one")
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
