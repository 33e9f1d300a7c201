"""Rules of headlines: what `facts` refuses, and what it lets pass."""

import pytest

from helpers import facts
from helpers.records import BadRecord


@pytest.mark.parametrize(
    "sentence",
    [
        "US chip-tool sales to China have fallen 85% from their 2021 peak",
        "US chip sales to China rose after four of nine leader meetings",
        "5 of 12 easing steps came after Busan",
        "The rule of 7 October 2022 preceded a fall of 20%",
        "Spending grew most at 2023Q4",
        "NVIDIA sold 2.4 times as many H100 in 2024",
        "Exports of HS 8542 rose $1,234.5bn",
    ],
)
def test_a_headline_with_one_number_passes(sentence):
    assert facts.headline_faults(sentence) == []


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        ("Sales rose 4% in Japan and 5% in Korea", "2 numbers"),
        ("Four of nine meetings saw a rise of 5%", "2 numbers"),
        ("11 of 15 measures agree", "more than twelve"),
        ("US tools fell 38% under C07a", "claim"),
        ("The 95% interval holds no change", "method"),
        ("Sales fell 0.3 log points", "method"),
        ("This headline is as long as a sentence of a law and says one thing", "15 words"),
    ],
)
def test_a_headline_that_breaks_a_rule_is_told_so(sentence, fault):
    assert fault in "; ".join(facts.headline_faults(sentence))


@pytest.fixture
def recorded(monkeypatch):
    """Contents that `fact` hands to `record`, outside a kernel."""
    contents = {}
    monkeypatch.setattr(facts, "record", lambda name, value, **rest: contents.update({name: value} | rest))
    return contents


FELL = {"unit": "percent", "period": "2021 to 2026", "basis": "US Census, HS 8486, nominal"}


def test_the_sentence_is_filled_from_the_recorded_value(recorded):
    sentence = facts.fact("us_tools", -85.4, "US tools fell {size:.0f}% since {start}", start=2021, **FELL)
    assert sentence == recorded["sentence"] == "US tools fell 85% since 2021"
    assert (recorded["us_tools"], recorded["basis"], recorded["window"]) == (
        -85.4,
        "US Census, HS 8486, nominal",
        "2021 to 2026",
    )


def test_a_number_written_by_hand_is_refused(recorded):
    with pytest.raises(BadRecord, match="as a field"):
        facts.fact("us_tools", -85.4, "US tools fell 85% since 2021", **FELL)


def test_a_filled_sentence_that_breaks_a_rule_is_refused(recorded):
    with pytest.raises(BadRecord, match="2 numbers"):
        facts.fact("us_tools", -85.4, "US tools fell {size:.0f}%, chips {chips:.0f}%", chips=3.2, **FELL)


def test_a_value_that_could_not_be_computed_says_why(recorded):
    why = "The series does not reach this day"
    assert facts.fact("us_tools", None, "US tools fell {size:.0f}%", why=why, **FELL) == why
    assert not recorded["sentence"].startswith("US tools")
