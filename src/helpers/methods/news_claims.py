"""The pre-specified tests about news and shares (C08, C12): from event studies to the verdict rule.

Each function gathers the evidence that `data/claims.yml` asks for and applies the rule. A test that cannot
be made (no share data around the events, say) is returned as missing, with the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from helpers.methods import checks, power
from helpers.methods.abnormal_returns import Window
from helpers.methods.event_study import UNIT, EventStudy
from helpers.methods.multiplicity import adjusted
from helpers.methods.placebo import label_permutation, placebo_test
from helpers.methods.power import DetectableEffect
from helpers.methods.reactions import (
    FEWEST_EVENTS,
    PlaceboNews,
    Returns,
    only,
    size_difference,
    spaced,
    study,
    without_each,
)
from helpers.methods.results import Estimate, t_estimate
from helpers.methods.verdict import Evidence, Region, Verdict, verdict

# Conditions of the rule that C12a as written does not state; its own condition on the second estimator stays.
ON_INTERVAL = ("the interval lies where the claim puts it", "a second estimator agrees")


@dataclass(frozen=True)
class ClaimTest:
    """One test of a claim, with everything its records and its row of the verdict table need.

    Attributes
    ----------
    test : str
        Id in `data/claims.yml`.
    estimate : Estimate or None
        None if the test could not be made.
    verdict : Verdict
    mde : DetectableEffect or None
    p_values : dict of name to float
        Written as records ``{test}_{name}``.
    p_fields : dict
        Further fields of those records, such as their method.
    null : array
        Placebo values of the estimate.
    without : dict of event id to Estimate
        Each event left out in turn.
    others : dict of name to Estimate
        Other estimators and subsets.
    why : str
        Why it is missing.
    """

    test: str
    estimate: Estimate | None
    verdict: Verdict
    mde: DetectableEffect | None = None
    p_values: dict[str, float] = field(default_factory=dict)
    p_fields: dict[str, Any] = field(default_factory=dict)
    null: np.ndarray = field(default_factory=lambda: np.empty(0))
    without: dict[str, Estimate] = field(default_factory=dict)
    others: dict[str, Estimate] = field(default_factory=dict)
    why: str = ""

    def records(self) -> list[dict[str, Any]]:
        """Return the keyword arguments of each record of the test."""
        if self.estimate is None:
            units = {"effect": UNIT, "mde": UNIT, "placebo_p": "probability"}
            rows = [
                {"name": f"{self.test}_{name}", "value": None, "unit": unit, "why": self.why}
                for name, unit in units.items()
            ]
            return [*rows, self.verdict.record() | {"name": f"{self.test}_verdict"}]
        numbers = {"effect": self.estimate, "mde": self.mde} | self.others
        rows = [one.record() | {"name": f"{self.test}_{name}"} for name, one in numbers.items()]
        shared = {"unit": "probability", "n": len(self.null) or None} | self.p_fields
        rows += [{"name": f"{self.test}_{name}", "value": p} | shared for name, p in self.p_values.items()]
        return [*rows, self.verdict.record() | {"name": f"{self.test}_verdict"}]

    def conditions_table(self) -> pd.DataFrame:
        """Return the conditions of *supported* and whether each holds."""
        held = [(name, "yes" if holds else "no") for name, holds in self.verdict.conditions.items()]
        return pd.DataFrame(held, columns=["Condition for supported", "Holds"])

    def estimates_table(self) -> pd.DataFrame:
        """Return the headline and the other estimates, in percent."""
        named = {"headline": self.estimate, **self.others} if self.estimate is not None else {}
        return pd.DataFrame(
            [(name.replace("_", " "), *_percent(each), each.n) for name, each in named.items()],
            columns=["Estimate", "Value, %", "Low", "High", "n"],
        )

    def without_table(self) -> pd.DataFrame:
        """Return value, low and high in percent with each event left out, by event id."""
        rows = {event: _percent(one) for event, one in self.without.items()}
        return pd.DataFrame.from_dict(rows, orient="index", columns=["value", "low", "high"])

    def row(self, claim: str) -> dict[str, Any]:
        """Return the row of the verdict table, returns in percent."""
        row = {
            "claim": claim,
            "verdict": self.verdict.word,
            "why": self.why or "; ".join(self.verdict.reasons),
        }
        if self.estimate is None:
            return row
        percent = {name: 100 * getattr(self.estimate, name) for name in ("value", "low", "high")}
        percent |= {"mde": 100 * self.mde.value, "unit": "%"}
        return row | percent | {"n": self.estimate.n, "placebo_rank": self.p_values["placebo_p"]}


def _percent(one: Estimate) -> list[float]:
    return [100 * end for end in (one.value, one.low, one.high)]


def missing(test: str, why: str) -> ClaimTest:
    """Return a test that could not be made."""
    return ClaimTest(test, None, verdict(Evidence(estimate=None, usable_events=0)), why=why)


def detectable(null: PlaceboNews, group: str, controls: int, meetings: int) -> dict[str, DetectableEffect]:
    """Minimum detectable effects of C08 with so many events, from the noise on days without news.

    A test with fewer than two events in a class is left out.
    """
    days, found = null.daily.loc[null.pool, group], {}
    if min(controls, meetings) >= FEWEST_EVENTS:
        found["C08a"] = power.detectable_difference(controls, meetings, days.abs().std(), UNIT)
    if controls >= FEWEST_EVENTS:
        found["C08b"] = power.detectable_mean(controls, days.std(), UNIT)
    return found


def control_news(
    models: Mapping[str, Mapping[str, EventStudy]],
    null: PlaceboNews,
    *,
    group: str,
    alone: Mapping[str, pd.Index],
    margins: Mapping[str, float],
    seed: int,
) -> dict[str, ClaimTest]:
    """Test C08: do major controls move chip shares more than leader meetings, and downwards?

    Parameters
    ----------
    models : mapping of model to mapping of class to EventStudy
        The headline model first, a second estimator after it; classes ``tightening_major`` and ``meetings``.
    null : PlaceboNews
    group : str
        Portfolio of the studies and of the placebo values.
    alone : mapping of class to Index
        Events with no news of another kind nearby.
    margins : mapping of test to float
    seed : int
        Of the label permutation.

    Returns
    -------
    dict
        ``C08a`` and ``C08b``.
    """
    headline, second = models.values()
    lacking = [kind for kind in ("tightening_major", "meetings") if kind not in headline]
    if "tightening_major" in lacking:
        why = "too few major controls with share data"
        return {test: missing(test, why) for test in ("C08a", "C08b")}
    controls, other_controls = headline["tightening_major"], second["tightening_major"]
    signed = null.values(group, "tightening_major", controls.by_event.index)
    p_signed = placebo_test(signed.mean(axis=1), controls.estimate.value)
    if lacking:
        return {
            "C08a": missing("C08a", "too few leader meetings with share data"),
            "C08b": _direction(controls, other_controls, signed, p_signed, p_signed, null, group, margins),
        }
    meetings, other_meetings = headline["meetings"], second["meetings"]
    at_meetings = null.values(group, "meetings", meetings.by_event.index)
    difference = np.abs(signed).mean(axis=1) - np.abs(at_meetings).mean(axis=1)
    estimate = size_difference(controls, meetings)
    sizes = pd.concat([controls.by_event["car"], meetings.by_event["car"]]).abs()
    is_control = np.arange(len(sizes)) < len(controls.by_event)
    p_values = {
        # Years differ in volatility, so the placebo difference is not centred on zero.
        "placebo_days_p": placebo_test(difference - difference.mean(), estimate.value - difference.mean()),
        "permutation_p": label_permutation(sizes, is_control, seed=seed).p_value,
    }
    p_size = max(p_values.values())
    holm = adjusted(pd.Series({"C08a": p_size, "C08b": p_signed}), "holm")
    others = {"other_model": size_difference(other_controls, other_meetings)}
    rungs = tuple(others.values())
    free = [only(controls, alone["tightening_major"]), only(meetings, alone["meetings"])]
    if min(len(one.by_event) for one in free) >= FEWEST_EVENTS:
        others["overlap_free"] = size_difference(*free)
    same_sign = "overlap_free" in others and others["overlap_free"].value > 0
    mde = detectable(null, group, len(controls.by_event), len(meetings.by_event))["C08a"]
    without = without_each(controls, meetings)
    evidence = Evidence(
        estimate,
        sign="positive",
        margin=margins["C08a"],
        usable_events=min(len(controls.by_event), len(meetings.by_event)),
        placebo_p=p_size,
        family_p=holm["C08a"],
        leave_one_out=tuple(without.values()),
        lead=size_difference(controls, meetings, "lead_car"),
        rungs=rungs,
        supports_also={"events without other news nearby show the same sign": same_sign},
        mde=mde.value,
    )
    p_values = {"placebo_p": p_size} | p_values | {"family_p": holm["C08a"]}
    tests = {
        "C08a": ClaimTest(
            "C08a",
            estimate,
            verdict(evidence),
            mde,
            p_values,
            null=difference,
            without=without,
            others=others,
        )
    }
    return tests | {
        "C08b": _direction(controls, other_controls, signed, p_signed, holm["C08b"], null, group, margins)
    }


def _direction(controls, other, signed, p_signed, family_p, null, group, margins) -> ClaimTest:
    """C08b: the mean signed reaction to major controls is negative."""
    regression = controls.tests.loc["portfolio_regression"]
    days = len(controls.daily)
    others = {
        "other_model": other.estimate,
        "portfolio_regression": t_estimate(
            regression["value"] * days, abs(regression["value"] / regression["statistic"]) * days,
            regression["df"], unit=UNIT, n=controls.estimate.n, method="portfolio regression, dummy",
            window=controls.estimate.window, leads=controls.estimate.leads,
        ),
    }  # fmt: skip
    mde = detectable(null, group, controls.estimate.n, 0)["C08b"]
    without = without_each(controls)
    evidence = Evidence(
        controls.estimate,
        sign="negative",
        margin=margins["C08b"],
        usable_events=controls.estimate.n,
        placebo_p=p_signed,
        family_p=family_p,
        leave_one_out=tuple(without.values()),
        lead=controls.lead,
        rungs=tuple(others.values()),
        mde=mde.value,
    )
    p_values = {"placebo_p": p_signed, "family_p": family_p}
    p_values |= {f"{name}_p": float(p) for name, p in controls.tests.query("headline")["p_value"].items()}
    means = signed.mean(axis=1)
    return ClaimTest(
        "C08b",
        controls.estimate,
        verdict(evidence),
        mde,
        p_values,
        null=means,
        without=without,
        others=others,
    )


def sensitivity(
    choice: str, group: Returns, controls: pd.Series, meetings: pd.Series, layout: Mapping[str, Window]
) -> dict[str, Any]:
    """Estimate both tests of C08 under another choice of windows, model or shares.

    Parameters
    ----------
    choice : str
        Name of the choice.
    group : (returns, market)
    controls, meetings : Series
        Trading day by event id; of events that share days of the windows the earliest is kept.
    layout : mapping
        ``estimation``, ``leads`` and ``window``.

    Returns
    -------
    dict
        choice, size, size_low, size_high, signed, signed_low, signed_high in percent, n_controls, n_meetings;
        or choice and why it is missing.
    """
    index = group[0].index
    try:
        found = [
            study(group, spaced(days, index, layout["window"])[0], **layout) for days in (controls, meetings)
        ]
    except checks.UnusableInput as error:
        return {"choice": choice, "why": str(error)}
    size, signed = size_difference(*found), found[0].estimate
    row = {"choice": choice, "size": size.value, "size_low": size.low, "size_high": size.high}
    row |= {"signed": signed.value, "signed_low": signed.low, "signed_high": signed.high}
    percent = {name: 100 * value if name != "choice" else value for name, value in row.items()}
    return percent | {"n_controls": found[0].estimate.n, "n_meetings": found[1].estimate.n}


def low_expectations(
    around: Mapping[str, pd.DataFrame], second: Mapping[str, pd.DataFrame], *, margin: float
) -> tuple[ClaimTest, ClaimTest]:
    """Test C12a: was there neither a run-up before the summit nor a reaction to it?

    The claim states its own conditions, on the four returns themselves; the first test returned applies them
    and asks nothing of an interval. The second asks more: that the 95 percent interval of the most unusual of
    the four, from the placebo days, lies within the margin, and that of the second estimator too.

    Parameters
    ----------
    around : mapping of group to DataFrame
        Result of :func:`helpers.methods.reactions.around_one_day`.
    second : mapping of group to DataFrame
        The same from a second estimator.
    margin : float

    Returns
    -------
    (ClaimTest, ClaimTest)
        As written, and with the interval. The placebo p of both is that of the most unusual return times
        the number of returns it was picked from (Bonferroni), at most 1.
    """
    four, other = pd.concat(around, names=["group"]), pd.concat(second, names=["group"])
    picked = four["p_value"].idxmin()
    estimate = _one_return(four, picked)
    spread, pool = four.loc[picked, ["spread", "pool"]]
    mde = DetectableEffect(
        power.normal_multiplier() * spread, UNIT, spread, 1,
        "one event against placebo days, spread of the same return",
    )  # fmt: skip
    p_values = {"placebo_p": min(1.0, len(four) * float(four.loc[picked, "p_value"]))}
    p_fields = {
        "n": int(pool),
        "method": f"placebo days, smallest of {len(four)} p values times {len(four)} (Bonferroni)",
    }
    shared = {
        "margin": margin,
        "single_event": True,
        "placebo_p": p_values["placebo_p"],
        "rungs": (_one_return(other, picked),),
        "contradicts_when": {
            "a run-up above the 95th percentile, then a reversal beyond the 5th": reverses(four)
        },
        "mde": mde.value,
    }
    stated = {
        "all four lie within the placebo 5 to 95 percent range": inside(four).all(),
        "all four lie within the margin": within(four, margin).all(),
        "both hold with the second estimator": (inside(other) & within(other, margin)).all(),
    }
    as_written = _without_interval(
        verdict(Evidence(estimate, supports_if=(Region(),), supports_also=stated, **shared))
    )
    strict = verdict(Evidence(estimate, equivalence=True, **shared))
    return (
        ClaimTest("C12a", estimate, as_written, mde, p_values, p_fields),
        ClaimTest("C12a_interval", estimate, strict, mde, p_values, p_fields),
    )


def _one_return(rows: pd.DataFrame, picked: tuple[str, str]) -> Estimate:
    """One of the returns, with its interval and its own p value from placebo days."""
    (group, window), row = picked, rows.loc[picked]
    return Estimate(
        row["value"], row["low_effect"], row["high_effect"], UNIT, 1,
        f"most unusual of {len(rows)} portfolio returns, its own interval and p from placebo days",
        row["p_value"], window=f"{window} the event, {group}",
    )  # fmt: skip


def _without_interval(ruled: Verdict) -> Verdict:
    """Drop the conditions on an interval, which hold trivially where all values were allowed."""
    asked = {name: holds for name, holds in ruled.conditions.items() if name not in ON_INTERVAL}
    return replace(ruled, conditions=asked, inputs=ruled.inputs | {"supports_if": []})


def reverses(four: pd.DataFrame) -> bool:
    """Whether a group rose above its placebo 95 percent before the event and fell below 5 after it."""
    above, below = four["value"] > four["high"], four["value"] < four["low"]
    return bool((above.xs("before", level="window") & below.xs("after", level="window")).any())


def inside(rows: pd.DataFrame) -> pd.Series:
    """Whether each value lies within its placebo 5 to 95 percent range."""
    return rows["value"].between(rows["low"], rows["high"])


def within(rows: pd.DataFrame, margin: float) -> pd.Series:
    """Whether each value lies within the margin on both sides."""
    return rows["value"].abs() <= margin
