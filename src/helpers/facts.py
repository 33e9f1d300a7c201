"""Facts: numbers said in a headline, a text or on the front page, with one value, unit, period and basis.

A fact is a record with a sentence. The sentence is a template, so that its number cannot differ from the
recorded value; a fact that two notebooks state has the same name in both, and a test compares the values.
"""

import calendar
import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from helpers.records import BadRecord, record

WORDS = 12
# What has digits and is no number of a sentence: days, years, quarters, codes of goods, names of products.
MONTHS = "|".join(calendar.month_name[1:])
NAMES = re.compile(
    rf"\b(?:\d{{1,2}} )?(?:{MONTHS})(?: (?:19|20)\d\d)?\b"
    r"|\b(?:19|20)\d\d(?:Q[1-4]|-\d\d)?\b|\bHS ?\d+\b|\b[A-Z]+\d+\b"
)
NUMBER = re.compile(r"(?<![\w.])[-+−]?\$?\d[\d.,]*")
SMALL = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
COUNTED = rf"(\d+|{'|'.join(SMALL)})"
COUNT = re.compile(rf"\b{COUNTED} of (?:the )?{COUNTED}\b", re.IGNORECASE)
# Words of the method, not of the finding.
JARGON = re.compile(r"\b[CH]\d\d[a-z]?\b|log points?|\bintervals?\b|log10", re.IGNORECASE)


def fact(
    name: str,
    value: float | int | None,
    sentence: str,
    *,
    unit: str,
    period: str,
    basis: str,
    series: Iterable[str] = (),
    subject: str = "",
    as_of: str | date | None = None,
    **details: Any,
) -> str:
    """Record a number together with the sentence that says it.

    Parameters
    ----------
    name : str
        As for a record; a fact that several notebooks state has one name.
    value : float, int or None
        None if it could not be computed; the reason is then the detail `why`.
    sentence : str
        Headline with the fields ``{value}``, ``{size}`` (the value without its sign) and any detail, such as
        ``"US tool exports fell {size:.0f}% from their 2021 peak"``. Numbers stand in fields only.
    unit : str
        Unit in words.
    period : str
        The time that the number describes.
    basis : str
        Definition: whose figures, which flow, nominal or real, adjusted or not.
    series : iterable of str, optional
        Ids of the series that it is made from.
    subject : str, optional
        What the number is about, where facts with other bases speak of the same thing.
    as_of : str or date, optional
        Date up to which values were known.
    **details
        Further fields of the sentence and of the record.

    Returns
    -------
    str
        The sentence with its numbers: the title of the figure that shows it.

    Raises
    ------
    BadRecord
        If the sentence breaks a rule of headlines, or the record one of records.
    """
    fields = details | {"value": value, "size": None if value is None else abs(value)}
    if NUMBER.search(NAMES.sub("", re.sub(r"\{[^{}]*\}", "", sentence))):
        raise BadRecord(f"Fact {name!r}: write the number in {sentence!r} as a field, such as {{value:.0f}}.")
    filled = str(details["why"]) if value is None and "why" in details else sentence.format(**fields)
    if faults := headline_faults(filled):
        raise BadRecord(f"Fact {name!r}: {filled!r} {'; '.join(faults)}.")
    details |= {"sentence": filled, "basis": basis, "series": list(series), "subject": subject or name}
    record(name, value, unit=unit, window=period, as_of=as_of, **details)
    return filled


def headline_faults(sentence: str) -> list[str]:
    """Say which rules of a headline a sentence breaks: an empty list if none.

    A headline has at most twelve words and one number ("k of n" is one, up to twelve), no id of a claim and
    no word of the method.
    """
    bare = NAMES.sub("", sentence)
    counts = COUNT.findall(bare)
    numbers = len(NUMBER.findall(COUNT.sub("", bare))) + len(counts)
    large = [whole for _, whole in counts if whole.isdigit() and int(whole) > 12]
    rules = {
        f"has {len(sentence.split())} words; at most {WORDS}": len(sentence.split()) > WORDS,
        f"says {numbers} numbers; at most one": numbers > 1,
        "counts out of more than twelve": bool(large),
        "names a claim or a word of the method": bool(JARGON.search(sentence)),
    }
    return [rule for rule, broken in rules.items() if broken]
