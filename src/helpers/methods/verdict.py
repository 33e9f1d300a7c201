"""The verdict rule: from results to one of five words, mechanically, and by the same questions both ways.

The rule is points 4, 15 and 16 of the project's charter, written before any estimate:

- *not testable*: no public series observes what the claim is about.
- *descriptive only*: fewer than five usable events, no comparator, events that cannot be told apart, or
  windows that hold events of another kind without a term for them (point 4).
- *supported* and *contradicted*: the interval lies where the claim puts it, or where it excludes every
  effect that the claim needs; and for both alike the placebo, the leads, each event left out, a second
  estimator, the family (the interval is widened for it) and the margin, which the design must see (point 16).
- *inconclusive*: anything else, with the minimum detectable effect.

A claim may instead state regions in which its interval must lie (equivalence, or a bound fixed beforehand).

What the charter leaves open is read so:

- An interval that lies in both places (sure, but smaller than the margin) is inconclusive.
- The placebo p of a contradiction asks whether placebo dates lie as far off as the effect lies from the
  margin; of a claim of no effect, whether they are as large as the effect. To support that needs no placebo.
- A lead explains the effect if its own interval excludes zero and it is at least half as large.
- An event carries the result if the estimate without it lies on the other side of the bound (with regions: if
  its interval lies in the opposite region).
- Estimators agree if there is another and the interval of every one named lies where the headline's must lie.
- A count whose interval takes it for Poisson is widened by the root of its dispersion.
- An interval that rests on a model of the noise gives no sure word where the residuals reject that model.
- A design without dated events (a trend, a share of meetings) has neither leads nor events to leave out. One
  event by nature is judged against placebo days and has no event to leave out.

Until 30 November 2026 *contradicted* asked for the interval alone and points 4 and 16 were only said beside
the word. ``before`` keeps the word of that first reading on the same evidence; data/claims.yml logs it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args

import pandas as pd

from helpers.methods.results import Estimate, widen

Word = Literal["supported", "contradicted", "inconclusive", "descriptive only", "not testable"]
VERDICTS: tuple[Word, ...] = get_args(Word)

ALPHA = 0.05
USABLE_EVENTS = 5
LEAD_SHARE = 0.5  # of the effect; a larger sure lead explains it
INTERVAL = "the interval lies where the claim puts it"
AGAINST = "the interval excludes every effect that the claim needs"
POWER = "the design can see its margin"
SECOND = "every second estimator agrees"
RESIDUALS = "the residuals fit the model of the noise"


class IncompleteEvidence(ValueError):
    """The rule cannot be applied because an input is missing or contradicts another."""


@dataclass(frozen=True)
class Region:
    """Values above `above` and below `below`; an interval lies in it when both its ends do."""

    above: float = -math.inf
    below: float = math.inf

    def holds(self, estimate: Estimate) -> bool:
        """Whether the whole interval of `estimate` lies in the region."""
        low, high = estimate.low, estimate.high
        return low is not None and high is not None and self.above < low and high < self.below


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
    margin_p : float or None
        p value of the distance from the margin, against the same placebo; a contradiction asks for it.
    family_p : float or None
        p value adjusted within the claim's family of headline tests; None where it stands alone.
    looks : int
        Headline tests of the family; the interval is widened to 1 - 0.05 / `looks`.
    dispersion : float
        Variance of a count over that of the Poisson count which its interval takes it for.
    residual_p : float or None
        p value of the residuals' fit to the model of the noise behind the interval; None where the design has
        no such model.
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
    crowded : bool
        Whether the windows hold events of another kind for which the design has no term.
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
    margin_p: float | None = None
    family_p: float | None = None
    looks: int = 1
    dispersion: float = 1.0
    residual_p: float | None = None
    leave_one_out: tuple[Estimate, ...] = ()
    lead: Estimate | None = None
    rungs: tuple[Estimate, ...] = ()
    comparator: bool = True
    separable: bool = True
    crowded: bool = False
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
        Every condition that applies, and whether it holds: those of *contradicted* if the interval lies
        there, else those of *supported*.
    inputs : dict
        The evidence, as plain values.
    before : str
        The word by the first reading of the rule.
    evidence : Evidence or None
    """

    word: Word
    reasons: tuple[str, ...]
    conditions: dict[str, bool]
    inputs: dict[str, Any]
    before: str = ""
    evidence: Evidence | None = None

    def table(self) -> pd.DataFrame:
        """Return the conditions, one row each."""
        return pd.DataFrame(
            [(name, "yes" if holds else "no") for name, holds in self.conditions.items()],
            columns=["condition", "holds"],
        )

    def record(self) -> dict[str, Any]:
        """Return the fields of a record: the word as value, the reasons, the conditions and the inputs."""
        head = {"value": self.word, "unit": "text", "verdict": self.word, "method": "verdict rule charter-15"}
        head |= {"word_before": self.before or self.word}
        return head | {"reasons": list(self.reasons), "conditions": self.conditions, "inputs": self.inputs}


def verdict(evidence: Evidence) -> Verdict:
    """Apply the rule, as read at the top of this module.

    Raises
    ------
    IncompleteEvidence
        If the inputs do not allow the rule to be applied.

    Examples
    --------
    >>> from helpers.methods.results import Estimate
    >>> from helpers.methods.verdict import Evidence, verdict
    >>> effect = Estimate(-0.3, -0.5, -0.1, "log points", 8, "mean over events")
    >>> decision = verdict(Evidence(estimate=effect, sign="negative", margin=0.05, usable_events=3, mde=0.1))
    >>> decision.word, decision.reasons
    ('descriptive only', ('fewer than 5 usable events (3)',))
    """
    inputs = _plain(evidence)
    if not evidence.testable:
        return Verdict("not testable", ("no public series observes it",), {}, inputs)
    bars = _bars_to_a_verdict(evidence)
    if bars:
        before = _first_reading(evidence) if evidence.crowded else "descriptive only"
        return Verdict("descriptive only", tuple(bars), {}, inputs, before, evidence)
    before = _first_reading(evidence)
    if evidence.mde is None or not evidence.mde > 0:
        raise IncompleteEvidence("The minimum detectable effect is missing. Compute it before the result.")
    wide = replace(evidence, estimate=widened(evidence))
    asked_for, asked_against = _conditions_for(wide), _conditions_against(wide)
    lies_for, lies_against = asked_for[INTERVAL], asked_against[AGAINST]
    conditions = asked_against if lies_against else asked_for
    failed = [name for name, holds in conditions.items() if not holds]
    word: Word = "inconclusive"
    sure = all(asked_for.values()) or all(asked_against.values())
    if lies_for and lies_against and sure and Region() not in _regions(evidence)[0]:
        reasons = ["sure, but smaller than the margin throughout its interval"]
    elif failed:
        reasons = [AGAINST] * lies_against + [f"not met: {name}" for name in failed]
    else:
        word, reasons = ("contradicted" if lies_against else "supported"), ["every condition holds"]
    return Verdict(word, tuple(reasons), conditions, inputs, before, evidence)


def _first_reading(evidence: Evidence) -> str:
    """Return the word by the first reading: *contradicted* by its interval alone, no points 4 and 16.

    One second estimator that agreed was enough.
    """
    evidence = replace(evidence, crowded=False)
    if _bars_to_a_verdict(evidence):
        return "descriptive only"
    _check(evidence)
    agreeing = tuple(effect for effect in evidence.rungs if _in_any(_regions(evidence)[0], effect))
    evidence = replace(evidence, rungs=agreeing)
    supported = all(
        holds for name, holds in _conditions_for(evidence).items() if name not in (POWER, RESIDUALS)
    )
    contradicted = _conditions_against(evidence)[AGAINST]
    if supported == contradicted:
        return "inconclusive"
    return "supported" if supported else "contradicted"


def widened(evidence: Evidence) -> Estimate | None:
    """Return the estimate with the interval that decides: that of its family, and of a dispersed count."""
    estimate = evidence.estimate
    return None if estimate is None else widen(estimate, evidence.looks, evidence.dispersion)


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
    if evidence.crowded:
        bars.append("the windows hold events of another kind")
    return bars


def _check(evidence: Evidence) -> None:
    """Refuse evidence to which the rule cannot be applied."""
    estimate = evidence.estimate
    others = (evidence.lead, *evidence.leave_one_out, *evidence.rungs)
    bare = [effect for effect in (estimate, *others) if effect is not None and effect.low is None]
    if estimate is None or bare:
        raise IncompleteEvidence(
            "An estimate has no 95% interval. Give one, or cap the claim at 'descriptive only'."
        )
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
    for name in ("placebo_p", "margin_p", "family_p"):
        p_value = getattr(evidence, name)
        if p_value is not None and not 0 <= p_value <= 1:
            raise IncompleteEvidence(f"{name} is {p_value}. It must be a probability.")


def _conditions_for(evidence: Evidence) -> dict[str, bool]:
    """Conditions of *supported* that apply to this claim."""
    regions, opposite = _regions(evidence)
    asked = {INTERVAL: _in_any(regions, evidence.estimate)}
    if evidence.sign:
        asked |= _not_chance(evidence, evidence.placebo_p)
    elif evidence.single_event:
        usual = evidence.placebo_p is not None and not _at_most(evidence.placebo_p)
        asked["placebo days show it to be usual"] = usual
    if evidence.family_p is not None:
        asked[f"p adjusted within its family is at most {ALPHA}"] = _at_most(evidence.family_p)
    asked |= _sturdy(evidence, regions, opposite)
    return asked | {text: bool(holds) for text, holds in evidence.supports_also.items()}


def _conditions_against(evidence: Evidence) -> dict[str, bool]:
    """Conditions of *contradicted* that apply to this claim."""
    opposite, regions = _regions(evidence)
    seen = bool(evidence.contradicts_when) and all(evidence.contradicts_when.values())
    asked = {AGAINST: seen or _in_any(regions, evidence.estimate)}
    asked |= _not_chance(evidence, evidence.margin_p if evidence.sign else evidence.placebo_p)
    return asked | _sturdy(evidence, regions, opposite)


def _not_chance(evidence: Evidence, p_value: float | None) -> dict[str, bool]:
    """Placebo and leads: whether chance or what came before may have made the result."""
    asked, dated = {}, evidence.usable_events is not None or evidence.single_event
    if dated or evidence.placebo_p is not None:
        asked[f"placebo p is at most {ALPHA}"] = _at_most(p_value)
    if dated:
        asked["the lead window was measured and does not explain it"] = _lead_is_harmless(evidence)
    return asked


def _sturdy(evidence: Evidence, regions: tuple[Region, ...], opposite: tuple[Region, ...]) -> dict[str, bool]:
    """Each event left out, a second estimator, and a design that sees its margin."""
    asked = {}
    if evidence.usable_events is not None and not evidence.single_event:
        flips = [_flips(evidence, effect, regions, opposite) for effect in evidence.leave_one_out]
        asked["each event was left out in turn and none carries it"] = bool(flips) and not any(flips)
    agree = [_in_any(regions, effect) for effect in evidence.rungs]
    asked[SECOND] = bool(agree) and all(agree)
    if evidence.margin is not None and evidence.mde is not None:
        asked[POWER] = evidence.mde <= evidence.margin
    if evidence.residual_p is not None:
        asked[RESIDUALS] = evidence.residual_p > ALPHA
    return asked


def _regions(evidence: Evidence) -> tuple[tuple[Region, ...], tuple[Region, ...]]:
    """Return where the interval of a supported claim lies, and that of a contradicted one."""
    margin, support, against = evidence.margin, tuple[Region, ...](), tuple[Region, ...]()
    if evidence.equivalence and margin is not None:
        support, against = (Region(-margin, margin),), (Region(above=margin), Region(below=-margin))
    elif evidence.sign == "positive":
        support, against = (Region(above=0),), () if margin is None else (Region(below=margin),)
    elif evidence.sign == "negative":
        support, against = (Region(below=0),), () if margin is None else (Region(above=-margin),)
    return evidence.supports_if or support, evidence.contradicts_if or against


def _in_any(regions: tuple[Region, ...], estimate: Estimate | None) -> bool:
    return estimate is not None and any(region.holds(estimate) for region in regions)


def _at_most(p_value: float | None) -> bool:
    return p_value is not None and p_value <= ALPHA


def _flips(
    evidence: Evidence, without: Estimate, regions: tuple[Region, ...], opposite: tuple[Region, ...]
) -> bool:
    """Whether leaving one event out turns the result: its side of the bound, or where its interval lies."""
    if evidence.sign:
        return not any(region.above < without.value < region.below for region in regions)
    return _in_any(opposite, without)


def _lead_is_harmless(evidence: Evidence) -> bool:
    lead, effect = evidence.lead, evidence.estimate
    if lead is None or effect is None:
        return False
    sure = _in_any((Region(above=0), Region(below=0)), lead)
    return not (sure and abs(lead.value) >= LEAD_SHARE * abs(effect.value))


def _plain(value: Any) -> Any:
    """Return evidence as plain values: estimates as records, regions as bounds, infinite ends as None."""
    if isinstance(value, Estimate):
        value = value.record()
    elif isinstance(value, Region | Evidence):
        value = {part.name: getattr(value, part.name) for part in fields(value)}
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and math.isinf(value) else value
