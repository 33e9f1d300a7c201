"""Prose with numbers: which templates are filled, with what, and which are refused."""

import pytest

from helpers import prose

VALUES = {"drop": {"value": -0.2834, "low": -0.41, "high": None, "n": 96}, "window": {"value": 12}}


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{{drop:.0%}}", "−28%"),
        ("{{ drop.low :.2f}} of {{drop.n}}", "−0.41 of 96"),
        ("within {{window}} months", "within 12 months"),
        ("up to {{drop.high:.1f}}", "up to not available"),
        ("$\\frac{a}{b}$", "$\\frac{a}{b}$"),
    ],
)
def test_fill(template: str, filled: str) -> None:
    assert prose.fill(template, VALUES) == filled


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{drp}}", "Did you mean drop"),
        ("{{drop.lo}}", "has no part 'lo'. Did you mean low"),
        ("{{drop:%Y}}", "cannot be written as '%Y'"),
        ("{{drop value}}", "is not a field"),
        ("{{drop}", "is not a field"),
    ],
)
def test_a_template_that_cannot_be_filled_is_an_error(template: str, message: str) -> None:
    with pytest.raises(prose.ProseError, match=message):
        prose.fill(template, VALUES)


def test_a_name_that_means_two_things_is_an_error() -> None:
    drop = {"name": "drop", "value": 1.0}
    for contents, parameters in (([drop, drop], {}), ([drop], {"drop": 3})):
        with pytest.raises(prose.ProseError, match="twice or is named like a parameter"):
            prose.known_values(contents, parameters)


def test_a_number_that_begins_a_line_and_ends_a_sentence_is_no_list():
    values = {"rank": {"value": 7}}
    assert prose.fill("rank\n{{rank}}. Where", values) == "rank\n7\\. Where"
    assert prose.fill("rank {{rank}}. Where", values) == "rank 7. Where"
