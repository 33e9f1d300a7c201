"""What the verdict rule may never do, whatever the evidence."""

from collections import Counter
from dataclasses import replace

from hypothesis import event, given, seed, settings
from hypothesis import strategies as st

from helpers.methods.results import Estimate
from helpers.methods.verdict import Evidence, verdict

numbers = st.floats(-1, 1, allow_nan=False)
probabilities = st.none() | st.floats(0, 1)


@st.composite
def estimates(draw):
    low, value, high = sorted(draw(st.tuples(numbers, numbers, numbers)))
    return Estimate(value, low, high, "log points", 10, "test estimator")


@st.composite
def signed_evidence(draw):
    single = draw(st.booleans())
    return Evidence(
        estimate=draw(estimates()),
        sign=draw(st.sampled_from(["positive", "negative"])),
        margin=draw(st.floats(0.01, 0.5)),
        usable_events=1 if single else draw(st.none() | st.integers(0, 20)),
        single_event=single,
        placebo_p=draw(st.floats(0, 1) if single else probabilities),
        family_p=draw(probabilities),
        leave_one_out=tuple(draw(st.lists(estimates(), max_size=3))),
        lead=draw(st.none() | estimates()),
        rungs=tuple(draw(st.lists(estimates(), max_size=2))),
        comparator=draw(st.booleans()),
        separable=draw(st.booleans()),
        verdict_cap=draw(st.sampled_from([None, "descriptive only"])),
        testable=draw(st.booleans()),
        mde=draw(st.floats(0.01, 1)),
    )


@st.composite
def judged_evidence(draw):
    """Evidence that no bar stops, most of it agreeing on one side, so that the strong words do come up."""
    side = draw(st.sampled_from([1, -1]))
    low, value, high = sorted(draw(st.tuples(*[st.floats(-0.05, 1)] * 3)))
    agreeing = st.floats(0.01, 0.5).map(lambda size: _estimate(side, size / 2, size, size * 2))
    agreed = st.lists(agreeing, min_size=1, max_size=2)
    return Evidence(
        estimate=_estimate(side, low, value, high),
        sign="positive" if draw(st.booleans()) == (side > 0) else "negative",
        margin=draw(st.floats(0.01, 0.5)),
        usable_events=draw(st.none() | st.integers(5, 20)),
        placebo_p=draw(st.floats(0, 0.06)),
        margin_p=draw(st.floats(0, 0.06)),
        looks=draw(st.integers(1, 2)),
        family_p=draw(st.none() | st.floats(0, 0.06)),
        leave_one_out=tuple(draw(st.lists(agreeing, min_size=1, max_size=3))),
        lead=_estimate(side, -0.1, 0.0, 0.1),
        rungs=tuple(draw(agreed | agreed.map(tuple) | st.tuples(agreeing, estimates()))),
        mde=draw(st.floats(0.01, 0.1)),
    )


def _estimate(side, low, value, high):
    low, value, high = sorted((side * low, side * value, side * high))
    return Estimate(value, low, high, "log points", 10, "test estimator")


any_evidence = signed_evidence() | judged_evidence()


def test_the_strong_words_come_up_often_enough_to_be_tested():
    words = Counter()

    @seed(1)
    @settings(max_examples=300, database=None)
    @given(judged_evidence())
    def count(evidence):
        word = verdict(evidence).word
        event(word)
        words[word] += 1

    count()
    for word in ("supported", "contradicted", "inconclusive"):
        assert words[word] >= 0.05 * words.total(), words


@given(any_evidence)
def test_supported_needs_an_interval_beyond_zero_and_a_second_estimator(evidence):
    if verdict(evidence).word == "supported":
        one = evidence.estimate
        assert one.low > 0 if evidence.sign == "positive" else one.high < 0
        assert evidence.rungs
        assert evidence.placebo_p is None or evidence.placebo_p <= 0.05
        assert evidence.family_p is None or evidence.family_p <= 0.05


@given(any_evidence)
def test_no_verdict_word_without_events_comparator_or_permission(evidence):
    few = evidence.usable_events is not None and evidence.usable_events < 5 and not evidence.single_event
    barred = few or not evidence.comparator or not evidence.separable or evidence.verdict_cap
    word = verdict(evidence).word
    if not evidence.testable:
        assert word == "not testable"
    elif barred:
        assert word == "descriptive only"
    else:
        assert word in ("supported", "contradicted", "inconclusive")


@given(any_evidence)
def test_contradicted_excludes_every_effect_that_matters(evidence):
    if verdict(evidence).word == "contradicted":
        one = evidence.estimate
        if evidence.sign == "positive":
            assert one.high < evidence.margin
        else:
            assert one.low > -evidence.margin
        assert evidence.mde <= evidence.margin
        assert evidence.rungs


@given(judged_evidence())
def test_the_two_directions_are_mirror_images(evidence):
    """Reflected about half the margin, an effect above zero becomes one that lies below the margin."""

    def snapped(one):
        """On a grid of 64ths, where reflecting loses no digit."""
        ends = (round(64 * end) / 64 for end in (one.value, one.low, one.high))
        return Estimate(*ends, one.unit, one.n, one.method)

    def reflect(one):
        return Estimate(size - one.value, size - one.high, size - one.low, one.unit, one.n, one.method)

    margin = max(1, round(64 * evidence.margin)) / 64
    size = margin if evidence.sign == "positive" else -margin
    evidence = replace(
        evidence,
        margin=margin,
        estimate=snapped(evidence.estimate),
        leave_one_out=tuple(map(snapped, evidence.leave_one_out)),
        rungs=tuple(map(snapped, evidence.rungs)),
        family_p=None,
        lead=_estimate(1, -9.0, 0.0, 9.0),
    )
    reflected = replace(
        evidence,
        estimate=reflect(evidence.estimate),
        leave_one_out=tuple(map(reflect, evidence.leave_one_out)),
        rungs=tuple(map(reflect, evidence.rungs)),
        placebo_p=evidence.margin_p,
        margin_p=evidence.placebo_p,
    )
    other = {"supported": "contradicted", "contradicted": "supported"}
    word = verdict(evidence).word
    assert verdict(reflected).word == other.get(word, word)


@given(any_evidence)
def test_mirroring_the_data_and_the_claim_changes_nothing(evidence):
    def mirror(one):
        return Estimate(-one.value, -one.high, -one.low, one.unit, one.n, one.method)

    mirrored = Evidence(
        **{name: getattr(evidence, name) for name in evidence.__dataclass_fields__}
        | {
            "sign": {"positive": "negative", "negative": "positive"}[evidence.sign],
            "estimate": mirror(evidence.estimate),
            "lead": evidence.lead and mirror(evidence.lead),
            "leave_one_out": tuple(map(mirror, evidence.leave_one_out)),
            "rungs": tuple(map(mirror, evidence.rungs)),
        }
    )
    assert verdict(mirrored).word == verdict(evidence).word
