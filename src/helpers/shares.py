"""Share groups: which shares, on which market, against which market return, and when that market could react.

A group trades on one exchange, so that it has one calendar and one market return. The sets of the claims
that span two exchanges (Chinese chip makers) are therefore two groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from helpers import catalog, observations, timeline
from helpers.observations import SeriesData


class UnknownGroup(ValueError):
    """A share group that does not exist."""


@dataclass(frozen=True)
class Market:
    """An exchange with the series that stands for its market return."""

    name: str
    calendar: str
    factor: str


@dataclass(frozen=True)
class Panel:
    """Daily returns of a group as they were known on a date.

    Attributes
    ----------
    label : str
    market : Market
    returns : DataFrame
        Trading days of the market × tickers, decimal; missing where a share did not trade.
    factor : Series
        Market return on the same days.
    series : list of SeriesData
        The shares and, last, the market.
    not_known : list of str
        Titles of the shares of which nothing was public yet.
    """

    label: str
    market: Market
    returns: pd.DataFrame
    factor: pd.Series
    series: list[SeriesData]
    not_known: list[str]


NEW_YORK = Market("New York", "XNYS", "return_GSPC")
HONG_KONG = Market("Hong Kong", "XHKG", "return_HSTECH_EW")
MAINLAND = Market("mainland China", "XSHG", "return_CSI300")

LABELS = {
    "us_chips": "US chip designers and makers",
    "tools": "Equipment makers",
    "us_all": "US chips and equipment",
    "foundries": "Foundries",
    "cn_mainland": "Chinese chips, mainland",
    "cn_hong_kong": "Chinese chips, Hong Kong",
    "cn_internet": "Chinese internet",
}
MARKETS = {"cn_mainland": MAINLAND, "cn_hong_kong": HONG_KONG}
# One listing for each company, the one with the longer record.
NOT_IN_CLAIMS = {"foundries": ["TSM", "GFS"], "cn_internet": ["BABA", "BIDU", "JD", "PDD"]}


def tickers(group: str) -> list[str]:
    """Return the tickers of a group; those of the claims come from `data/claims.yml`.

    Raises
    ------
    UnknownGroup
        If there is no such group.
    """
    if group not in LABELS:
        raise UnknownGroup(f"There is no share group {group!r}. Choose one of {', '.join(LABELS)}.")
    sets = catalog.claims()["sets"]
    if group in NOT_IN_CLAIMS:
        return NOT_IN_CLAIMS[group]
    if group == "us_all":
        return sets["us_chips"] + sets["tools"]
    if group in MARKETS:
        in_hong_kong = group == "cn_hong_kong"
        return [ticker for ticker in sets["cn_chips"] if ticker.endswith(".HK") == in_hong_kong]
    return sets[group]


def panel(group: str, as_of: str | date | pd.Timestamp | None = None) -> Panel:
    """Load the daily returns of a group and of its market.

    The days are those of the market return. Shares not yet known are named, not filled.

    Raises
    ------
    UnknownGroup
        If there is no such group.
    observations.NotYetKnown
        If the market, or every share of the group, was not yet known.
    """
    market = MARKETS.get(group, NEW_YORK)
    ids = [f"return_{ticker}" for ticker in tickers(group)]
    known = observations.known(ids, as_of)
    loaded = observations.load_many([*(known or ids[:1]), market.factor], as_of)
    factor = loaded[market.factor].values
    returns = pd.DataFrame({name.removeprefix("return_"): loaded[name].values for name in known})
    missing = [catalog.series(name).title for name in ids if name not in known]
    return Panel(LABELS[group], market, returns.reindex(factor.index), factor, list(loaded.values()), missing)


def first_days(selected: pd.DataFrame, panel: Panel) -> pd.Series:
    """Return the first trading day of a panel that could react to each event.

    Parameters
    ----------
    selected : DataFrame
        Events; see `timeline.events`.
    panel : Panel

    Returns
    -------
    Series
        By ``event_id``; events after the last day of the panel are left out. If the exchange was shut on the
        day (a typhoon), it is the next day with a return.
    """
    days = timeline.reaction_days(selected, panel.market.calendar)
    index = panel.returns.index
    days = days[(days >= index[0]) & (days <= index[-1])]
    return pd.Series(index[index.searchsorted(days)], days.index, name="day")


def beyond(selected: pd.DataFrame, panels: Sequence[Panel]) -> pd.DataFrame:
    """List the events to which no panel has a reaction, with the reason."""
    covered = set().union(*(first_days(selected, group).index for group in panels))
    gone = selected[~selected.index.isin(covered)]
    last = max(group.returns.index[-1] for group in panels)
    reason = f"no share data: the returns end on {last.day} {last:%b %Y}"
    return pd.DataFrame({"label": timeline.labels(gone), "date": gone["date"], "reason": reason})
