"""The scoreboard: from the records of the published runs to one row per claim. It estimates nothing.

Records are read from the published run of a notebook, or from the committed notebook where that run is absent
or out of date. Both carry the hash of all they were made from: source, parameters, data, helper code, and the
same of the runs they read. If neither matches what is here now, that is an error which names the run to do.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from IPython.display import display

from helpers import catalog, claims, prose, records
from helpers.methods import multiplicity
from helpers.methods.verdict import CAP
from helpers.tables import VERDICTS, significant
from summits import notebooks, plan

PARTS = ("effect", "mde", "placebo_p", "spec_n", "spec_share_supports", "verdict")
UNMET = "not met: "
NOT_DONE = "not done"  # how the log of departures begins where a test was not made


class StaleRecord(ValueError):
    """A record that is missing or out of date; the message names the run to do."""


def read(notebook: str, as_of: str = "") -> pd.DataFrame:
    """Read the records of every notebook that `notebook` needs, as collection.yml says.

    Parameters
    ----------
    notebook : str
        The notebook that reads.
    as_of : str
        Read runs as of this day; the published ones if empty.

    Returns
    -------
    DataFrame
        As `helpers.records.read`, with `place`, the heading above the cell.

    Raises
    ------
    StaleRecord
        If a notebook has no current result, or two of them record the same result of a claim test.
    """
    needed = plan.collection()[notebook].get("needs", [])
    runs = {run.id: run for run in plan.plan(needed, [f"as_of={as_of}"] if as_of else [])}
    read = [runs[f"{name}/{plan.known_on(as_of)}"] for name in needed]
    table = pd.concat([_with_headings(_current(run), run.notebook) for run in read], ignore_index=True)
    of_claims = table[table["name"].str.match(r"[CH]\d\d")]
    twice = of_claims[of_claims.duplicated("name", keep=False)]
    if len(twice):
        raise StaleRecord(
            f"{twice['name'].iloc[0]} is recorded by {' and by '.join(twice['notebook'].iloc[:2])}: "
            "rename it in one of them and run that notebook."
        )
    return table


def _current(run: plan.Run) -> Path:
    """Return the result of a run that was made from what is here now; a published run has two places."""
    committed = [run.source] if run.set == plan.PUBLISHED else []
    for candidate in (run.directory / "notebook.ipynb", *committed):
        if candidate.exists() and _made_from(candidate) == run.made_from:
            return candidate
    way = "--publish" if committed else " ".join(f"-p {name}={value}" for name, value in run.given.items())
    raise StaleRecord(
        f"{run.notebook}: its records are missing, or were made from another notebook, other data, other "
        f"parameters or other helper code. Do `summits run {run.notebook} {way}`."
    )


def _made_from(path: Path) -> str | None:
    return notebooks.read(path)["metadata"].get(notebooks.MADE_FROM)


def _with_headings(path: Path, name: str) -> pd.DataFrame:
    held, notebook = records.read(path), notebooks.read(path)
    headings = [notebooks.heading_above(notebook, cell - 1) for cell in held["cell"]]
    # The result of every run has the same file name.
    return held.assign(notebook=name, place=headings)


def tests(held: pd.DataFrame, adjustment: str = "holm") -> pd.DataFrame:
    """Gather what was recorded of every pre-specified test.

    A test that the departures log as not done has the word "not done", with the logged reason.

    Parameters
    ----------
    held : DataFrame
        Records, as from `read`.
    adjustment : {"holm", "bonferroni", "bh", "by"}
        Of the placebo p values of the primary tests within a family.

    Returns
    -------
    DataFrame
        One row per test, the primary tests of a claim first: claim_id, test, primary, family, outcome, word,
        as_recorded (the word before the adjustment), reasons, sign, events (if the test is one over dated
        events), margin, in_margins, value, low, high, unit, n, mde, placebo_p, family_p, spec_n, spec_share,
        notebook, cell, place.

    Raises
    ------
    StaleRecord
        If a test has no verdict record and is not logged as not done.
    """
    by_name = _by_name(held)
    listed = [
        _test(claim, test, by_name)
        for claim in catalog.claims()["claims"]
        for test in sorted(claim.get("tests", []), key=lambda test: not test.get("primary"))
    ]
    absent = [row["test"] for row in listed if not row["word"]]
    if absent:
        raise StaleRecord(
            f"No notebook that was read records a verdict of {', '.join(absent)}. Run the notebook that "
            "makes these tests, and list it under `needs` in collection.yml."
        )
    table = pd.DataFrame(listed)
    table["family_p"] = _family_p(table, adjustment)
    table["as_recorded"] = table["word"]
    table["word"] = [
        claims.within_family(row.word, sign=row.sign, adjusted_p=row.family_p) for row in table.itertuples()
    ]
    return table


def _by_name(held: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return held.drop_duplicates("name").set_index("name").to_dict("index")


def _not_done(test: str) -> str:
    """Return why a test was not made, as logged, or an empty text."""
    logged = [one for one in catalog.claims().get("deviations") or [] if one["claim"] == test]
    return next((f"{one['what']}; {one['why']}" for one in logged if one["what"].startswith(NOT_DONE)), "")


def _test(claim: Mapping, test: Mapping, by_name: Mapping[str, Mapping]) -> dict[str, Any]:
    name, logged = test["id"], _not_done(test["id"])
    found = {part: by_name.get(f"{name}_{part}") for part in PARTS}
    ruling, effect = found["verdict"], found["effect"] or {}
    details = ruling["details"] if ruling else {}
    inputs = details.get("inputs", {})
    number = {part: (found[part] or {}).get("value") for part in PARTS}
    return {
        "claim_id": claim["id"],
        "test": name,
        "primary": bool(test.get("primary")),
        "family": claim.get("family", ""),
        "outcome": test["outcome"],
        "word": ruling["value"] if ruling else NOT_DONE if logged else "",
        "reasons": _in_short(details["reasons"]) if ruling else logged,
        "sign": inputs.get("sign") or "",
        "events": _number(inputs.get("usable_events")),
        "margin": inputs.get("margin"),
        "in_margins": claims.in_margins(inputs),
        **{end: _number(effect.get(end)) for end in ("value", "low", "high")},
        "unit": effect.get("unit", ""),
        "n": _number(effect.get("n")),
        "mde": _number(number["mde"]),
        "placebo_p": _number(number["placebo_p"]),
        "spec_n": _number(number["spec_n"]),
        "spec_share": _number(number["spec_share_supports"]),
        **{field: (ruling or {}).get(field, "") for field in ("notebook", "cell", "place")},
    }


def _in_short(reasons: Iterable[str]) -> str:
    """Name the conditions that are not met in one list, and the other reasons after it."""
    unmet = [one.removeprefix(UNMET) for one in reasons if one.startswith(UNMET)]
    return "; ".join(
        [UNMET + ", ".join(unmet)] * bool(unmet) + [r for r in reasons if not r.startswith(UNMET)]
    )


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _family_p(table: pd.DataFrame, adjustment: Any) -> pd.Series:
    """Adjust the placebo p values of primary tests within families; a missing one counts as 1."""
    adjusted = pd.Series(None, index=table.index, dtype=object)
    primary = table[table["primary"] & (table["family"] != "")]
    for _, family in primary.groupby("family"):
        p_values = multiplicity.adjusted(family["placebo_p"].astype(float).fillna(1.0), adjustment)
        known = family["placebo_p"].notna()
        adjusted[known[known].index] = p_values[known]
    return adjusted


def board(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Put the tests of each claim together.

    Returns
    -------
    list of dict
        One per claim, in the order of `claims.yml`: id, claim, word, why, tests (rows of `table`).
    """
    return [
        _claim(claim, table[table["claim_id"] == claim["id"]].to_dict("records"))
        for claim in catalog.claims()["claims"]
    ]


def _claim(claim: Mapping, rows: list[dict[str, Any]]) -> dict[str, Any]:
    row = {"id": claim["id"], "claim": claim["claim"], "tests": rows}
    if claim["testable"] == "no" or claim["testable"] is False:
        return row | {"word": "not testable", "why": claim["why"]}
    primary = [test for test in rows if test["primary"]]
    word = claims.combined([test["word"] for test in primary], cap=claim.get("verdict_cap", ""))
    decisive = primary or rows
    said = [
        f"{test['test']} {test['word']}: {test['reasons']}" if len(decisive) > 1 else test["reasons"]
        for test in decisive
    ]
    return row | {"word": word, "why": "; ".join(said)}


def capped(table: pd.DataFrame) -> list[str]:
    """List the primary tests with a word that point 16 of the charter, no part of the rule, would cap."""
    return table.loc[table["primary"] & table["reasons"].str.contains(CAP), "test"].tolist()


def table_rows(claims_on_board: Iterable[Mapping]) -> list[dict[str, Any]]:
    """Return the rows for `helpers.tables.verdict_table`: one per claim, and one per further primary test.

    The row of a claim holds the numbers of its first primary test; a further test has its own word.
    """
    rows = []
    for claim in claims_on_board:
        head = {"claim": f"{claim['id']} {claim['claim']}", "verdict": claim["word"], "why": claim["why"]}
        shown = [test for test in claim["tests"] if test["primary"]] or claim["tests"][:1] or [{}]
        if len(shown) > 1:
            head["why"] = f"{shown[0]['test']} {shown[0]['word']}: {shown[0]['reasons']}"
        rows.append(head | _figures_of(shown[0]))
        for test in shown[1:]:
            own = {"claim": f"{claim['id']}, second test: {test['test']}"}
            own |= {"verdict": test["word"], "why": test["reasons"]}
            rows.append(own | _figures_of(test))
    return rows


def _figures_of(test: Mapping) -> dict[str, Any]:
    same = ("value", "low", "high", "unit", "mde", "n", "family_p", "spec_share")
    figures = {name: test.get(name) for name in same} | {"placebo_rank": test.get("placebo_p")}
    return figures | {"where": link(test)}


def link(test: Mapping) -> str:
    """Return where a test was judged, as a link to the notebook and its heading, with the cell."""
    if not test.get("notebook"):
        return ""
    heading = re.sub(r"\s+", "-", re.sub(r"[()\[\]]", "", test["place"]))
    return f"[{test['notebook']}, cell {test['cell']}]({test['notebook']}.ipynb#{heading})"


def picture_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return primary effects in units of their margins, for `helpers.figures.coefficient_plot`."""
    drawn = table[table["primary"] & table["in_margins"].notna()]
    rows = [{"label": row.test, "group": row.word, **row.in_margins} for row in drawn.itertuples()]
    rows = pd.DataFrame(rows, columns=["label", "group", "value", "low", "high"])
    return rows.sort_values(
        "group", key=lambda group: group.map(VERDICTS.index), kind="stable", ignore_index=True
    )


def filled(template: str, held: pd.DataFrame, table: pd.DataFrame) -> str:
    """Fill a text with numbers of records and tests.

    Parameters
    ----------
    template : str
        As the prose of a notebook: ``{{C07a_lead.low:.2f}}`` is a part of a record, ``{{C07a.margin:.2f}}`` a
        column of `table`.
    held : DataFrame
        Records, as from `read`.
    table : DataFrame
        As from `tests`.

    Raises
    ------
    ProseError
        If no record or test has the name, records of two notebooks have it, or the part is unknown.
    """
    alone = held.drop_duplicates("name", keep=False)
    values = {name: {**one["details"], **one} for name, one in _by_name(alone).items()}
    judged = table.astype(object).where(table.notna(), None).set_index("test", drop=False)
    return prose.fill(template, values | judged.to_dict("index"))


def paragraph(claim: Mapping, told: str = "") -> str:
    """Say in Markdown what was found about a claim: `told` in plain words, then test by test.

    Every number of the list is that of a record; those of `told` come from `filled`.
    """
    head = f"**{claim['id']} · {claim['claim']}** *{claim['word'].capitalize()}.*"
    if not claim["tests"]:
        return f"{head} {claim['why'].capitalize()}."
    return "\n\n".join(
        [f"{head} {told}".strip(), "\n".join(f"- {_sentence(test)}" for test in claim["tests"])]
    )


def _sentence(test: Mapping) -> str:
    kind = "Primary test" if test["primary"] else "Side test"
    text = f"{kind} {test['test']}, {test['outcome']}: *{test['word']}*"
    if test["word"] != test["as_recorded"]:
        text += f" (*{test['as_recorded']}* before the adjustment within its family)"
    text += f" ({test['reasons']})." if test["reasons"] else "."
    text += f" {_found(test)}"
    if not _absent(test["placebo_p"]):
        text += f" Placebo p {significant(test['placebo_p'])}"
        adjusted = test["family_p"]
        text += "." if _absent(adjusted) else f", within the family {significant(adjusted)}."
    if not _absent(test["spec_share"]):
        text += f" Of {test['spec_n']:,.0f} specifications {test['spec_share']:.0%} support it."
    return f"{text} {link(test)}".strip()


def _absent(value: Any) -> bool:
    return value is None or bool(pd.isna(value))


def _found(test: Mapping) -> str:
    if _absent(test["value"]):
        return ""
    text = f"Found: {significant(test['value'])} {test['unit']}"
    if not _absent(test["low"]) and not _absent(test["high"]):
        text += f", interval {significant(test['low'])} to {significant(test['high'])}"
    text += f", n = {test['n']:.0f}" if not _absent(test["n"]) else ""
    return (
        f"{text}."
        if _absent(test["mde"])
        else f"{text}. The design could see {significant(test['mde'])} or more."
    )


def needed(table: pd.DataFrame) -> pd.DataFrame:
    """Say by how much each inconclusive primary test falls short of seeing its margin.

    The standard error of a mean over n independent units falls with the square root of n, so that a design
    whose minimum detectable effect is k times the margin needs about k squared times the units. That is said
    only of tests over dated events: more months of one series are no further units.

    Returns
    -------
    DataFrame
        Test, Unit, Minimum detectable effect, Margin, Times the margin, n, and n needed (missing where the
        test is not one over dated events).
    """
    open_tests = table[
        table["primary"]
        & (table["word"] == "inconclusive")
        & table["mde"].notna()
        & table["margin"].notna()
        & table["n"].notna()
        & ~table["unit"].str.contains("times")
    ]
    times = open_tests["mde"].astype(float) / open_tests["margin"].astype(float)
    return pd.DataFrame(
        {
            "Test": open_tests["test"],
            "Unit": open_tests["unit"],
            "Minimum detectable effect": open_tests["mde"].astype(float),
            "Margin": open_tests["margin"].astype(float),
            "Times the margin": times,
            "n": open_tests["n"].astype("Int64"),
            "n needed, about": (open_tests["n"].where(open_tests["events"].notna()).astype(float) * times**2)
            .round()
            .astype("Int64"),
        }
    ).reset_index(drop=True)


def record_claim(claim: Mapping, as_of: str) -> None:
    """Leave the verdict of a claim for the front page: ``claim_c16``."""
    first: Mapping = next((test for test in claim["tests"] if test["notebook"]), {})
    records.record(
        f"claim_{claim['id'].lower()}",
        claim["word"],
        unit="text",
        method="verdicts of the primary tests combined",
        as_of=as_of,
        verdict=claim["word"],
        claim=claim["claim"],
        why=claim["why"],
        where=link(first),
    )


def show_markdown(paragraphs: Iterable[str]) -> None:
    """Display generated prose as one output."""
    text = "\n\n".join(paragraphs)
    display({"text/markdown": text, "text/plain": text}, raw=True)


def published(executed: Path) -> dict[str, Any] | None:
    """Return what the front page shows of an executed scoreboard, or None if it holds no verdicts.

    Returns
    -------
    dict or None
        rows (id, claim, word, why, where) and counts (word → number of claims).
    """
    held = records.read(executed)
    held = held[held["name"].str.match(r"claim_[ch]\d\d$")]
    if held.empty:
        return None
    rows = [
        {"id": row["name"][-3:].upper(), "word": row["value"], **row["details"]}
        for row in held.to_dict("records")
    ]
    counts = {word: sum(row["word"] == word for row in rows) for word in VERDICTS}
    return {"rows": rows, "counts": {word: count for word, count in counts.items() if count}}
