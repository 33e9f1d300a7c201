"""Facts of the committed notebooks: one value each, and no headline with a number that is no fact."""

import re
from collections import defaultdict

import pytest
from bs4 import BeautifulSoup

from helpers import facts, paths, records, tables
from summits import notebooks

COMMITTED = sorted(paths.notebooks_dir().glob("[0-9]*.ipynb"))
# The headlines of a dossier are made for every event by functions with tests of their own.
BY_EVENT = "14_event_dossier"


def figures_of(path):
    """Name and title of every figure of an executed notebook."""
    for cell in notebooks.read(path)["cells"]:
        for output in cell.get("outputs", []):
            if figure := output.get("data", {}).get(paths.FIGURE_MIME):
                yield figure["name"], figure["title"]


def facts_of(path):
    """Facts of an executed notebook by name."""
    rows = records.read(path).to_dict("records")
    return {row["name"]: row | row["details"] for row in rows if "sentence" in row["details"]}


def has_number(sentence):
    """Tell whether a sentence says a number, in digits or as a count of at most twelve."""
    bare = facts.NAMES.sub("", sentence)
    words = re.findall(r"\w+", bare)
    return bool(facts.NUMBER.search(bare)) or any(word.lower() in facts.SMALL for word in words)


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_every_headline_keeps_the_rules(path):
    faults = {name: facts.headline_faults(title) for name, title in figures_of(path)}
    assert not {name: rules for name, rules in faults.items() if rules}


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_headline_with_a_number_is_the_sentence_of_a_fact(path):
    if path.stem == BY_EVENT:
        pytest.skip("tested with the functions that make them")
    sentences = {fact["sentence"] for fact in facts_of(path).values()}
    numbered = {name: title for name, title in figures_of(path) if has_number(title)}
    assert not {name: title for name, title in numbered.items() if title not in sentences}


def test_a_fact_has_one_value_and_its_bases_have_different_sentences():
    by_name, by_subject = defaultdict(set), defaultdict(dict)
    for path in COMMITTED:
        for name, fact in facts_of(path).items():
            by_name[name].add(fact["value"])
            by_subject[fact["subject"]][fact["value"]] = (
                facts.NUMBER.sub("", fact["sentence"]),
                fact["basis"],
            )
    assert not {name: values for name, values in by_name.items() if len(values) > 1}
    for subject, values in by_subject.items():
        for kind in zip(*values.values(), strict=True):
            assert len(set(kind)) == len(kind), f"{subject}: two values under the same words {kind[0]!r}"


def spoken(path):
    """Texts of an executed notebook as readers see them, without code, dates and addresses."""
    for cell in notebooks.read(path)["cells"]:
        if cell["cell_type"] == "markdown":
            yield "".join(cell["source"])
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            yield "".join(data.get("text/markdown", ""))
            yield BeautifulSoup("".join(data.get("text/html", "")), "html.parser").get_text(" ")
            yield data.get(paths.FIGURE_MIME, {}).get("alt", "")


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_negative_number_has_a_minus_sign_and_no_hyphen(path):
    texts = [re.sub(r"`[^`]*`|https?://\S+", "", text) for text in spoken(path)]
    assert not [text[match.start() - 20 :][:40] for text in texts for match in tables.HYPHEN.finditer(text)]
