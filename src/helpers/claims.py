"""A pre-specified test in a notebook: try the estimator, then leave its results under the id of the test.

The same records follow from every test: ``C16a_mde`` before anything else, then ``C16a_effect``,
``C16a_placebo_p``, ``C16a_lead`` and ``C16a_leave_one_out`` where the design has them, and ``C16a_verdict``.
What could not be estimated is recorded as missing, with the reason.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from helpers import catalog
from helpers.methods.checks import UnusableInput
from helpers.methods.comparison import DateComparison, spread_out
from helpers.methods.placebo import MINIMUM_POOL
from helpers.methods.results import Estimate, rescale
from helpers.methods.verdict import Evidence, Verdict, verdict, widened
from helpers.observations import NotYetKnown
from helpers.records import record


@dataclass(frozen=True)
class NotEstimated:
    """Stands where an estimate would, and says why there is none; it is empty and counts as false.

    Whether something was estimated is asked in one way: ``if comparison``.
    """

    why: str
    effect: None = None
    lead: None = None
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    leave_one_out: Mapping[pd.Timestamp, Estimate] = field(default_factory=dict)
    placebo: np.ndarray = field(default_factory=lambda: np.empty(0))

    def __len__(self) -> Literal[0]:
        return 0

    def __bool__(self) -> Literal[False]:
        return False


def attempt(estimator: Callable[..., Any], *args: Any, **settings: Any) -> Any:
    """Return what an estimator gives, or `NotEstimated` with the reason if the data do not allow it.

    A wrong call, such as an unknown method or a missing argument, is no matter of the data and fails.
    """
    try:
        return estimator(*args, **settings)
    except (UnusableInput, NotYetKnown) as error:
        return NotEstimated(str(error))


def evidence(
    comparison: DateComparison | NotEstimated, *, rungs: Iterable[Any] = (), **stated: Any
) -> Evidence:
    """Return the evidence that a comparison gives, with what the claim states (sign, margin, regions).

    What is stated takes the place of what the comparison gives. Rungs that could not be estimated are left
    out, and so is the headline itself with another interval: a rescaled estimate is no second estimator.
    """
    headline = comparison.effect.value if comparison else np.nan
    others = [getattr(rung, "effect", rung) for rung in rungs if rung]
    measured = Evidence(
        estimate=comparison.effect,
        usable_events=len(comparison.rows),
        placebo_p=comparison.effect.p_value if comparison else None,
        leave_one_out=tuple(comparison.leave_one_out.values()),
        lead=comparison.lead,
        mde=comparison.effect.details["mde"] if comparison else None,
        residual_p=comparison.effect.details.get("residual_p") if comparison else None,
        rungs=tuple(rung for rung in others if not np.isclose(rung.value, headline)),
    )
    asked = replace(measured, **stated)
    if not comparison or not asked.sign or asked.margin is None:
        return asked
    return replace(asked, margin_p=comparison.p_value(_bound(asked)))


def _bound(evidence: Evidence) -> float:
    """Return the margin with the sign of the claim; zero for a claim without a sign."""
    return {"positive": 1.0, "negative": -1.0}.get(evidence.sign or "", 0.0) * (evidence.margin or 0.0)


def severity(decision: Verdict, comparison: DateComparison | NotEstimated) -> dict[str, Any]:
    """Return how many placebo sets would earn the same word, by the rule and by its first reading.

    That is the rate of a false word where nothing happened, and not the severity of Mayo and Spanos.
    What is not known at a placebo set (leads, other estimators, further conditions) is granted; its p values
    are computed anew. Without intervals of the placebo sets the real one is moved to the value of each set,
    of at most 199 evenly spaced ones.

    Parameters
    ----------
    decision : Verdict
    comparison : DateComparison or NotEstimated
        With the effect at the placebo sets.

    Returns
    -------
    dict
        ``severity``, ``severity_before`` (0 to 1), ``severity_sets``, ``severity_interval`` (own or moved),
        ``severity_bound``: where no set earns the word, its true share could still be so large (95 percent);
        empty without 19 placebo sets. No placebo can earn or lose a word that a bar decides, such as
        *descriptive only*: that is None.
    """
    real, values = decision.evidence.estimate if decision.evidence else None, comparison.placebo
    few = np.isfinite(values).sum() < MINIMUM_POOL
    if few or not comparison or decision.evidence is None or real is None or real.low is None:
        return {}
    bounded = {place: each for place, each in comparison.elsewhere().items() if each.low is not None}
    moved = {int(place): rescale(real, shift=values[place] - real.value)
             for place in spread_out(len(values)) if np.isfinite(values[place])}  # fmt: skip
    chosen = bounded or moved
    earned = [verdict(_granted(decision.evidence, each, comparison, at)) for at, each in chosen.items()]
    same = [each.word == decision.word for each in earned]
    same_before = [each.before == decision.before for each in earned]
    return {
        "severity": sum(same) / len(same) if decision.conditions else None,
        "severity_before": sum(same_before) / len(same) if decision.before != "descriptive only" else None,
        "severity_sets": len(earned),
        "severity_interval": "own" if bounded else "moved",
        "severity_bound": 1 - 0.05 ** (1 / len(earned)),
    }


def _granted(evidence: Evidence, effect: Estimate, comparison: DateComparison, place: int) -> Evidence:
    """Return the evidence as it would be at a placebo set, all else granted."""
    return replace(
        evidence,
        estimate=effect,
        placebo_p=comparison.p_value(place=place),
        margin_p=comparison.p_value(_bound(evidence), place),
        family_p=None,
        residual_p=None,
        leave_one_out=(effect,),
        rungs=(effect,),
        lead=effect.changed(value=0.0, low=-1.0, high=1.0),
        supports_also={},
        contradicts_when={},
    )


def looks(test_id: str) -> int:
    """Return the number of primary tests in the family of a test."""
    return catalog.claim_test(test_id)["family_size"]


def family_p(test_id: str, p_value: float) -> float:
    """Multiply a p value by the number of primary tests in the family of a test (Bonferroni).

    This needs no result of the other tests, which may be another notebook's.
    """
    return min(1.0, p_value * looks(test_id))


def record_estimate(name: str, result: Any, *, as_of: str, **details: Any) -> None:
    """Record an estimate, the effect of a comparison, or why there is none."""
    if not result:
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
    if comparison and comparison.effect.p_value is None:
        record(name, None, unit="probability", as_of=as_of, why="too few comparable placebo dates")
        return
    effect = comparison.effect
    method = f"{effect.details.get('p_test', 'placebo p')}; {effect.method}" if effect else ""
    _record(name, comparison, as_of, "probability", lambda effect: effect.p_value, method)


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
    if not comparison:
        record_estimate(name, comparison, as_of=as_of)
    else:
        n, window = comparison.effect.n, comparison.effect.window
        record(name, value(comparison.effect), unit=unit, n=n, method=method, window=window, as_of=as_of)


def record_result(
    test_id: str, comparison: DateComparison | NotEstimated, decision: Verdict, *, as_of: str
) -> None:
    """Record effect, placebo p value, lead, range with one date left out, and verdict of a test."""
    if not comparison:
        for part in ("effect", "placebo_p", "lead"):
            record_estimate(f"{test_id}_{part}", comparison, as_of=as_of)
    else:
        for part, fields in _parts(comparison).items():
            record(f"{test_id}_{part}", as_of=as_of, **fields)
        record_p(f"{test_id}_placebo_p", comparison, as_of=as_of)
    record(f"{test_id}_verdict", as_of=as_of, **decision.record(), **severity(decision, comparison))


def verdict_row(test_id: str, comparison: DateComparison | NotEstimated, decision: Verdict) -> dict[str, Any]:
    """Return the row of a test for `helpers.tables.verdict_table`, with the interval that decides."""
    claim = f"{test_id}: {catalog.claim_test(test_id)['claim']}"
    row: dict[str, Any] = {"claim": claim, "verdict": decision.word}
    if not comparison:
        return row | {"why": "; ".join((*decision.reasons, comparison.why))}
    effect, shown = comparison.effect, decision.evidence and widened(decision.evidence)
    row |= {name: getattr(shown or effect, name) for name in ("value", "low", "high", "unit", "n")}
    row |= {"mde": effect.details.get("mde"), "placebo_rank": effect.p_value}
    return row | {"why": "; ".join(decision.reasons)}


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
