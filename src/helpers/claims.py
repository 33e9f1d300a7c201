"""A pre-specified test in a notebook: try the estimator, then leave its results under the id of the test.

The same four or five records follow from every test: ``C16a_mde`` before anything else, then ``C16a_effect``,
``C16a_placebo_p``, ``C16a_lead``, ``C16a_leave_one_out`` and ``C16a_verdict``. What could not be estimated is
recorded as missing, with the reason.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from helpers import catalog
from helpers.methods.checks import UnusableInput
from helpers.methods.comparison import DateComparison
from helpers.methods.results import Estimate
from helpers.methods.verdict import Evidence, Verdict
from helpers.observations import NotYetKnown
from helpers.records import record


@dataclass(frozen=True)
class NotEstimated:
    """Stands where an estimate would, and says why there is none; it is empty and counts as false."""

    why: str
    effect: None = None
    lead: None = None
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    leave_one_out: Mapping[pd.Timestamp, Estimate] = field(default_factory=dict)
    placebo: np.ndarray = field(default_factory=lambda: np.empty(0))

    def __len__(self) -> int:
        return 0


def attempt(estimator: Callable[..., Any], *args: Any, **settings: Any) -> Any:
    """Return what an estimator gives, or `NotEstimated` with the reason if the data do not allow it."""
    try:
        return estimator(*args, **settings)
    except (UnusableInput, NotYetKnown) as error:
        return NotEstimated(str(error))


def evidence(
    comparison: DateComparison | NotEstimated, *, rungs: Iterable[Any] = (), **stated: Any
) -> Evidence:
    """Return the evidence that a comparison gives, with what the claim states (sign, margin, regions).

    What is stated takes the place of what the comparison gives; rungs that could not be estimated are left
    out.
    """
    effect = comparison.effect
    measured = Evidence(
        estimate=effect,
        usable_events=len(comparison.rows),
        placebo_p=effect.p_value if effect else None,
        leave_one_out=tuple(comparison.leave_one_out.values()),
        lead=comparison.lead,
        mde=effect.details["mde"] if effect else None,
        rungs=tuple(getattr(rung, "effect", rung) for rung in rungs if rung),
    )
    return replace(measured, **stated)


def family_p(test_id: str, p_value: float) -> float:
    """Multiply a p value by the number of primary tests in the family of a test (Bonferroni).

    This needs no result of the other tests, which may be another notebook's.
    """
    return min(1.0, p_value * catalog.claim_test(test_id)["family_size"])


def record_estimate(name: str, result: Any, *, as_of: str, **details: Any) -> None:
    """Record an estimate, the effect of a comparison, or why there is none."""
    if isinstance(result, NotEstimated):
        record(name, None, unit="not estimated", as_of=as_of, why=result.why, **details)
    else:
        record(name, as_of=as_of, **getattr(result, "effect", result).record(), **details)


def record_detail(
    name: str, comparison: DateComparison | NotEstimated, detail: str, *, unit: str, as_of: str
) -> None:
    """Record one of the details of an effect under its own name, so that prose can speak of it."""
    _record(name, comparison, as_of, unit, lambda effect: effect.details[detail])


def record_p(name: str, comparison: DateComparison | NotEstimated, *, as_of: str) -> None:
    """Record the two-sided placebo p value of a comparison under its own name."""
    unit, effect = "probability", comparison.effect
    if effect and effect.p_value is None:
        record(name, None, unit=unit, as_of=as_of, why="too few placebo dates")
    else:
        method = f"two-sided p value against placebo; {effect.method if effect else ''}"
        _record(name, comparison, as_of, unit, lambda effect: effect.p_value, method)


def record_mde(test_id: str, comparison: DateComparison | NotEstimated, *, as_of: str) -> None:
    """Record the minimum detectable effect of a test, which stands before its result."""
    unit = comparison.effect.unit if comparison.effect else ""
    method = "minimum detectable effect, 80 percent power, 5 percent two-sided"
    _record(f"{test_id}_mde", comparison, as_of, unit, lambda effect: effect.details["mde"], method)


def _record(
    name: str,
    comparison: DateComparison | NotEstimated,
    as_of: str,
    unit: str,
    value: Callable[[Estimate], Any],
    method: str = "",
) -> None:
    """Record a number that belongs to the effect of a comparison, or why there is none."""
    if isinstance(comparison, NotEstimated):
        record_estimate(name, comparison, as_of=as_of)
    else:
        n, window = comparison.effect.n, comparison.effect.window
        record(name, value(comparison.effect), unit=unit, n=n, method=method, window=window, as_of=as_of)


def record_result(
    test_id: str, comparison: DateComparison | NotEstimated, decision: Verdict, *, as_of: str
) -> None:
    """Record effect, placebo p value, lead, range with one date left out, and verdict of a test."""
    if isinstance(comparison, NotEstimated):
        for part in ("effect", "placebo_p", "lead"):
            record_estimate(f"{test_id}_{part}", comparison, as_of=as_of)
    else:
        for part, fields in _parts(comparison).items():
            record(f"{test_id}_{part}", as_of=as_of, **fields)
        record_p(f"{test_id}_placebo_p", comparison, as_of=as_of)
    record(f"{test_id}_verdict", as_of=as_of, **decision.record())


def verdict_row(test_id: str, comparison: DateComparison | NotEstimated, decision: Verdict) -> dict[str, Any]:
    """Return the row of a test for `helpers.tables.verdict_table`."""
    row = {"claim": f"{test_id}: {catalog.claim_test(test_id)['claim']}", "verdict": decision.word}
    if isinstance(comparison, NotEstimated):
        return row | {"why": "; ".join((*decision.reasons, comparison.why))}
    effect = comparison.effect
    return row | {
        "why": "; ".join(decision.reasons),
        "value": effect.value,
        "low": effect.low,
        "high": effect.high,
        "unit": effect.unit,
        "mde": effect.details.get("mde"),
        "placebo_rank": effect.p_value,
        "n": effect.n,
    }


def _parts(comparison: DateComparison) -> dict[str, dict[str, Any]]:
    effect, left_out = comparison.effect, comparison.leave_one_out
    same = {"unit": effect.unit, "n": effect.n, "window": effect.window}
    parts = {"effect": effect.record()}
    if comparison.lead is not None:
        parts["lead"] = comparison.lead.record()
    if left_out:
        values = [estimate.value for estimate in left_out.values()]
        parts["leave_one_out"] = same | {
            "value": effect.value,
            "low": min(effect.value, *values),
            "high": max(effect.value, *values),
            "method": "smallest and largest estimate with one left out in turn; no interval",
        }
    return parts
