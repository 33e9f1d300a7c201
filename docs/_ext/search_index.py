"""The index of the search page: events, series, figures, sections, papers, each with words and address.

It is a script, so that search works on pages opened from a disk; it is loaded on the search page only.
"""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import lists
from docutils import nodes
from sphinx.application import Sphinx

from helpers import observations, paths

EXCERPT = 420


def setup(app: Sphinx) -> dict[str, bool]:
    """Gather sections while pages are written; the index of Sphinx is left out."""
    sections: list[dict[str, str]] = []
    app.connect("builder-inited", _without_index)
    app.connect("html-collect-pages", lambda app: [("search", {"title": "Search"}, "search.html")])
    app.connect("html-page-context", lambda *event: sections.extend(of_page(event[1], event[4])))
    app.connect("build-finished", lambda app, error: None if error else write(app, sections))
    return {"parallel_read_safe": True, "parallel_write_safe": False}


def _without_index(app: Sphinx) -> None:
    app.builder.search = False


def of_page(name: str, doctree: nodes.document | None) -> list[dict[str, str]]:
    """Return the sections of a page, each with the text that stands in it and in no section below."""
    if doctree is None or name.startswith("figures/") or name in ("events", "codebook"):
        return []
    rows = []
    page = next(iter(doctree.findall(nodes.title)), nodes.title()).astext()
    for section in doctree.findall(nodes.section):
        if rows and name.startswith("notebooks/dossier-"):
            break  # All dossiers have the same sections.
        title = next((child.astext() for child in section.children if isinstance(child, nodes.title)), "")
        text = " ".join(" ".join(_texts(section)).split())
        where = f"{name}.html" + (f"#{section['ids'][0]}" if section.parent is not doctree else "")
        shown = title if title == page else f"{title} · {page}"
        rows.append({"kind": "section", "title": shown, "text": text[:EXCERPT], "url": where})
    return rows


def _texts(node: nodes.Element) -> list[str]:
    parts: list[str] = []
    for child in node.children:
        if isinstance(child, nodes.section | nodes.title | nodes.literal_block | nodes.raw):
            continue
        below = isinstance(child, nodes.Element) and not isinstance(child, nodes.TextElement)
        parts += _texts(child) if below else [child.astext()]
    return parts


def write(app: Sphinx, sections: list[dict[str, str]]) -> None:
    """Write the index beside the pages."""
    told = lists.context(Path(app.srcdir))
    rows = [*_events(told), *_series(told), *_figures(told), *sections, *_literature(told, sections)]
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    packed = base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()
    (Path(app.outdir) / "_static" / "search_index.js").write_text(
        f'searchIndex="{packed}"\n', encoding="utf-8"
    )


def _events(told: dict[str, Any]) -> list[dict[str, str]]:
    rows = []
    for event in told["events"]:
        has_dossier = event["event_id"] in told["dossiers"]
        day = f"{event['date']:%-d %B %Y}"
        kind = "summit, meeting of leaders" if event["is_meeting"] else event["category"].replace("_", " ")
        title = event["title"] if event["label"] in event["title"] else f"{event['label']}: {event['title']}"
        page = (
            f"notebooks/dossier-{event['event_id']}.html"
            if has_dossier
            else f"events.html#{event['event_id']}"
        )
        text = f"{day}. {kind}. {event['sentence']} {event['summary']}".strip()
        rows.append(
            {"kind": "event", "title": title, "text": text[:EXCERPT], "url": page, "id": event["event_id"]}
            | ({"first": 1} if has_dossier else {})
        )
    return rows


def _series(told: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "kind": "series",
            "title": row["title"],
            "text": f"{row['unit']}, {row['rhythm']}. {row['publisher']}. {row['definition']}"[:240],
            "url": f"series/{row['series_id']}.html",
            "id": row["series_id"],
        }
        for row in told["series"]
    ]


def _figures(told: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "kind": "figure",
            "title": each["title"],
            "text": f"{each['number']}. {each['alt']}"[:240],
            "url": f"{each['stem']}.html",
        }
        for each in told["figures"]
    ]


def _literature(told: dict[str, Any], sections: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return what others wrote, with the section of the first notebook that lists it."""
    rows = []
    if not (paths.data_dir() / "lists" / "literature.csv").exists():
        return []
    shown = [row["url"] for row in sections if "#the-literature" in row["url"]]
    for paper in observations.list_as_of("literature").itertuples():
        number = paper.notebooks[:2] or "11"
        pages = [f"notebooks/{each['name']}.html" for each in told["notebooks"] if each["name"][:2] == number]
        places = [url for url in shown if url.split("#")[0] in pages] or pages
        title = f"{paper.citation} ({paper.year})"
        rows += [
            {"kind": "literature", "title": title, "text": paper.finding, "url": url} for url in places[:1]
        ]
    return rows
