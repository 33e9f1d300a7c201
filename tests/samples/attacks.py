"""Wrong values on purpose: the bundled figures of each publisher, spoilt in many ways, in its own shape."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from helpers import catalog
from samples import package, replies
from summits import refresh
from summits.publishers import PUBLISHERS, judging
from summits.publishers.client import Publisher, Refused, Request

TODAY = date(2026, 11, 23)
Values = dict[str, float]


@dataclass(frozen=True)
class Target:
    """A series under attack, how its publisher writes it, and the history given."""

    series_id: str
    write: Callable[[Values, Request], bytes]
    first: str = ""

    @property
    def info(self) -> catalog.Series:
        """The row of the catalogue."""
        return catalog.series(self.series_id)


def _policy(values: Values, request: Request) -> bytes:
    days = pd.DatetimeIndex(list(values))
    columns = {
        "day": days.day,
        "month": days.month,
        "year": days.year,
        "daily_tpu_index": list(values.values()),
    }
    return replies.csv(columns)


def _vix(values: Values, request: Request) -> bytes:
    levels = 500 + np.cumsum([0.0, *values.values()])
    days = ["2003-12-31", *values]
    return replies.csv({"DATE": [f"{day[5:7]}/{day[8:]}/{day[:4]}" for day in days], "CLOSE": levels})


def _owid(values: Values, request: Request) -> bytes:
    return replies.owid({"China": values})


TARGETS = {
    target.info.loader + " " + target.series_id: target
    for target in (
        Target("fred_IPG3344S", lambda values, request: replies.fred(values, "IPG3344S")),
        Target("usdcny", lambda values, request: replies.fred(values, "DEXCHUS")),
        Target("us_exp_cn_hs8542", lambda values, request: replies.census(values), "2013-01"),
        Target("nl_exp_cn_hs8486", lambda values, request: replies.eurostat(values), "2021-01"),
        Target("kr_exp_cn_hs8486", lambda values, request: replies.comtrade(values, 410, 156, "8486")),
        Target("kr_exp_cn_hs8542", lambda values, request: replies.korea(values), "2012-01"),
        Target("cset_ai_patents_submitted_cn", _owid),
        Target("tsmc_monthly_revenue", lambda values, request: replies.finmind(values)),
        Target(
            "aigpr_total",
            lambda values, request: replies.csv(
                {"Date": [f"{each}-01" for each in values], "GPR_AI": list(values.values())}
            ),
        ),
        Target(
            "gprd",
            lambda values, request: replies.stata(list(values), {"GPRD": list(values.values())}, "date"),
        ),
        Target("tpu_us_daily", _policy),
        Target("factor_mom", lambda values, request: replies.fama_french({"Mom": values})),
        Target("change_VIX", _vix),
    )
}
STEPS = {"M": "M", "A": "Y", "D": "B"}


def truth(target: Target) -> tuple[Values, Values]:
    """Return what is held, and the next periods as they might come out."""
    held = package.values(target.series_id, target.first)
    held = {period: value for period, value in held.items() if period < "2026-11"}
    freq = STEPS[target.info.frequency]
    last, day = pd.Period(max(held), freq), pd.Timestamp(TODAY)
    over = [str(last + step) for step in (1, 2, 3) if (last + step).end_time < day]
    usual = list(held.values())[-len(over) :] if over else []
    digits = max(judging.decimals(judging.number_text(value)) for value in list(held.values())[-50:])
    return held, dict(zip(over, (round(value * 1.01, digits) for value in usual), strict=True))


def faults(held: Values, new: Values, frequency: str) -> Iterator[tuple[str, Values]]:
    """Yield each fault with the values that the publisher then sends."""
    good, names, chance = held | new, list(held), np.random.default_rng(5)
    array = np.array(list(held.values()))
    places = {"first": names[0], "middle": names[len(names) // 2], "last": names[-1]}
    for factor in (-1, 10, 100, 1000, 0.1, 0.01, 0.001):
        yield f"all held × {factor:g}", {p: v * factor for p, v in held.items()} | new
        for place, period in places.items():
            yield f"{place} held × {factor:g}", good | {period: held[period] * factor}
        for place, period in zip(("next", "after next"), new, strict=False):
            yield f"{place} × {factor:g}", good | {period: new[period] * factor}
        yield f"last eight × {factor:g}", good | {p: held[p] * factor for p in names[-8:]}
    for place, period in zip(("next", "after next"), new, strict=False):
        yield f"{place} tiny", good | {period: 1e-9}
        yield f"{place} negative", good | {period: -abs(new[period]) - 1.0}
        yield f"{place} huge", good | {period: 1e30}
    for place, period in places.items():
        yield f"{place} held lost", {p: v for p, v in good.items() if p != period}
        yield f"{place} held is 0", good | {period: 0.0}
    moved = np.roll(array, 1)
    for name, values in {
        "shuffled": chance.permutation(array),
        "moved by one": moved,
        "reversed": array[::-1],
        "constant": np.full(len(array), array[-1]),
        "noise of 30 percent": array * chance.uniform(0.7, 1.3, len(array)),
        "noise of 5 percent": array * chance.uniform(0.95, 1.05, len(array)),
        "0.4 percent more": array * 1.004,
        "20 percent less": array * 0.8,
        "one amount more": array + abs(np.median(array)),
        "last twelve moved by one": np.r_[array[:-12], moved[-12:]],
        "last twelve × 1.1": np.r_[array[:-12], array[-12:] * 1.1],
        "last twelve in another order": np.r_[array[:-12], chance.permutation(array[-12:])],
    }.items():
        yield name, dict(zip(names, map(float, values), strict=True)) | new
    running = {"M": "2026-11", "A": "2026", "D": "2026-11-23"}[frequency]
    ahead = {"M": "2027-03", "A": "2028", "D": "2026-12-01"}[frequency]
    yield "running period", good | {running: array[-1]}
    yield "future period", good | {ahead: array[-1]}
    if len(new) > 1 and frequency != "D":
        yield "hole before a new period", {p: v for p, v in good.items() if p != next(iter(new))}


class Stub:
    """A transport that answers each request from values."""

    def __init__(self, target: Target, values: Values):
        self.target, self.values = target, values

    def start(self) -> None:
        """Begin: nothing to do."""

    def fetch(self, publisher: Publisher, request: Request) -> tuple[bytes, dict]:
        """Return the values in the periods of the request, in the publisher's shape."""
        own = {p: v for p, v in self.values.items() if request.first <= p}
        if publisher.name in ("comtrade", "korea_customs"):
            own = {p: v for p, v in own.items() if p <= request.last}
        return self.target.write(own, request), {
            "address": "x",
            "status": 200,
            "etag": "",
            "last_modified": "",
        }


def taken(target: Target, sent: Values, good: Values) -> tuple[str, list[str]]:
    """Return how a refresh with these values ends, and the wrong values that it would write."""
    info, publisher = target.info, PUBLISHERS[target.info.loader]
    folder = package.REAL
    held = refresh._held(folder, [info])
    series = {publisher.label(info): info}
    common = refresh.Circumstances(folder, Stub(target, sent), TODAY)
    try:
        fetched = refresh._fetch(common, publisher, series, held)
        if fetched.waits:
            return fetched.waits[0].reason, []
        added = refresh._judge(common, publisher, series, fetched, held)
    except Refused as refusal:
        return refusal.reason, []
    step = judging.RETURN_TOLERANCE if info.stored_as == "return" else 1e-6
    wrong = [
        f"{row.period} {row.value}"
        for row in added.rows.itertuples()
        if row.value and not np.isclose(float(row.value), good.get(row.period, np.nan), rtol=1e-4, atol=step)
    ]
    return "taken", wrong


def argument(target: Target, wrong: list[str]) -> str:
    """Say why wrong values cannot be told from true ones; empty if nothing excuses that they are taken."""
    held, _ = truth(target)
    values = dict(line.split() for line in wrong)
    array = np.array(list(held.values()))
    new = [float(value) for period, value in values.items() if period not in held]
    revised = {period: float(value) for period, value in values.items() if period in held}
    if new and not revised and all(array.min() <= value <= array.max() for value in new):
        return "a new value inside the range that the series has had"
    if new and not revised and all(array.min() / 3 <= value <= 3 * array.max() for value in new):
        return "a new value less than three times beyond the range that the series has had"
    usual = np.median(np.abs(array))
    moves = {period: abs(value - held[period]) for period, value in revised.items()}
    small = all(move <= max(abs(held[period]), usual) for period, move in moves.items())
    if target.info.stored_as in ("return", "change") and not new and len(revised) == 1 and small:
        return "one daily return or change revised by its own size, or by the usual one, at most"
    if not new and all(abs(value / held[period] - 1) <= 0.06 for period, value in revised.items()):
        return "revisions of a few percent, as reporters make them"
    return ""


def attacks() -> Iterator[tuple[str, str, str, list[str], str]]:
    """Run every fault on every target: target, fault, how it ended, wrong values, what excuses them."""
    for name, target in TARGETS.items():
        held, new = truth(target)
        for fault, sent in faults(held, new, target.info.frequency):
            ending, wrong = taken(target, sent, held | new)
            yield name, fault, ending, wrong, argument(target, wrong) if wrong else ""
