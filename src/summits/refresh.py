"""Bring the data package up to date from its publishers: fetch, judge, append, and leave a receipt."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from helpers import catalog, paths, schema
from summits import archive, validation
from summits.publishers import PUBLISHERS, judging, keys, store
from summits.publishers.client import Publisher, Refused, Request, Wanted
from summits.publishers.judging import Unusual
from summits.publishers.transport import Transport

STATUS = "receipts/status.json"
VINTAGE_RULES = {
    True: "The period itself: the value is known at the close and is not revised.",
    False: "The day the publisher states, else the day of the retrieval (UTC), the earliest evidence held.",
}


class CannotRefresh(ValueError):
    """The refresh asked for makes no sense, or the package is not sound to begin with."""


@dataclass(frozen=True)
class Outcome:
    """What became of one publisher.

    Attributes
    ----------
    publisher : str
    state : str
        ``changed``, ``unchanged``, ``refused`` (last good data kept, labelled stale) or ``skipped`` (no key).
        A publisher some of whose replies wait for a person is ``refused`` or ``changed``, and has a reason.
    new, unchanged, waiting : int
        Counts of periods; see `judging.Additions`.
    revisions : tuple of judging.Revision
        Largest first.
    reason, message : str
        Why it was refused or skipped, or what waits for a person, for machines and for people.
    unusual : tuple of judging.Revision
        The values that wait, with what is held beside them.
    """

    publisher: str
    state: str
    new: int = 0
    unchanged: int = 0
    waiting: int = 0
    revisions: tuple[judging.Revision, ...] = ()
    reason: str = ""
    message: str = ""
    unusual: tuple[judging.Revision, ...] = ()

    def lines(self) -> list[str]:
        """Return the summary as lines of text, with the largest revisions."""
        told = []
        if self.state in ("changed", "unchanged"):
            counts = f"{self.new} new, {len(self.revisions)} revised, {self.unchanged} unchanged"
            waiting = f", {self.waiting} changed twice today and wait" if self.waiting else ""
            told = [f"{self.publisher:20} {counts}{waiting}", *side_by_side(self.revisions)]
        if self.reason:
            ending = self.state if self.state in ("refused", "skipped") else "some waits"
            told += [f"{self.publisher:20} {ending} ({self.reason}): {self.message}"]
            told += side_by_side(self.unusual)
        if self.unusual:
            told += [f"{'':20} Look at it: summits refresh --source {self.publisher} --review"]
        return told


def side_by_side(changes: Sequence[judging.Revision], most: int = 5) -> list[str]:
    """Return the first of the old and new values as lines of text."""
    return [
        f"{'':20}   {each.series_id} {each.period}: {_value(each.old)} → {_value(each.new)}"
        for each in changes[:most]
    ]


def _value(value: float) -> str:
    return f"{value:,.10g}" if value == value else "none"


@dataclass(frozen=True)
class Circumstances:
    """What all publishers of one refresh have in common; see `refresh`."""

    folder: Path
    transport: Transport
    today: date
    dry_run: bool = False
    review: Callable[[Unusual], bool] = lambda fault: False


Members = dict[str, catalog.Series]


@dataclass
class _Fetched:
    rows: list[pd.DataFrame] = field(default_factory=list)
    receipts: list[dict] = field(default_factory=list)
    silent: set[tuple[str, str]] = field(default_factory=set)
    waits: list[Unusual] = field(default_factory=list)


def refresh(
    sources: Sequence[str] = (),
    series: Sequence[str] = (),
    dry_run: bool = False,
    transport: Transport | None = None,
    today: date | None = None,
    report: Callable[[Outcome], object] = lambda outcome: None,
    review: Callable[[Unusual], bool] = lambda fault: False,
    wait: bool = False,
) -> list[Outcome]:
    """Fetch from the publishers and append what is new.

    Each publisher is one change of the package. A reply that cannot be read refuses the publisher; one that
    is unusual waits for a person, with the series it brings. In both cases the last good data stay, and the
    publisher is labelled stale in ``receipts/status.json``.

    Parameters
    ----------
    sources : sequence of str
        Publishers by their name in the ``loader`` column; all if empty.
    series : sequence of str
        Series to fetch; all if empty.
    dry_run : bool
        Fetch and judge, but write nothing.
    transport : Transport, optional
        How to reach the publishers.
    today : datetime.date, optional
        The day of the retrieval; the present day in UTC.
    report : callable
        Called with each outcome as soon as there is one.
    review : callable
        Called with what is unusual in a reply; if it says yes, the reply is taken.
    wait : bool
        Wait for a refresh that is at work, however long that takes.

    Raises
    ------
    CannotRefresh
        If a publisher is unknown, a series has no live source, or the package has faults already.
    store.Busy
        If another process is changing the package, and `wait` is not set.
    """
    folder, today = paths.data_dir(), today or datetime.now(UTC).date()
    common = Circumstances(folder, transport or Transport(), today, dry_run, review)
    with store.locked(folder, wait):
        chosen = choose(sources, series)
        found = [each for each in validation.check(folder) if not validation.may_be_mended(each)]
        if problems := [each for each in found if not _is_edited_catalogue(each)]:
            raise CannotRefresh(f"The data package has faults: {problems[0]} Run `summits data check` first.")
        outcomes = []
        for name, wanted in chosen.items():
            outcomes.append(_refresh_one(common, PUBLISHERS[name], wanted))
            report(outcomes[-1])
        return outcomes


def _is_edited_catalogue(problem: validation.Problem) -> bool:
    """Say whether the fault is only that series.csv was edited: a row at its end is how a series is added."""
    edited = "other bytes" in problem.message or problem.message == "is out of order."
    more = "more rows have the same fault" in problem.message and "sort the file" in problem.mend
    return problem.file == "series.csv" and (edited or more)


def live_series() -> pd.Series:
    """Return the publisher's own name for every series with a live source, indexed by series id."""
    loaders = catalog.catalogue()["loader"]
    live = loaders[loaders.isin(PUBLISHERS)]
    labels = {name: PUBLISHERS[loader].label(catalog.series(name)) for name, loader in live.items()}
    return pd.Series(labels, dtype=object).dropna()


def choose(sources: Sequence[str], series: Sequence[str]) -> dict[str, dict[str, catalog.Series]]:
    """Return the series to fetch, by publisher and by the publisher's name for them."""
    if unknown := sorted(set(sources) - set(PUBLISHERS)):
        raise CannotRefresh(f"No publisher is called {unknown[0]}. There are {', '.join(PUBLISHERS)}.")
    labels = live_series()
    for series_id in series:
        loader = catalog.series(series_id).loader
        if loader not in PUBLISHERS:
            raise CannotRefresh(f"{series_id} has no live source: it came from a single publication.")
        if series_id not in labels:
            message = f"{loader} does not serve {series_id}. Its row in series.csv must say what the client"
            raise CannotRefresh(f"{message} reads, such as a partner it knows.")
    chosen: dict[str, dict[str, catalog.Series]] = {}
    for series_id, label in labels.items():
        info = catalog.series(str(series_id))
        if (not sources or info.loader in sources) and (not series or info.series_id in series):
            members = chosen.setdefault(info.loader, {})
            if label in members:
                both = f"{info.series_id} and {members[label].series_id}"
                raise CannotRefresh(f"{both} would both be filled from {label}. Remove one from series.csv.")
            members[label] = info
    return chosen


def _refresh_one(common: Circumstances, publisher: Publisher, series: Members) -> Outcome:
    if publisher.needs and not keys.read(publisher.needs):
        message = f"set {publisher.needs} in the environment or in .env."
        return Outcome(publisher.name, "skipped", reason="key", message=message)
    added: judging.Additions | None = None
    try:
        common.transport.start()
        held = _held(common.folder, series.values())
        fetched = _fetch(common, publisher, series, held)
        additions = _judge(common, publisher, series, fetched, held)
        if not common.dry_run:
            _write(common.folder, publisher, additions, fetched)
        added, faults = additions, list[Refused](fetched.waits)
    except OSError:
        # A full disk and the like are no fault of the publisher.
        raise
    except Exception as error:
        accident = Refused("accident", f"{type(error).__name__}: a fault of this program.")
        faults = [error if isinstance(error, Refused) else accident]
    if added is None and not common.dry_run:
        archive.write(common.folder / STATUS, _json(_labelled(common.folder, publisher, faults)))
    reason, message = (faults[0].reason, str(faults[0])) if faults else ("", "")
    unusual = tuple(each for fault in faults for each in getattr(fault, "changes", ()))
    if added is None or faults and added.rows.empty:
        return Outcome(publisher.name, "refused", reason=reason, message=message, unusual=unusual)
    state = "unchanged" if added.rows.empty else "changed"
    counts = added.new, added.unchanged, added.waiting, added.revisions
    return Outcome(publisher.name, state, *counts, reason, message, unusual)


def _held(folder: Path, series: Iterable[catalog.Series]) -> pd.DataFrame:
    """Return every value held, in order of vintages, with the digits of its series."""
    names = {each.series_id: each.table for each in series}
    files = [folder / "observations" / f"{table}.csv" for table in sorted(set(names.values()))]
    none = pd.DataFrame(columns=schema.OBSERVATIONS.names, dtype=str)
    rows = pd.concat([none, *(catalog.read_text_table(file) for file in files if file.exists())])
    rows = rows[rows["series_id"].isin(names)].reset_index(drop=True)
    return rows.assign(digits=rows["value"].map(judging.decimals), value=pd.to_numeric(rows["value"]))


def _fetch(common: Circumstances, publisher: Publisher, series: Members, held: pd.DataFrame) -> _Fetched:
    wanted = {label: _wanted(info, held) for label, info in series.items()}
    fetched, replies = _Fetched(), dict[tuple[str, ...], list[tuple[pd.DataFrame, Request]]]()
    requests = publisher.requests(wanted, common.today)
    for request in requests:
        rows, request, receipts = ask(common.transport, publisher, request)
        fetched.receipts += receipts
        fetched.silent |= set(rows.attrs.pop("silent"))
        replies.setdefault(tuple(request.wanted), []).append((rows, request))
    for parts in replies.values():
        # What several calls bring of the same series is judged together: one month says little.
        last = "" if not all(each.last for _, each in parts) else max(each.last for _, each in parts)
        request = replace(parts[0][1], first=min(each.first for _, each in parts), last=last)
        rows = pd.concat([rows for rows, _ in parts], ignore_index=True)
        try:
            fetched.rows.append(judging.accept(rows, request, held, common.today, common.review))
        except Unusual as fault:
            fetched.waits.append(fault)
    if fetched.rows and (combine := getattr(publisher.client, "combine", None)):
        fetched.rows.append(combine(pd.concat(fetched.rows), wanted))
    asked = {each.series.series_id for request in requests for each in request.wanted.values()}
    brought = {series_id for rows in fetched.rows for series_id in rows["series_id"]}
    unasked = {each.series_id for each in series.values()} - asked - brought
    if unasked and not fetched.waits:
        raise Refused("unasked", f"No call brings {min(unasked)}: what it is made of must be refreshed too.")
    empty = asked - brought - set(held["series_id"])
    if empty and not fetched.waits:
        fetched.waits.append(Unusual("empty", f"The replies have no value of {min(empty)} at all."))
    return fetched


def ask(
    transport: Transport, publisher: Publisher, request: Request
) -> tuple[pd.DataFrame, Request, list[dict]]:
    """Make one call, and the one it leads to, and read the reply.

    Returns
    -------
    rows : pandas.DataFrame
    request : Request
        The last call.
    receipts : list of dict
        One per call.
    """
    receipts = []
    if follow := getattr(publisher.client, "follow", None):
        page, receipt = transport.fetch(publisher, request)
        receipts.append(receipt)
        request = read(follow, page, request)
    body, receipt = transport.fetch(publisher, request)
    return read(publisher.parse, body, request), request, [*receipts, receipt]


def _wanted(info: catalog.Series, held: pd.DataFrame) -> Wanted:
    """Return a series with the last period held, and the first one missing before it."""
    periods = set(held.loc[held["series_id"] == info.series_id, "period"])
    missing = validation.missing_periods(periods, info.frequency)
    return Wanted(info, max(periods, default=""), missing[0] if missing else "")


def read(reader: Callable[[bytes, Request], Any], body: bytes, request: Request) -> Any:
    """Apply a client's `parse` or `follow` to a reply; whatever goes wrong in reading it is a refusal.

    Raises
    ------
    Refused
        If the reply is not of the publisher's form.
    """
    try:
        return reader(body, request)
    except Refused as refusal:
        fault = Refused(refusal.reason, str(refusal))
    except Exception as error:
        message = f"The reply cannot be read ({type(error).__name__}): its form has changed."
        fault = Refused("malformed", message)
    # Raised out here: the reader's own error can hold the reply, which can quote the key, and is not chained.
    raise fault


def _judge(
    common: Circumstances, publisher: Publisher, series: Members, fetched: _Fetched, held: pd.DataFrame
) -> judging.Additions:
    rows = pd.concat(fetched.rows) if fetched.rows else held.iloc[:0]
    infos = {each.series_id: each for each in series.values()}
    gaps = judging.gaps(rows, held, infos, fetched.silent, common.review)
    rows = pd.concat([rows, gaps]) if len(gaps) else rows
    return judging.additions(rows, held, infos, common.today, publisher.never_revised)


# --- writing ------------------------------------------------------------------------------------------


def _write(folder: Path, publisher: Publisher, added: judging.Additions, fetched: _Fetched) -> None:
    status = _labelled(folder, publisher, fetched.waits)
    if added.rows.empty:
        archive.write(folder / STATUS, _json(status))
        return
    tables = _tables(folder, added.rows.assign(source_id=publisher.source_id)) | _sources(folder, publisher)
    # A row for a new series may have been added at the end of the catalogue.
    tables["series.csv"] = catalog.read_text_table(folder / "series.csv")
    name = f"receipts/{publisher.name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    store.change(folder, validation.in_order(tables) | {name: _json(fetched.receipts), STATUS: _json(status)})


def _tables(folder: Path, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables of observations with the rows appended, by path."""
    tables = {}
    for table, part in rows.groupby(rows["series_id"].map(catalog.catalogue()["table"])):
        path = f"observations/{table}.csv"
        held = [catalog.read_text_table(folder / path)] if (folder / path).exists() else []
        tables[path] = pd.concat([*held, part[schema.OBSERVATIONS.names]])
    return tables


def _sources(folder: Path, publisher: Publisher) -> dict[str, pd.DataFrame]:
    """Return the table of sources with a row for the publisher, if it has none."""
    table = catalog.read_text_table(folder / "sources.csv")
    if publisher.source_id in set(table["source_id"]):
        return {}
    row = dict.fromkeys(schema.SOURCES.names, "") | {
        "source_id": publisher.source_id,
        "publisher": publisher.title,
        "title": f"{publisher.title}, fetched",
        "read_from": "the publisher, by summits refresh; each retrieval has a receipt in data/receipts",
        "vintage_rule": VINTAGE_RULES[publisher.never_revised],
    }
    row |= {name: getattr(publisher, name) for name in ("url", "licence", "licence_flag", "redistribution")}
    return {"sources.csv": pd.concat([table, pd.DataFrame([row])])}


def _labelled(folder: Path, publisher: Publisher, faults: Sequence[Refused]) -> dict[str, dict]:
    """Return how all publishers stand, this one anew."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    label = {"state": "stale" if faults else "fresh", "checked": now}
    label |= {"reason": faults[0].reason, "message": str(faults[0])} if faults else {}
    return status_of(folder) | {publisher.name: label}


def status_of(folder: Path) -> dict[str, dict]:
    """Return how each publisher stands; a file that is damaged counts as none, and is written anew."""
    try:
        content = json.loads((folder / STATUS).read_text(encoding="utf-8"))
        return {name: dict(each) for name, each in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _json(content: object) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
