"""Fill the templates from the data package and from what the notebooks told, before Sphinx reads the pages.

``summits site`` leaves ``told.json`` beside the pages: notebooks, their figures, dossiers, facts and claims.
"""

import csv
import functools
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
import pandas as pd
import yaml
from markupsafe import Markup, escape
from sphinx.application import Sphinx

from helpers import catalog, paths, records, tables, timeline
from helpers.methods import power
from helpers.methods.verdict import VERDICTS
from summits import notebooks, side_by_side
from summits.site import to_page

RHYTHMS = {
    "D": "daily",
    "M": "monthly",
    "Q": "quarterly",
    "A": "yearly",
    "H": "half-yearly",
    "E": "dated facts",
}


def setup(app: Sphinx) -> dict[str, bool]:
    """Fill the templates when the builder begins."""
    app.connect("builder-inited", lambda app: fill(Path(app.srcdir)), priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def fill(source: Path) -> None:
    """Write every ``*.md.jinja`` below `source` as a page, and a page for every figure."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(source), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"day": _day, "words": lambda text: text.replace("_", " "), "explained": explained}
    told = context(source)
    for template in sorted(source.rglob("*.md.jinja")):
        inside = template.relative_to(source)
        here = "" if inside.parent.name == "notebooks" else "notebooks/"
        filled = environment.get_template(inside.as_posix()).render(told, here=here)
        template.with_suffix("").write_text(filled, encoding="utf-8")
    (source / "runs").mkdir(exist_ok=True)
    for pair in (_pair(Path(told["executed"][name]), *made) for name, *made in told["pairs"]):
        asked = next(each["title"] for each in told["notebooks"] if each["name"] == pair["notebook"])
        text = environment.get_template("_parts/pair.jinja").render(pair=pair, asked=asked)
        (source / "runs" / f"{pair['notebook']}-{pair['set']}.md").write_text(text, encoding="utf-8")
    template = environment.get_template("_parts/figure.jinja")
    for figure in told["figures"]:
        with (source / "_extra" / f"{figure['stem']}.csv").open(encoding="utf-8") as plotted:
            columns = next(csv.reader(plotted))
        if figure.get("across"):
            behind = source / "_extra" / f"{figure['stem']}-across.csv"
            marks = pd.DataFrame(figure["across"])[["name", "axis", "from", "to"]]
            marks.to_csv(behind, index=False, lineterminator="\n")
        page = source / f"{figure['stem']}.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        text = template.render(told, figure=figure, columns=columns)
        page.write_text(text, encoding="utf-8")


@functools.cache
def context(source: Path) -> dict[str, Any]:
    """Return everything the templates may name."""
    told = json.loads((source / "told.json").read_text(encoding="utf-8"))
    figures = [figure for notebook in told["notebooks"] for figure in _numbered(notebook)]
    told["facts"], told["scoreboard"] = _facts(told), _scoreboard(told["scoreboard"], told["executed"])
    for fact in told["facts"]:
        fact["cuts"] = [_title_height(source, fact["figure"][form]) for form in ("shown", "narrow")]
    events, series = _events(), _series()
    known = {row["series_id"] for row in series}
    used = {notebook["name"]: _named(source, notebook["name"]) & known for notebook in told["notebooks"]}
    for row in series:
        row["figures"] = [figure for figure in figures if row["series_id"] in figure["drawn"]]
        row["notebooks"] = [each for each in told["notebooks"] if row["series_id"] in used[each["name"]]]
    methods = (path.stem for path in (paths.root() / "docs" / "methods").glob("*.md"))
    return told | {
        "figures": figures,
        "known_series": known,
        "versions": _versions(source),
        "methods": sorted(methods),
        "events": events,
        "meetings": [event for event in events if event["is_meeting"]],
        "series": series,
        "sources": _sources(),
        "tables": _tables(),
        "known": _known(),
        "reach": _reach(series),
        "data_date": max((row["latest"] for row in series if row["latest"]), default=""),
        "claims": (claims := grouped(told["scoreboard"]) if told["scoreboard"] else {}),
        "able": able(claims),
        "by_reason": by_reason,
        "words": words(),
    }


def _pair(published: Path, chosen: str, folder: str) -> dict[str, Any]:
    """Return what a named run has beside the published one, with two drawings that differ."""
    both = published, Path(folder) / "notebook.ipynb"
    first, second = (_drawings(each) for each in both)
    drawn = [(first[key], second[key]) for key in first if key in second and first[key] != second[key]]
    notebook = Path(folder).parent.name
    return side_by_side.compare(*both) | {"notebook": notebook, "set": chosen, "drawn": drawn[:2]}


def _drawings(path: Path) -> dict[str, dict[str, str]]:
    """Return of each figure of a run its title, description, marks and, narrow if it can be, drawing."""
    shown = (figure for _, figure, _ in notebooks.figures(notebooks.read(path)))
    return {
        figure["name"]: {key: figure.get(key, "") for key in ("name", "title", "alt", "drawn")}
        | {"svg": figure.get("narrow") or figure.get("svg", "")}
        for figure in shown
    }


def _facts(told: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the facts of the story in its order, each with its picture; none where it has not been told."""
    story = next((each for each in told["notebooks"] if each["name"] == told["story"]), None)
    if story is None:
        return []
    recorded = records.read(Path(told["executed"][story["name"]]))
    pictures = {figure["name"]: figure for figure in story["figures"]}
    facts = [row["details"] for row in recorded.to_dict("records")]
    return [fact | {"figure": pictures[fact["picture"]]} for fact in facts if fact.get("picture") in pictures]


def _scoreboard(name: str, executed: dict[str, str]) -> dict[str, Any] | None:
    """Return the claims and what was recorded of each of their tests; None where there are none yet."""
    if name not in executed:
        return None
    table = records.read(Path(executed[name]))
    table = table[table["name"].str.match(r"claim_[ch]\d\d$")]
    if table.empty:
        return None
    rows = [
        {"id": row["name"][-3:].upper(), "word": row["value"], **row["details"]}
        for row in table.to_dict("records")
    ]
    for row in rows:
        row["where"] = to_page(re.sub(r".*\((.*)\)", r"\1", row["where"])) or f"{name}.html"
    counts = {word: sum(row["word"] == word for row in rows) for word in VERDICTS}
    recorded = records.read([Path(path) for path in executed.values()])
    judged = recorded[recorded["name"].str.match(r"[CH]\d\d[a-z]_verdict$")]
    tests = {row["name"][:4]: row["details"] for row in judged.to_dict("records")}
    counts = {word: count for word, count in counts.items() if count}
    return {"rows": rows, "counts": counts, "name": name, "tests": tests}


def _versions(source: Path) -> list[tuple[str, str, str]]:
    """Return every version of the list of changes with its day and what it brought, in short."""
    text = (source / "changes.md").read_text(encoding="utf-8")
    found = re.findall(r"^## (\S+) \((\d{4}-\d\d-\d\d)\)$(.*?)(?=^## |\Z)", text, re.M | re.S)
    return [(name, day, " · ".join(re.findall(r"\*\*(.+?)\.?\*\*", body)[:8])) for name, day, body in found]


# What stands for each kind of data where the front page says how far they reach.
REACH = {
    "US exports": "us_exp_cn_hs8542",
    "Korean exports": "kr_exp_cn_hs8542",
    "Dutch exports": "nl_exp_cn_hs8486",
    "capital spending": "capex_big4_sum_derived",
}


def _reach(series: list[dict[str, Any]]) -> list[str]:
    """Return up to when each kind of data reaches, in words."""
    last = {row["series_id"]: row["last"] for row in series if row["last"]}
    reach = [f"{name} to {_period(last[each])}" for name, each in REACH.items() if each in last]
    shares = [row["last"] for row in series if row["last"] and row["group"] == "share_returns"]
    reach += [f"shares to {_period(max(shares))}"] if shares else []
    return [*reach, f"events to {_period(f'{timeline.reach():%Y-%m-%d}')}"]


def _period(period: str) -> str:
    """Write a month as "July 2026", a day as "6 October 2026" and the end of a quarter as its month."""
    day = pd.Timestamp(period)
    ends_quarter = len(period) > 7 and day.is_quarter_end
    return f"{day:%B %Y}" if len(period) == 7 or ends_quarter else f"{day:%-d %B %Y}"


# Blogs, collections of news from elsewhere, and copies of a page that was first published in another place.
LOW_STANDING = {
    "archives.lincolndailynews.com", "de.brnn.com", "docslib.org", "dtrumpreport.com", "empiredig.com",
    "ea-crux-project.vercel.app", "fhkaysing.com", "geekireland.com", "moneymorning.com", "oneyearago.ai",
    "particle.news", "preview.deepnewz.com", "realnewshub.com", "reportify.ai", "rainsnews.com",
    "seaholmhighlander.com", "stage.exportcompliancedaily.com", "theshegoal.org", "tippinsights.com",
    "www.binance.bh", "www.ctol.digital", "www.devdiscourse.com", "www.edgarindex.com", "www.eyerys.com",
    "www.mexc.fm", "www.soolun.com", "www.tellerreport.com", "www.weeklydispatch.ai", "www.wikimili.com",
    "memeeeeeex.com", "www.memeeeeeex.com",
}  # fmt: skip


TITLE_LINE = re.compile(r'font-weight: 700; font-size: 14px[^>]*?(?:translate\(\S+ | y=")([\d.]+)')


def _title_height(source: Path, address: str) -> float:
    """Return how much of a drawing its title takes, in percent of the width; 0 where there is none."""
    file = source / "_extra" / address
    svg = file.read_text(encoding="utf-8") if address.endswith(".svg") else ""
    lines = [float(place) for place in TITLE_LINE.findall(svg)]
    return (
        round(100 * (lines[-1] + 5) / float(re.findall(r'viewBox="0 0 ([\d.]+)', svg)[0]), 2) if lines else 0
    )


def _numbered(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    for number, figure in enumerate(notebook["figures"], start=1):
        figure["number"] = f"{notebook['name'].split('_')[0]}.{number}"
        figure["drawn"] = {series["id"] for series in figure["series"]}
    return list(notebook["figures"])


def _named(source: Path, notebook: str) -> set[str]:
    """Return every word that the code of a notebook names, and the series its figures draw."""
    file = source / "_extra" / "downloads" / f"{notebook}.ipynb"
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    code = " ".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    drawn = (source / "_extra" / "figures" / notebook).glob("*.json")
    in_figures = [json.loads(path.read_text(encoding="utf-8")).get("series", []) for path in drawn]
    return set(re.findall(r"[\w.\-]+", code)) | {row["id"] for rows in in_figures for row in rows}


GROUPS = ("Leans yes", "Leans no", "Cannot tell", "Cannot be measured")
# The conditions of the rule, as the reader meets them; the first that fails is told.
REASONS = {
    "usable events": "Too few events could be used.",
    "the windows hold events of another kind": "Other news fell in the same weeks, so the cause is open.",
    "the claim allows description only": "It can be described; a test is out of reach.",
    "nothing untreated to compare with": "Every seller fell under the rules; none is left to compare.",
    "not done beyond the coded agenda": "The count that the test needs was never made.",
    "the interval lies where the claim puts it": "The estimate is vague: it fits the claim and its opposite.",
    "placebo p is at most 0.05": "On ordinary dates as much comes up more than 5 times in 100.",
    "every second estimator agrees": "A second method gives another answer.",
    "p adjusted within its family is at most 0.05": "One of several tests would look like this by luck.",
    "left out in turn": "One event carries the result.",
    "the lead window was measured": "The move began before the event.",
    "the design can see its margin": "The test is too weak to see an effect that matters.",
}


NEVER = "No data could have passed the test."


def grouped(scoreboard: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Put every claim into one of four groups, as its records say, with what its tests can see."""
    constructs = catalog.list_table("test_constructs").set_index("test_id")
    primary = {
        claim["id"]: [test["id"] for test in claim.get("tests", []) if test.get("primary")]
        for claim in catalog.claims().get("claims", [])
    }
    groups: dict[str, list[dict[str, Any]]] = {group: [] for group in GROUPS}
    for row in scoreboard["rows"]:
        tests = [
            _measured(name, scoreboard["tests"].get(name, {}), constructs)
            for name in primary.get(row["id"], [])
        ]
        claim, _, added = row["claim"].partition(" (added hypothesis")
        groups[group_of(row)].append(
            row
            | {
                "claim": claim,
                "added": bool(added),
                "tests": tests,
                "reason": NEVER if tests and all(test["never"] for test in tests) else reason(row),
                "weak": weak(tests),
            }
        )
    return groups


def group_of(row: dict[str, Any]) -> str:
    """Return the group of a claim: it leans only as its record says."""
    leans = {"yes": "Leans yes", "no": "Leans no"}.get(row.get("lean", ""))
    return leans or ("Cannot be measured" if row["word"] == "not testable" else "Cannot tell")


def reason(row: dict[str, Any]) -> str:
    """Return the first reason of the first test in plain words, or as recorded where there are none."""
    first = re.split(r"; [CH]\d\d[a-z] ", row["why"])[0]
    plain = (text for part, text in REASONS.items() if part in first)
    written = row["why"][:1].upper() + row["why"][1:].rstrip(".") + "."
    return next(plain, written.replace("; n", ". N"))


def explained(text: str, root: str = "") -> Markup:
    """Link the first use of each word of the method to what it means; `root` leads to the front page."""
    spoken = {spelling.lower(): word for word in words() for spelling in word["words"]}
    longest = sorted(spoken, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, longest))})(?![\w-])", re.IGNORECASE)
    link = Markup('<a class="term" href="{}how_to_read.html#word-{}" title="{}">{}</a>')
    said: set[str] = set()
    told, end = Markup(""), 0
    for match in pattern.finditer(text):
        word = spoken[match[0].lower()]
        if word["id"] in said:
            continue
        said.add(word["id"])
        told += escape(text[end : match.start()]) + link.format(root, word["id"], word["says"], match[0])
        end = match.end()
    return told + escape(text[end:])


@functools.cache
def words() -> list[dict[str, Any]]:
    """Return the words of the pages with their meanings."""
    listed = (paths.root() / "docs" / "_parts" / "words.yml").read_text(encoding="utf-8")
    return list(yaml.safe_load(listed))


def by_reason(rows: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Put claims of one reason together, the reason of most claims first."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["reason"], []).append(row)
    return sorted(groups.items(), key=lambda group: -len(group[1]))


def weak(tests: list[dict[str, Any]]) -> bool:
    """Whether a primary test cannot see an effect of the size that matters."""
    return any(test["sees"] is not None and test["sees"] > 1 for test in tests)


def able(claims: dict[str, list[dict[str, Any]]]) -> list[bool]:
    """Say of each primary test with a size that matters whether it can see an effect of that size."""
    tests = [test for rows in claims.values() for row in rows for test in row["tests"]]
    return [test["sees"] <= 1 for test in tests if test["sees"] is not None]


def _measured(name: str, details: dict[str, Any], constructs: pd.DataFrame) -> dict[str, Any]:
    inputs = details.get("inputs") or {}
    margin, mde = inputs.get("margin"), power.by_whole_rule(inputs)
    known = constructs.loc[name] if name in constructs.index else {"speaks": "", "foregone": "", "why": ""}
    estimate = inputs.get("estimate") or {}
    ends = [tables.significant(estimate.get(end)) for end in ("value", "low", "high")]
    return {
        "name": name,
        "sees": mde / abs(margin) if mde and margin else None,
        "severity": details.get("severity"),
        "word": details.get("verdict", ""),
        "before": details.get("word_before", ""),
        "never": known["foregone"] == "no data could pass",
        "estimate": "{} {} ({} to {})".format(ends[0], estimate.get("unit", ""), *ends[1:])
        if estimate
        else "",
        "speaks": known["speaks"],
        "why": known["why"],
    }


def _day(date: pd.Timestamp | str) -> str:
    return f"{pd.Timestamp(date):%-d %b %Y}"


def _events() -> list[dict[str, object]]:
    table = catalog.events_table().reset_index().sort_values("date")
    table = table.assign(
        year=table["date"].dt.year,
        clock=table["date"].dt.year + (table["date"].dt.dayofyear - 1) / 365.25,
        is_meeting=table["event_id"].isin(catalog.claims()["sets"]["meetings"]),
    )
    rows = _rows(table)
    for row in rows:
        cited = [
            (row["source_url"], row["source_title"] or "source"),
            (row["second_source_url"], "second source"),
        ]
        row["links"] = [
            (url, title, urlsplit(str(url)).netloc in LOW_STANDING)
            for url, title in cited
            if _is_address(url)
        ]
    return rows


def _series() -> list[dict[str, object]]:
    table = catalog.catalogue().join(_coverage())
    spoken = {"NSA": "not seasonally adjusted", "SA": "seasonally adjusted"}
    table["basis"] = [
        ", ".join(
            spoken.get(word, word)
            for word in (row.price_basis, row.seasonal, row.averaging, f"stored as {row.stored_as}")
            if word and word not in ("not applicable", "none")
        )
        for row in table.itertuples()
    ]
    table["rhythm"] = table["frequency"].map(RHYTHMS)
    table["group"] = table["table"].replace("^returns_.*", "share_returns", regex=True)
    return _rows(table.reset_index())


def _sources() -> list[dict[str, object]]:
    rows = _rows(catalog.sources().reset_index())
    for row in rows:
        row["link"] = row["url"] if _is_address(row["url"]) else ""
    return sorted(rows, key=lambda row: str(row["publisher"]).lower())


def _coverage() -> pd.DataFrame:
    """Return first and last period, number of periods, and most vintages of a period, by series."""
    rows = observations()
    # A maximum of texts is slow: groups come in order, and vintages are put in order once.
    held = rows.groupby(["series_id", "period"]).size().rename("vintages").reset_index()
    coverage = held.groupby("series_id").agg(
        first=("period", "first"),
        last=("period", "last"),
        periods=("period", "size"),
        vintages=("vintages", "max"),
    )
    return coverage.assign(latest=rows.sort_values("vintage").groupby("series_id")["vintage"].last())


@functools.cache
def observations() -> pd.DataFrame:
    """Return every vintage of every value, as text: series_id, period, value, vintage, source_id."""
    files = sorted((paths.data_dir() / "observations").glob("*.csv"))
    return pd.concat([pd.read_csv(file, dtype=str) for file in files], ignore_index=True)


def _known() -> list[dict[str, object]]:
    """Count the series with a value that was public at each year's end, by the kind of their table."""
    table = catalog.catalogue()["table"]
    daily = table.str.startswith(("returns_", "indices", "factors", "uncertainty", "exchange_rates"))
    kinds = table.mask(daily, "markets").where(daily | table.str.startswith("trade"), "other")
    kinds = kinds.mask(table.str.startswith("trade"), "trade")
    rows = observations()
    first = rows.groupby("series_id")["vintage"].min().rename("first").to_frame().join(kinds.rename("kind"))
    return [
        {"date": f"{year}-12-31"} | first[first["first"] <= f"{year}-12-31"]["kind"].value_counts().to_dict()
        for year in range(2016, pd.Timestamp(rows["vintage"].max()).year + 1)
    ]


def _tables() -> list[dict[str, object]]:
    """Return the tables of the package; those with the same columns come as one, with their files."""
    described = json.loads((paths.data_dir() / "datapackage.json").read_text(encoding="utf-8"))
    grouped: dict[Any, Any] = {}
    for resource in described["resources"]:
        fields = resource.get("schema", {}).get("fields", [])
        columns = tuple(field["name"] for field in fields)
        table = grouped.setdefault(columns, {"title": resource["title"], "fields": fields, "files": []})
        table["files"].append(resource)
    return list(grouped.values())


def _rows(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return the rows as dicts in which a missing cell is an empty text."""
    return table.astype(object).where(table.notna(), "").to_dict("records")


def _is_address(text: object) -> bool:
    return str(text).startswith(("https://", "http://"))
