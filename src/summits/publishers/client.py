"""What every client is made of: a publisher, its requests, and the error that refuses a reply."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import ModuleType

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


def by_file(wanted: Mapping[str, Wanted]) -> dict[str, dict[str, Wanted]]:
    """Group series whose labels name a file and what to read in it, such as ``UCT.csv/UCT``, by file."""
    files: dict[str, dict[str, Wanted]] = {}
    for label, each in wanted.items():
        file, _, column = label.rpartition("/")
        files.setdefault(file, {})[column] = each
    return files


def trade_label(
    series: Series, flows: Mapping[str, str], partners: Mapping[str, str], reporters: Collection[str]
) -> str | None:
    """Name a series of trade by flow, HS code and partner, such as ``X 8542 156``; None if it is no such one.

    Parameters
    ----------
    series : Series
    flows, partners : mapping of str to str
        The publisher's code of each flow and partner it serves.
    reporters : collection of str
        The countries whose trade it serves.
    """
    code = series.product.removeprefix("HS ")
    known = series.reporter in reporters and series.flow in flows and series.partner in partners
    return f"{flows[series.flow]} {code} {partners[series.partner]}" if known and code.isdigit() else None


@dataclass(frozen=True)
class Publisher:
    """One publisher: its row of ``publishers.csv``, and the module that asks it and reads its replies.

    Attributes
    ----------
    name : str
        The ``loader`` of the catalogue rows it serves.
    title, url, licence, licence_flag, redistribution : str
        The row of ``sources.csv`` under which fetched values are stored.
    needs : str
        Environment variable without which nothing can be fetched.
    never_revised : bool
        A new value is known on the day it is about (closing prices), so that day is its vintage.
    labels : dict
        The publisher's own name, often a file and a column of it, of each series for which there is no rule.
    client : module
        Has ``parse(body, request)``. May have ``label(series)``, the rule for the names of other series;
        ``call(label, wanted, today)``, which asks for one series, or ``requests(wanted, today)``, which asks
        for all, if what to ask is not each file below `HOST` once;
        ``follow(body, request)``, the second call where the first only names the file; and
        ``combine(fetched, wanted)``, rows made from several replies, such as a sum.
    """

    name: str
    title: str
    url: str
    licence: str
    licence_flag: str
    redistribution: str
    needs: str
    never_revised: bool
    labels: dict[str, str]
    client: ModuleType

    @property
    def source_id(self) -> str:
        """The ``source_id`` of values fetched from this publisher."""
        return f"{self.name}_live"

    def label(self, series: Series) -> str | None:
        """Return the publisher's own name for a series, None if it does not serve it."""
        rule = getattr(self.client, "label", lambda series: None)
        return self.labels.get(series.series_id) or rule(series)

    def requests(self, wanted: dict[str, Wanted], today: date) -> list[Request]:
        """Return the calls that bring some series; `wanted` is by label."""
        if hasattr(self.client, "requests"):
            return list(self.client.requests(wanted, today))
        if hasattr(self.client, "call"):
            return [self.client.call(name, each, today) for name, each in wanted.items()]
        host, form = self.client.HOST, self.client.FORM
        return [Request(f"{host}/{file}", form, columns) for file, columns in by_file(wanted).items()]

    def parse(self, body: bytes, request: Request) -> pd.DataFrame:
        """Read a reply. Pure: no network, no files of the package.

        Returns
        -------
        pandas.DataFrame
            Columns ``series_id``, ``period`` and ``value``, and ``vintage`` where the publisher states when
            each value became public; a missing value is one withdrawn on that day. ``attrs["silent"]`` lists
            the pairs of series and period that the reply names without a value.
        """
        rows = self.client.parse(body, request)
        bare = rows["value"].isna() & (rows.get("vintage", "") == "")
        silent = list(rows.loc[bare, ["series_id", "period"]].itertuples(index=False, name=None))
        rows = rows[~bare].reset_index(drop=True)
        rows.attrs["silent"] = silent
        return rows
