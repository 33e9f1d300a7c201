"""What every client is made of: a publisher, its requests, and the error that refuses a reply."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import pandas as pd
from urllib3.util import parse_url

from helpers.catalog import Series
from summits.publishers import keys


class Refused(ValueError):
    """A reply that must not enter the data package.

    Attributes
    ----------
    reason : str
        One word for machines, such as ``columns`` or ``unreachable``. The message is for people; it may quote
        the reply, which may quote the key and hold odd signs, so both are taken out of it.
    """

    def __init__(self, reason: str, message: str):
        super().__init__(keys.clean(message))
        self.reason = reason


def origin(address: str) -> str:
    """Return scheme, host and port of an address, read as the connection library will read it.

    Other readers can be led to take another host from addresses with odd signs.
    """
    parts = parse_url(address)
    return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True)
class Rhythm:
    """How a publisher releases: in words, and the days from the end of a period to its value.

    The days are by frequency, as in the catalogue; a frequency that is not named has no next release.
    """

    words: str
    lag: dict[str, int]


@dataclass(frozen=True)
class Wanted:
    """A series to fetch, the last period held of it, and the first one missing between those held.

    Both are blank if there is none.
    """

    series: Series
    last: str = ""
    hole: str = ""

    @property
    def since(self) -> str:
        """The period from which to ask: the first hole, else the last period held; blank if none is."""
        return self.hole or self.last


def since(wanted: dict[str, Wanted]) -> str:
    """Return the earliest period from which any of some series is asked; blank for all of their history."""
    return min((each.since for each in wanted.values()), default="")


@dataclass(frozen=True)
class Key:
    """Where a key goes in a request, and the environment variable that holds it. Never the key itself."""

    variable: str
    name: str
    place: str = "query"

    def __post_init__(self) -> None:
        keys.VARIABLES.add(self.variable)


@dataclass(frozen=True)
class Request:
    """One call of a publisher.

    Attributes
    ----------
    address : str
        Without query and without key.
    form : str
        What the body must be: ``json``, ``csv``, ``xml``, ``zip``, ``xlsx``, ``stata`` or ``page``.
    wanted : dict
        The series this call brings, by the publisher's own name for each.
    params : dict
        The query without the key.
    first, last : str
        The periods asked for, as text of the series' frequency; blank is open. Every period held between them
        must be in the reply, or history has shrunk.
    """

    address: str
    form: str
    wanted: dict[str, Wanted]
    params: dict[str, str] = field(default_factory=dict)
    first: str = ""
    last: str = ""
    key: Key | None = None


@dataclass(frozen=True)
class Publisher:
    """One publisher: how its series are named, asked for and read.

    Attributes
    ----------
    name : str
        The ``loader`` of the catalogue rows it serves.
    title, url, licence, licence_flag, redistribution : str
        The row of ``sources.csv`` under which fetched values are stored.
    rhythm : Rhythm
        When its values are due.
    label : callable
        ``label(series) -> str or None``: the publisher's own name for a series, None if it does not serve it.
    requests : callable
        ``requests(wanted, today) -> list of Request``; `wanted` maps labels to `Wanted`.
    read : callable
        The client's own ``parse``: see `parse`. A missing value marks a period that the reply names without a
        value.
    needs : str
        Environment variable without which nothing can be fetched.
    never_revised : bool
        A new value is known on the day it is about (closing prices), so that day is its vintage.
    follow : callable, optional
        ``follow(body, request) -> Request``: the second call, where the first only names the file.
    combine : callable, optional
        ``combine(fetched, wanted) -> DataFrame``: rows made from several replies, such as a sum.
    """

    name: str
    title: str
    url: str
    licence: str
    rhythm: Rhythm
    label: Callable[[Series], str | None]
    requests: Callable[[dict[str, Wanted], date], list[Request]]
    read: Callable[[bytes, Request], pd.DataFrame]
    licence_flag: str = ""
    redistribution: str = "open"
    needs: str = ""
    never_revised: bool = False
    follow: Callable[[bytes, Request], Request] | None = None
    combine: Callable[[pd.DataFrame, dict[str, Wanted]], pd.DataFrame] | None = None

    def __post_init__(self) -> None:
        if self.needs:
            keys.VARIABLES.add(self.needs)

    @property
    def source_id(self) -> str:
        """The ``source_id`` of values fetched from this publisher."""
        return f"{self.name}_live"

    def parse(self, body: bytes, request: Request) -> pd.DataFrame:
        """Read a reply. Pure: no network, no files of the package.

        Returns
        -------
        pandas.DataFrame
            Columns ``series_id``, ``period`` and ``value``, and ``vintage`` where the publisher states when
            each value became public; a missing value is one withdrawn on that day. ``attrs["silent"]`` lists
            the pairs of series and period that the reply names without a value.
        """
        rows = self.read(body, request)
        bare = rows["value"].isna() & (rows.get("vintage", "") == "")
        silent = list(rows.loc[bare, ["series_id", "period"]].itertuples(index=False, name=None))
        rows = rows[~bare].reset_index(drop=True)
        rows.attrs["silent"] = silent
        return rows
