"""Bring the data package up to date from its publishers: fetch, judge, append, and leave a receipt."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from helpers import catalog, paths, schema
from summits import validation
from summits.publishers import PUBLISHERS, judging, keys, store
from summits.publishers.client import Publisher, Refused, Request, Wanted
from summits.publishers.transport import Transport

STATUS = "receipts/status.json"
LARGEST_SHOWN = 5
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
    new, unchanged, waiting : int
        Counts of periods; see `judging.Additions`.
    revisions : tuple of judging.Revision
        Largest first.
    reason, message : str
        Why it was refused or skipped, for machines and for people.
    """

    publisher: str
    state: str
    new: int = 0
    unchanged: int = 0
    waiting: int = 0
    revisions: tuple[judging.Revision, ...] = ()
    reason: str = ""
    message: str = ""

    def lines(self) -> list[str]:
        """Return the summary as lines of text, with the largest revisions."""
        if self.state in ("refused", "skipped"):
            return [f"{self.publisher:20} {self.state} ({self.reason}): {self.message}"]
        counts = f"{self.new} new, {len(self.revisions)} revised, {self.unchanged} unchanged"
        waiting = f", {self.waiting} changed twice today and wait" if self.waiting else ""
        return [f"{self.publisher:20} {counts}{waiting}"] + [
            f"{'':20}   {each.series_id} {each.period}: {each.old:,.10g} → {each.new:,.10g}"
            for each in self.revisions[:LARGEST_SHOWN]
        ]


@dataclass
class _Fetched:
    rows: list[pd.DataFrame] = field(default_factory=list)
    receipts: list[dict] = field(default_factory=list)


def refresh(
    sources: Sequence[str] = (),
    series: Sequence[str] = (),
    dry_run: bool = False,
    transport: Transport | None = None,
    today: date | None = None,
    report: Callable[[Outcome], object] = lambda outcome: None,
) -> list[Outcome]:
    """Fetch from the publishers and append what is new.

    Each publisher is one change of the package, all or nothing. A reply that cannot be believed is refused:
    the last good data stay, and the publisher is labelled stale in ``receipts/status.json``.

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

    Raises
    ------
    CannotRefresh
        If a publisher is unknown, a series has no live source, or the package has faults already.
    store.Busy
        If another process is changing the package.
    """
    folder, today = paths.data_dir(), today or datetime.now(UTC).date()
    transport = transport or Transport()
    with store.locked(folder):
        chosen = _choose(sources, series)
        problems = [each for each in validation.check(folder) if not _is_edited_catalogue(each)]
        if problems:
            first = problems[0]
            raise CannotRefresh(f"The data package has faults: {first} Run `summits data check` first.")
        outcomes = []
        for name, wanted in chosen.items():
            outcomes.append(_refresh_one(folder, PUBLISHERS[name], wanted, dry_run, transport, today))
            report(outcomes[-1])
        return outcomes


def _is_edited_catalogue(problem: validation.Problem) -> bool:
    """Say whether the fault is only that series.csv was edited: a row at its end is how a series is added."""
    edited = "other bytes" in problem.message or problem.message == "is out of order."
    more = "more rows have the same fault" in problem.message and "sort the file" in problem.mend
    return problem.file == "series.csv" and (edited or more)


def live_series() -> pd.Series:
    """Return the publisher's own name for every series with a live source, indexed by series id."""
    labels = {
        info.series_id: PUBLISHERS[info.loader].label(info)
        for info in _all_series()
        if info.loader in PUBLISHERS
    }
    return pd.Series(labels, dtype=object).dropna()


def _all_series() -> list[catalog.Series]:
    rows = catalog.catalogue().reset_index().to_dict("records")
    return [catalog.Series(**row) for row in rows]


def _choose(sources: Sequence[str], series: Sequence[str]) -> dict[str, dict[str, catalog.Series]]:
    """Return the series to fetch, by publisher and by the publisher's name for them."""
    unknown = sorted(set(sources) - set(PUBLISHERS))
    if unknown:
        raise CannotRefresh(f"No publisher is called {unknown[0]}. There are {', '.join(PUBLISHERS)}.")
    labels = live_series()
    for series_id in series:
        loader = catalog.series(series_id).loader
        if loader not in PUBLISHERS:
            raise CannotRefresh(f"{series_id} has no live source: it came from a single publication.")
        if series_id not in labels:
            message = f"{loader} does not serve {series_id}. Its row in series.csv must say what `label` in"
            raise CannotRefresh(
                f"{message} summits/publishers/{loader}.py reads, such as a partner it knows."
            )
    chosen: dict[str, dict[str, catalog.Series]] = {}
    for info in _all_series():
        asked = (not sources or info.loader in sources) and (not series or info.series_id in series)
        if asked and info.series_id in labels:
            label, members = labels[info.series_id], chosen.setdefault(info.loader, {})
            if label in members:
                both = f"{info.series_id} and {members[label].series_id}"
                raise CannotRefresh(f"{both} would both be filled from {label}. Remove one from series.csv.")
            members[label] = info
    return chosen


def _refresh_one(
    folder: Path,
    publisher: Publisher,
    series: dict[str, catalog.Series],
    dry_run: bool,
    transport: Transport,
    today: date,
) -> Outcome:
    if publisher.needs and not keys.read(publisher.needs):
        message = f"set {publisher.needs} in the environment or in .env."
        return Outcome(publisher.name, "skipped", reason="key", message=message)
    held = _held(folder, series.values())
    try:
        fetched = _fetch(folder, publisher, series, held, transport, today)
        added = _judge(publisher, series, fetched, held, today)
        if not dry_run:
            _write(folder, publisher, held, added, fetched.receipts)
    except Refused as refusal:
        if not dry_run:
            _label_stale(folder, publisher, refusal)
        return Outcome(publisher.name, "refused", reason=refusal.reason, message=str(refusal))
    state = "unchanged" if added.rows.empty else "changed"
    return Outcome(publisher.name, state, added.new, added.unchanged, added.waiting, added.revisions)


def _held(folder: Path, series: Iterable[catalog.Series]) -> pd.DataFrame:
    """Return the latest value of each period held, with the digits of its series."""
    names = {each.series_id: each.table for each in series}
    parts = [pd.DataFrame(columns=["series_id", "period", "value", "vintage", "digits"])]
    for table in sorted(set(names.values())):
        path = folder / "observations" / f"{table}.csv"
        if path.exists():
            rows = catalog.read_text_table(path)
            rows = rows[rows["series_id"].isin(names)]
            rows = rows.assign(digits=rows["value"].map(judging.decimals), value=rows["value"].astype(float))
            parts.append(rows.drop_duplicates(["series_id", "period"], keep="last"))
    return pd.concat(parts if len(parts) == 1 else parts[1:], ignore_index=True)


def _fetch(
    folder: Path,
    publisher: Publisher,
    series: dict[str, catalog.Series],
    held: pd.DataFrame,
    transport: Transport,
    today: date,
) -> _Fetched:
    last = held.groupby("series_id")["period"].max()
    wanted = {label: Wanted(info, last.get(info.series_id, "")) for label, info in series.items()}
    known = _status(folder).get(publisher.name, {}).get("validators", {})
    fetched = _Fetched()
    for request in publisher.requests(wanted, today):
        if publisher.follow:
            page, receipt = transport.fetch(publisher, request)
            fetched.receipts.append(receipt)
            request = read(publisher.follow, page, request)
        validators = {} if publisher.combine else _validators(known, request, held)
        body, receipt = transport.fetch(publisher, request, validators)
        fetched.receipts.append(receipt)
        if body is not None:
            rows = read(publisher.parse, body, request)
            fetched.rows.append(judging.accept(rows, request, held, today))
    if publisher.combine and fetched.rows:
        fetched.rows.append(publisher.combine(pd.concat(fetched.rows), wanted))
    return fetched


def read(reader: Callable[[bytes, Request], Any], body: bytes | None, request: Request) -> Any:
    """Apply a client's `parse` or `follow` to a reply; whatever goes wrong in reading it is a refusal.

    Raises
    ------
    Refused
        If the reply is not of the publisher's form.
    """
    try:
        return reader(body or b"", request)
    except Refused as refusal:
        fault = Refused(refusal.reason, str(refusal))
    except Exception as error:
        fault = Refused(
            "malformed", f"The reply cannot be read ({type(error).__name__}): its form has changed."
        )
    # Raised out here: the reader's own error can hold the reply, which can quote the key, and is not chained.
    raise fault


def _validators(known: dict[str, dict], request: Request, held: pd.DataFrame) -> dict[str, str]:
    """Return the marks of the copy read before, if what is held of every series is what was held then.

    It is not after the tables were put back to an earlier state, or a row was added to the catalogue.
    """
    before = known.get(Transport.address(request), {})
    series = {each.series.series_id for each in request.wanted.values()}
    return before if before.get("held") == _last_vintages(series, held) else {}


def _last_vintages(series: Iterable[str], rows: pd.DataFrame) -> dict[str, str]:
    """Return the last vintage of each series."""
    last = rows.groupby("series_id")["vintage"].max()
    return {series_id: last.get(series_id, "") for series_id in sorted(series)}


def _judge(
    publisher: Publisher,
    series: dict[str, catalog.Series],
    fetched: _Fetched,
    held: pd.DataFrame,
    today: date,
) -> judging.Additions:
    columns = ["series_id", "period", "value", "vintage"]
    rows = pd.concat([pd.DataFrame(columns=columns), *fetched.rows]) if fetched.rows else held.iloc[:0]
    infos = {each.series_id: each for each in series.values()}
    return judging.additions(rows, held, infos, today, publisher.never_revised)


# --- writing ------------------------------------------------------------------------------------------


def _write(
    folder: Path, publisher: Publisher, held: pd.DataFrame, added: judging.Additions, receipts: list[dict]
) -> None:
    status = _status(folder)
    validators = status.get(publisher.name, {}).get("validators", {})
    if not added.waiting:
        validators = validators | _marks(receipts, pd.concat([held, added.rows]))
    status[publisher.name] = {"state": "fresh", "checked": _now(), "validators": validators}
    if added.rows.empty:
        _write_status(folder, status)
        return
    files = _tables(folder, added.rows.assign(source_id=publisher.source_id))
    files |= _sources(folder, publisher) | _catalogue(folder)
    name = f"receipts/{publisher.name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    files |= {name: _json(receipts), STATUS: _json(status)}
    store.change(folder, files)


def _tables(folder: Path, rows: pd.DataFrame) -> dict[str, bytes]:
    """Return the observation files with the rows appended, in order."""
    order = ["series_id", "period", "vintage"]
    files = {}
    for table, part in rows.groupby(rows["series_id"].map(catalog.catalogue()["table"])):
        path = f"observations/{table}.csv"
        held = [catalog.read_text_table(folder / path)] if (folder / path).exists() else []
        whole = pd.concat([*held, part[schema.OBSERVATIONS.names]]).sort_values(order)
        files[path] = _csv(whole)
    return files


def _sources(folder: Path, publisher: Publisher) -> dict[str, bytes]:
    """Return the table of sources with a row for the publisher, if it has none."""
    table = catalog.read_text_table(folder / "sources.csv")
    if publisher.source_id in set(table["source_id"]):
        return {}
    row = dict.fromkeys(schema.SOURCES.names, "") | {
        "source_id": publisher.source_id,
        "publisher": publisher.title,
        "title": f"{publisher.title}, fetched",
        "url": publisher.url,
        "read_from": "the publisher, by summits refresh; each retrieval has a receipt in data/receipts",
        "licence": publisher.licence,
        "licence_flag": publisher.licence_flag,
        "redistribution": publisher.redistribution,
        "vintage_rule": VINTAGE_RULES[publisher.never_revised],
    }
    return {"sources.csv": _csv(pd.concat([table, pd.DataFrame([row])]).sort_values("source_id"))}


def _catalogue(folder: Path) -> dict[str, bytes]:
    """Return the catalogue in order: a row for a new series may have been added at its end."""
    table = catalog.read_text_table(folder / "series.csv")
    return {"series.csv": _csv(table.sort_values("series_id"))}


def _label_stale(folder: Path, publisher: Publisher, refusal: Refused) -> None:
    status = _status(folder)
    before = status.get(publisher.name, {})
    label = {"state": "stale", "checked": _now(), "reason": refusal.reason, "message": str(refusal)}
    status[publisher.name] = {"validators": before.get("validators", {})} | label
    _write_status(folder, status)


def _marks(receipts: list[dict], rows: pd.DataFrame) -> dict[str, dict]:
    """Return what lets the next call of each address be conditional, and what is held once `rows` are in."""
    kept = ("etag", "last_modified")
    return {
        each["address"]: {name: each[name] for name in kept} | {"held": _last_vintages(each["series"], rows)}
        for each in receipts
        if each["status"] == 200 and (each["etag"] or each["last_modified"])
    }


def _status(folder: Path) -> dict[str, dict]:
    path = folder / STATUS
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _write_status(folder: Path, status: dict) -> None:
    path = folder / STATUS
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_suffix(".tmp")
    fresh.write_bytes(_json(status))
    os.replace(fresh, path)


def _json(content: object) -> bytes:
    text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True)
    return keys.redact(text + "\n").encode()


def _csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, lineterminator="\n").encode()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
