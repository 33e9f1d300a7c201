"""A pre-specified test in a notebook: try the estimator, then leave its results under the id of the test.

The same four or five records follow from every test: ``C16a_mde`` before anything else, then ``C16a_effect``,
``C16a_placebo_p``, ``C16a_lead``, ``C16a_leave_one_out`` and ``C16a_verdict``. What could not be estimated is
recorded as missing, with the reason. `combined` puts the verdicts of the tests of a claim together.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

import numpy as np
import pandas as pd

from helpers import catalog
from helpers.methods.checks import UnusableInput
from helpers.methods.comparison import DateComparison
from helpers.methods.results import Estimate
from helpers.methods.verdict import ALPHA, Evidence, Verdict, Word
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
    comparison: DateComparison | NotEstimated, *, rungs: Iterable[Any] = (), **claim: Any
) -> Evidence:
    """Return the evidence that a comparison gives, with what the claim states (sign, margin, regions).

    What is stated takes the place of what the comparison gives; rungs that could not be estimated are left
    out.
    """
    effect = comparison.effect
    fields: dict[str, Any] = {
        "estimate": effect,
        "usable_events": len(comparison.rows),
        "placebo_p": effect.p_value if effect else None,
        "leave_one_out": tuple(comparison.leave_one_out.values()),
        "lead": comparison.lead,
        "mde": effect.details["mde"] if effect else None,
        "rungs": tuple(getattr(rung, "effect", rung) for rung in rungs if rung),
    }
    return Evidence(**(fields | claim))


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
    effect = comparison.effect
    if effect:
        record(name, effect.details[detail], unit=unit, n=effect.n, window=effect.window, as_of=as_of)
    else:
        record_estimate(name, comparison, as_of=as_of)


def record_p(name: str, comparison: DateComparison | NotEstimated, *, as_of: str) -> None:
    """Record the two-sided placebo p value of a comparison under its own name."""
    effect = comparison.effect
    if effect and effect.p_value is None:
        record(name, None, unit="probability", as_of=as_of, why="too few placebo dates")
    elif effect:
        method = f"two-sided p value against placebo; {effect.method}"
        record(
            name,
            effect.p_value,
            unit="probability",
            n=effect.n,
            method=method,
            window=effect.window,
            as_of=as_of,
        )
    else:
        record_estimate(name, comparison, as_of=as_of)


def record_mde(test_id: str, comparison: DateComparison | NotEstimated, *, as_of: str) -> None:
    """Record the minimum detectable effect of a test, which stands before its result."""
    effect = comparison.effect
    if not effect:
        record_estimate(f"{test_id}_mde", comparison, as_of=as_of)
        return
    record(
        f"{test_id}_mde",
        effect.details["mde"],
        unit=effect.unit,
        n=effect.n,
        method="minimum detectable effect, 80 percent power, 5 percent two-sided",
        window=effect.window,
        as_of=as_of,
    )


def record_result(
    test_id: str, comparison: DateComparison | NotEstimated, decision: Verdict, *, as_of: str
) -> None:
    """Record effect, placebo p value, lead, range with one date left out, and verdict of a test."""
    if isinstance(comparison, DateComparison):
        for part, fields in _parts(comparison).items():
            record(f"{test_id}_{part}", as_of=as_of, **fields)
        record_p(f"{test_id}_placebo_p", comparison, as_of=as_of)
    else:
        for part in ("effect", "placebo_p", "lead"):
            record_estimate(f"{test_id}_{part}", comparison, as_of=as_of)
    record(f"{test_id}_verdict", as_of=as_of, **decision.record())


def verdict_row(test_id: str, comparison: DateComparison | NotEstimated, decision: Verdict) -> dict[str, Any]:
    """Return the row of a test for `helpers.tables.verdict_table`."""
    test = catalog.claim_test(test_id)
    why = [comparison.why] if isinstance(comparison, NotEstimated) else []
    reasons = (*decision.reasons, *why)
    row = {"claim": f"{test_id}: {test['claim']}", "verdict": decision.word, "why": "; ".join(reasons)}
    effect = comparison.effect
    if not effect:
        return row
    return row | {
        "value": effect.value,
        "low": effect.low,
        "high": effect.high,
        "unit": effect.unit,
        "mde": effect.details.get("mde"),
        "placebo_rank": effect.p_value,
        "n": effect.n,
    }


def combined(words: Iterable[str], *, testable: bool = True, cap: str = "") -> Word:
    """Combine the verdicts of the primary tests of a claim into one word.

    The rule was fixed before the words were put together: *supported* and *contradicted* need every primary
    test; where no primary test may carry a word, the claim is *descriptive only*; all else is *inconclusive*.

    Parameters
    ----------
    words : iterable of str
        Verdict of each primary test, in any order.
    testable : bool
        Whether any series observes what the claim is about.
    cap : str
        The strongest word that the claim allows, or blank.

    Raises
    ------
    ValueError
        If a word is not one of the verdict rule.
    """
    distinct = set(words)
    if unknown := distinct - set(get_args(Word)):
        raise ValueError(f"{sorted(unknown)} is no verdict: the rule knows {', '.join(get_args(Word))}.")
    if not testable:
        return "not testable"
    if cap == "descriptive only" or distinct <= {"descriptive only", "not testable"}:
        return "descriptive only"
    if distinct == {"supported"}:
        return "supported"
    return "contradicted" if distinct == {"contradicted"} else "inconclusive"


def within_family(word: Word, *, sign: str | None, adjusted_p: float | None) -> Word:
    """Take back *supported* where a claimed effect does not survive the adjustment within its family.

    A claim of no effect rests on its interval, not on a p value, and is left as it is.
    """
    fails = adjusted_p is not None and adjusted_p > ALPHA
    return "inconclusive" if word == "supported" and sign and fails else word


def in_margins(inputs: Mapping[str, Any]) -> dict[str, float] | None:
    """Express an estimate in units of its margin, so that tests of different units stand side by side.

    Parameters
    ----------
    inputs : mapping
        The evidence kept in a verdict record: estimate, margin, sign, supports_if.

    Returns
    -------
    dict or None
        value, low, high. Where a sign is claimed, 1 is the smallest effect that matters in that direction;
        where the claim names a region, -1 and 1 are its ends (of a region of ratios, on the log scale). A
        missing end is NaN. None if there is no estimate, or neither a margin nor a bounded region.
    """
    estimate, margin = inputs.get("estimate"), inputs.get("margin") or 0.0
    region = next((region for region in inputs.get("supports_if") or () if None not in region.values()), None)
    if not estimate or not (margin or region):
        return None
    ends = [math.nan if estimate[end] is None else estimate[end] for end in ("low", "value", "high")]
    scaled = [_place(end, region) if region else end / margin for end in ends]
    if inputs.get("sign") == "negative":
        scaled = [-end for end in reversed(scaled)]
    return dict(zip(("low", "value", "high"), scaled, strict=True))


def _place(value: float, region: Mapping[str, float]) -> float:
    """Return where a value lies in a region: -1 and 1 at its ends."""
    above, below = region["above"], region["below"]
    if above > 0:
        value, above, below = (math.log(end) if end > 0 else math.nan for end in (value, above, below))
    return (2 * value - above - below) / (below - above)


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
