"""The verdict rule: from results to one of five words, mechanically.

The rule is point 15 of the project's charter, which the specification names (``rule: charter-15``) and which
was written before any estimate:

- *not testable*: no public series observes what the claim is about.
- *descriptive only*: fewer than five usable events, no comparator, or events that cannot be told apart.
- *supported*: the interval excludes zero in the claimed direction, placebo p is at most 0.05, no event
  carries the result, leads do not explain it, and at least two estimators agree.
- *contradicted*: the interval excludes every effect of the size that matters in the claimed direction.
- *inconclusive*: anything else, with the minimum detectable effect.

A claim may instead state regions in which its interval must lie (equivalence, or a bound fixed beforehand).

What point 15 leaves open is read so:

- An effect that is sure but smaller than the margin meets both *supported* and *contradicted*: inconclusive.
- A lead explains the effect if its own interval excludes zero and it is at least half as large.
- An event carries the result if the estimate without it has another sign (with regions: if its interval lies
  in the contradicting region).
- Estimators agree if the interval of at least one other lies where that of the headline must lie.
- Multiplicity is charged by the p value within the family; the interval is not widened.
- A claim of no effect rests on its interval: neither placebo p nor leads are asked for.
- A design without dated events (a trend, a share of meetings) has neither leads nor events to leave out. One
  event by nature is judged against placebo days and has no event to leave out.

Point 16 of the charter is no part of the rule, because the specification does not name it. It says that the
best possible verdict is *inconclusive* where the minimum detectable effect exceeds the margin. No word is
changed for that after the results; it is said beside the word.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import pandas as pd

from helpers.methods.results import Estimate

Word = Literal["supported", "contradicted", "inconclusive", "descriptive only", "not testable"]

ALPHA = 0.05
USABLE_EVENTS = 5
LEAD_SHARE = 0.5  # of the effect; a larger sure lead explains it
CAP = "point 16 would cap it at inconclusive"


class IncompleteEvidence(ValueError):
    """The rule cannot be applied because an input is missing or contradicts another."""


@dataclass(frozen=True)
class Region:
    """Values above `above` and below `below`; an interval lies in it when both its ends do."""

    above: float = -math.inf
    below: float = math.inf

    def holds(self, estimate: Estimate) -> bool:
        """Whether the whole interval of `estimate` lies in the region."""
        low, high = estimate.interval
        return self.above < low and high < self.below


@dataclass(frozen=True)
class Evidence:
    """Everything the rule looks at.

    Parameters
    ----------
    estimate : Estimate or None
        Headline with its 95 percent interval; None if not testable.
    sign : {"positive", "negative"} or None
        Claimed direction; None for an equivalence claim or one with stated regions.
    margin : float or None
        Smallest effect that matters, above zero, in the unit of the estimate.
    equivalence : bool
        The claim is "no effect that matters": the interval must lie within the margin on both sides.
    supports_if, contradicts_if : tuple of Region
        Stated regions, any of which suffices; they replace the regions that follow from sign and margin.
    supports_also : mapping of text to bool
        Further stated conditions, all needed for *supported*.
    contradicts_when : mapping of text to bool
        Stated observations that contradict the claim if all hold (an alternative to the interval).
    usable_events : int or None
        Events behind the headline; None for a design without dated events (a trend, a share of meetings).
    placebo_p : float or None
        p value against placebo dates or permutations. Shown but not required where no effect is claimed.
    family_p : float or None
        p value adjusted within the claim's family of headline tests; None where it stands alone.
    leave_one_out : tuple of Estimate
        Headline with each event left out in turn.
    lead : Estimate or None
        The same effect measured before the events.
    rungs : tuple of Estimate
        Other estimators of the same effect.
    comparator : bool
        Whether something untreated is compared with (placebo dates count as one).
    separable : bool
        Whether overlapping events can be told apart.
    single_event : bool
        One event by nature: judged against placebo days, never by a t test alone.
    verdict_cap : {"descriptive only"} or None
        Highest word allowed by the claim.
    testable : bool
    mde : float or None
        Minimum detectable effect, in the unit of the estimate; required unless no verdict word can follow.
    """

    estimate: Estimate | None
    sign: Literal["positive", "negative"] | None = None
    margin: float | None = None
    equivalence: bool = False
    supports_if: tuple[Region, ...] = ()
    contradicts_if: tuple[Region, ...] = ()
    supports_also: Mapping[str, bool] = field(default_factory=dict)
    contradicts_when: Mapping[str, bool] = field(default_factory=dict)
    usable_events: int | None = None
    placebo_p: float | None = None
    family_p: float | None = None
    leave_one_out: tuple[Estimate, ...] = ()
    lead: Estimate | None = None
    rungs: tuple[Estimate, ...] = ()
    comparator: bool = True
    separable: bool = True
    single_event: bool = False
    verdict_cap: Literal["descriptive only"] | None = None
    testable: bool = True
    mde: float | None = None


@dataclass(frozen=True)
class Verdict:
    """A word, the conditions behind it, and every input.

    Attributes
    ----------
    word : str
    reasons : tuple of str
        What decided it: the failed conditions, or the condition that held.
    conditions : dict of text to bool
        Every condition of *supported* that applies, and whether it holds.
    inputs : dict
        The evidence, as plain values.
    """

    word: Word
    reasons: tuple[str, ...]
    conditions: dict[str, bool]
    inputs: dict[str, Any]

    def table(self) -> pd.DataFrame:
        """Return the conditions of *supported*, one row each."""
        return pd.DataFrame(
            [(name, "yes" if holds else "no") for name, holds in self.conditions.items()],
            columns=["condition", "holds"],
        )

    def record(self) -> dict[str, Any]:
        """Return the fields of a record: the word as value, the reasons, the conditions and the inputs."""
        head = {"value": self.word, "unit": "text", "verdict": self.word, "method": "verdict rule charter-15"}
        return head | {"reasons": list(self.reasons), "conditions": self.conditions, "inputs": self.inputs}


def verdict(evidence: Evidence) -> Verdict:
    """Apply the rule, as read at the top of this module.

    Raises
    ------
    IncompleteEvidence
        If the inputs do not allow the rule to be applied.
    """
    inputs = _plain(evidence)
    if not evidence.testable:
        return Verdict("not testable", ("no public series observes it",), {}, inputs)
    bars = _bars_to_a_verdict(evidence)
    if bars:
        return Verdict("descriptive only", tuple(bars), {}, inputs)
    _check(evidence)
    conditions = _conditions(evidence)
    failed = [name for name, holds in conditions.items() if not holds]
    contradiction = _contradiction(evidence)
    word: Word
    if failed and contradiction:
        word, reasons = "contradicted", [contradiction]
    elif not failed and not contradiction:
        word, reasons = "supported", ["every condition holds"]
    elif contradiction:
        word, reasons = "inconclusive", ["sure, but smaller than the margin throughout its interval"]
    else:
        word, reasons = "inconclusive", [f"not met: {name}" for name in failed]
    return Verdict(word, (*reasons, *_point_16(word, evidence)), conditions, inputs)


def _point_16(word: Word, evidence: Evidence) -> tuple[str, ...]:
    """Say that the design is too weak for its margin, and what point 16 would then make of the word."""
    if evidence.margin is None or evidence.mde is None or evidence.mde <= evidence.margin:
        return ()
    weak = "the minimum detectable effect exceeds the margin"
    return (weak,) if word == "inconclusive" else (weak, f"{word} by point 15; {CAP}")


def _bars_to_a_verdict(evidence: Evidence) -> list[str]:
    """Why no verdict word may be used."""
    bars = []
    if evidence.verdict_cap == "descriptive only":
        bars.append("the claim allows description only")
    few = evidence.usable_events is not None and evidence.usable_events < USABLE_EVENTS
    if few and not evidence.single_event:
        bars.append(f"fewer than {USABLE_EVENTS} usable events ({evidence.usable_events})")
    if not evidence.comparator:
        bars.append("nothing untreated to compare with")
    if not evidence.separable:
        bars.append("overlapping events cannot be told apart")
    return bars


def _check(evidence: Evidence) -> None:
    """Refuse evidence to which the rule cannot be applied."""
    estimate = evidence.estimate
    everyone = (estimate, evidence.lead, *evidence.leave_one_out, *evidence.rungs)
    if estimate is None or any(every is not None and every.low is None for every in everyone):
        raise IncompleteEvidence(
            "An estimate has no 95% interval. Give one, or cap the claim at 'descriptive only'."
        )
    if evidence.mde is None or not evidence.mde > 0:
        raise IncompleteEvidence("The minimum detectable effect is missing. Compute it before the result.")
    if evidence.margin is not None and not evidence.margin > 0:
        raise IncompleteEvidence(f"The margin is {evidence.margin}. Give its size as a positive number.")
    regions = evidence.supports_if or evidence.contradicts_if
    if bool(evidence.sign) == bool(evidence.equivalence or regions):
        raise IncompleteEvidence(
            "State either a sign, or equivalence or regions that support and contradict."
        )
    if evidence.sign not in (None, "positive", "negative"):
        raise IncompleteEvidence(f"The sign is {evidence.sign!r}. Use 'positive', 'negative' or None.")
    if evidence.margin is None and not regions:
        raise IncompleteEvidence("The margin is missing. State the smallest effect that matters.")
    if evidence.single_event and evidence.placebo_p is None:
        raise IncompleteEvidence("A single event is judged against placebo days. Give placebo_p.")
    for name in ("placebo_p", "family_p"):
        p_value = getattr(evidence, name)
        if p_value is not None and not 0 <= p_value <= 1:
            raise IncompleteEvidence(f"{name} is {p_value}. It must be a probability.")


def _conditions(evidence: Evidence) -> dict[str, bool]:
    """Conditions of *supported* that apply to this claim."""
    regions, estimate = _support(evidence), evidence.estimate
    dated = evidence.usable_events is not None or evidence.single_event
    conditions = {"the interval lies where the claim puts it": _in_any(regions, estimate)}
    if evidence.sign:
        if dated or evidence.placebo_p is not None:
            conditions[f"placebo p is at most {ALPHA}"] = _at_most(evidence.placebo_p)
        if dated:
            conditions["the lead window was measured and does not explain it"] = _lead_is_harmless(evidence)
    elif evidence.single_event:
        usual = evidence.placebo_p is not None and not _at_most(evidence.placebo_p)
        conditions["placebo days show it to be usual"] = usual
    if evidence.family_p is not None:
        conditions[f"p adjusted within its family is at most {ALPHA}"] = _at_most(evidence.family_p)
    if evidence.usable_events is not None and not evidence.single_event:
        firm = [not _flips(evidence, without) for without in evidence.leave_one_out]
        conditions["each event was left out in turn and none carries it"] = len(firm) > 0 and all(firm)
    conditions["a second estimator agrees"] = any(_in_any(regions, rung) for rung in evidence.rungs)
    return conditions | {text: bool(holds) for text, holds in evidence.supports_also.items()}


def _support(evidence: Evidence) -> tuple[Region, ...]:
    if evidence.supports_if:
        return evidence.supports_if
    if evidence.equivalence and evidence.margin is not None:
        return (Region(above=-evidence.margin, below=evidence.margin),)
    if evidence.sign:
        return (Region(above=0),) if evidence.sign == "positive" else (Region(below=0),)
    return ()


def _against(evidence: Evidence) -> tuple[Region, ...]:
    if evidence.contradicts_if:
        return evidence.contradicts_if
    if evidence.equivalence and evidence.margin is not None:
        return (Region(above=evidence.margin), Region(below=-evidence.margin))
    if evidence.sign and evidence.margin is not None:
        return (
            (Region(below=evidence.margin),)
            if evidence.sign == "positive"
            else (Region(above=-evidence.margin),)
        )
    return ()


def _contradiction(evidence: Evidence) -> str:
    """What contradicts the claim, or an empty text."""
    if _in_any(_against(evidence), evidence.estimate):
        return "the interval excludes every effect that the claim needs"
    if evidence.contradicts_when and all(evidence.contradicts_when.values()):
        return "; ".join(evidence.contradicts_when)
    return ""


def _in_any(regions: tuple[Region, ...], estimate: Estimate | None) -> bool:
    return estimate is not None and any(region.holds(estimate) for region in regions)


def _at_most(p_value: float | None) -> bool:
    return p_value is not None and p_value <= ALPHA


def _flips(evidence: Evidence, without: Estimate) -> bool:
    """Whether leaving one event out turns the result: its sign, or the region of its interval."""
    if evidence.sign:
        return without.value <= 0 if evidence.sign == "positive" else without.value >= 0
    return _in_any(_against(evidence), without)


def _lead_is_harmless(evidence: Evidence) -> bool:
    lead, estimate = evidence.lead, evidence.estimate
    if lead is None or estimate is None:
        return False
    low, high = lead.interval
    return not ((low > 0 or high < 0) and abs(lead.value) >= LEAD_SHARE * abs(estimate.value))


def _plain(evidence: Evidence) -> dict[str, Any]:
    """Evidence as plain values: estimates as records, regions as their bounds."""
    plain = {name: getattr(evidence, name) for name in evidence.__dataclass_fields__}
    for name in ("estimate", "lead"):
        plain[name] = _finite(plain[name].record()) if plain[name] is not None else None
    for name in ("leave_one_out", "rungs"):
        plain[name] = [_finite(estimate.record()) for estimate in plain[name]]
    for name in ("supports_if", "contradicts_if"):
        bounds = [asdict(region) for region in plain[name]]
        plain[name] = [_finite(one) for one in bounds]
    for name in ("supports_also", "contradicts_when"):
        plain[name] = dict(plain[name])
    return plain


def _finite(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Put None in the place of infinite ends, which a record cannot hold."""
    return {
        name: None if isinstance(part, float) and math.isinf(part) else part for name, part in fields.items()
    }
