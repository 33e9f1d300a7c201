"""The scoreboard: from the records of the published runs to one row per claim. It estimates nothing.

Records are read from the published run of a notebook, or from the committed notebook where that run is absent
or out of date. Both carry the hashes of the source and of the data they were made from; if neither matches
what is here now, that is an error which names the run to do.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from IPython.display import display

from helpers import catalog, claims, paths, records
from helpers.methods import multiplicity
from helpers.runs import notebooks, plan
from helpers.tables import VERDICTS, significant

PARTS = ("effect", "mde", "placebo_p", "spec_n", "spec_share_supports", "verdict")
NOT_RUN = "no record yet"


class StaleRecord(ValueError):
    """A record that is missing or out of date; the message names the run to do."""


def read(notebook: str) -> pd.DataFrame:
    """Read the records of every notebook that `notebook` needs, as collection.yml says.

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
    table = pd.concat([_with_headings(_current(name)) for name in needed], ignore_index=True)
    of_claims = table[table["name"].str.match(r"[CH]\d\d")]
    twice = of_claims[of_claims.duplicated("name", keep=False)]
    if len(twice):
        raise StaleRecord(
            f"{twice['name'].iloc[0]} is recorded by {' and by '.join(twice['notebook'].iloc[:2])}: "
            "rename it in one of them and run that notebook."
        )
    return table


def _current(name: str) -> Path:
    """Return the executed notebook that was made from the present source and data."""
    committed = paths.notebooks_dir() / f"{name}.ipynb"
    run = paths.runs_dir() / name / plan.PUBLISHED / "notebook.ipynb"
    source = notebooks.source_hash(notebooks.read(committed))
    for candidate in (run, committed):
        if candidate.exists() and not _differs(notebooks.read(candidate), source):
            return candidate
    raise StaleRecord(
        f"{name}: its records are missing or were made from another source or other data. "
        f"Do `summits run {name} --publish`."
    )


def _differs(executed: Mapping[str, Any], source: str) -> bool:
    made_from = executed["metadata"].get(notebooks.MADE_FROM)
    if made_from is None or made_from["notebook"] != source:
        return True
    files = {path: paths.data_dir() / path for path in made_from["data"]}
    return any(
        not file.exists() or catalog.file_hash(file) != made_from["data"][path]
        for path, file in files.items()
    )


def _with_headings(path: Path) -> pd.DataFrame:
    held, notebook = records.read(path), notebooks.read(path)
    headings = [notebooks.heading_above(notebook, cell - 1) for cell in held["cell"]]
    # The published run of every notebook has the same file name.
    name = path.stem if path.parent == paths.notebooks_dir() else path.parent.parent.name
    return held.assign(notebook=name, place=headings)


def tests(held: pd.DataFrame, adjustment: str = "holm", missing: str = "stop") -> pd.DataFrame:
    """Gather what was recorded of every pre-specified test.

    Parameters
    ----------
    held : DataFrame
        Records, as from `read`.
    adjustment : {"holm", "bonferroni", "bh", "by"}
        Of the placebo p values of the primary tests within a family.
    missing : {"stop", "show"}
        What to do about a test without a verdict record.

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
        If a test has no verdict record and `missing` is "stop".
    """
    by_name = held.drop_duplicates("name").set_index("name").to_dict("index")
    listed = [
        _test(claim, test, by_name)
        for claim in catalog.claims()["claims"]
        for test in sorted(claim.get("tests", []), key=lambda test: not test.get("primary"))
    ]
    absent = [row["test"] for row in listed if row["word"] == NOT_RUN]
    if absent and missing == "stop":
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


def _test(claim: Mapping, test: Mapping, by_name: Mapping[str, Mapping]) -> dict[str, Any]:
    name = test["id"]
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
        "word": ruling["value"] if ruling else NOT_RUN,
        "reasons": "; ".join(details.get("reasons", [])),
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


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _family_p(table: pd.DataFrame, adjustment: str) -> pd.Series:
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
    cap = claim.get("verdict_cap", "")
    if not cap and any(test["word"] == NOT_RUN for test in primary):
        return row | {"word": NOT_RUN, "why": "a primary test has not left a record"}
    word = claims.combined([test["word"] for test in primary], cap=cap)
    said = [
        f"{test['test']} {test['word']}: {test['reasons']}" if len(primary) > 1 else test["reasons"]
        for test in primary
    ]
    return row | {"word": word, "why": "; ".join(said) or "the claim allows description only"}


def table_rows(claims_on_board: Iterable[Mapping]) -> list[dict[str, Any]]:
    """Return the rows for `helpers.tables.verdict_table`: one per primary test, or one for the claim."""
    rows = []
    for claim in claims_on_board:
        head = {"claim": f"{claim['id']} {claim['claim']}", "verdict": claim["word"], "why": claim["why"]}
        shown = [test for test in claim["tests"] if test["primary"]] or claim["tests"][:1] or [{}]
        for place, test in enumerate(shown):
            own = {} if place == 0 else {"claim": f"{claim['id']} continued: {test['test']}"}
            rows.append(head | own | _figures_of(test))
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
    drawn = table[table["primary"] & table["in_margins"].notna() & (table["word"] != NOT_RUN)]
    rows = [{"label": row.test, "group": row.word, **row.in_margins} for row in drawn.itertuples()]
    rows = pd.DataFrame(rows, columns=["label", "group", "value", "low", "high"])
    return rows.sort_values(
        "group", key=lambda group: group.map(VERDICTS.index), kind="stable", ignore_index=True
    )


def paragraph(claim: Mapping) -> str:
    """Say in Markdown what was found about a claim, every number from a record."""
    lines = [f"**{claim['id']} · {claim['claim']}** *{claim['word'].capitalize()}.*"]
    if not claim["tests"]:
        return f"{lines[0]} {claim['why'].capitalize()}."
    return "\n\n".join([*lines, "\n".join(f"- {_sentence(test)}" for test in claim["tests"])])


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
    first = next((test for test in claim["tests"] if test["notebook"]), {})
    details = {"claim": claim["claim"], "why": claim["why"], "where": link(first)}
    if claim["word"] == NOT_RUN:
        records.record(f"claim_{claim['id'].lower()}", None, unit="no verdict", as_of=as_of, **details)
    else:
        records.record(
            f"claim_{claim['id'].lower()}",
            claim["word"],
            unit="text",
            method="verdicts of the primary tests combined",
            as_of=as_of,
            verdict=claim["word"],
            **details,
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
        {"id": row["name"][-3:].upper(), "word": row["value"] or NOT_RUN, **row["details"]}
        for row in held.to_dict("records")
    ]
    counts = {word: sum(row["word"] == word for row in rows) for word in (*VERDICTS, NOT_RUN)}
    return {"rows": rows, "counts": {word: count for word, count in counts.items() if count}}
