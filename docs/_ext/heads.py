"""What stands in the head and at the foot of every page, and the files beside them: feed, sitemap, 404 page.

The address of the site and that of the repository are those of ``CITATION.cff`` (``url``,
``repository-code``). Without them no page has a canonical address and there is no sitemap:
an address is never made up.
"""

import os
import time
import uuid
from html import escape, unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import lists
from docutils import nodes
from sphinx.application import Sphinx

ATOM = "http://www.w3.org/2005/Atom"
ABOUT = "What happened to chip trade and AI money when the leaders of the United States and China met."
ENTRIES = 40  # of the feed


def setup(app: Sphinx) -> dict[str, bool]:
    """Fill the head of each page, and write the files when all pages are done."""
    app.connect("html-collect-pages", lambda app: [("404", {"title": "Not here"}, "404.html")])
    app.connect("html-page-context", head, priority=900)
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": False}


def build_date() -> str:
    """Return the day of the build; a fixed one where ``SOURCE_DATE_EPOCH`` gives it."""
    return time.strftime("%Y-%m-%d", time.gmtime(float(os.environ.get("SOURCE_DATE_EPOCH", time.time()))))


def head(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> str | None:
    """Give a page its description, card and icon, let no script hold up its paint, choose its template."""
    told = lists.context(Path(app.srcdir))
    root = "../" * name.count("/")
    title = context.get("title") or app.config.project
    context |= {"data_date": told["data_date"], "build_date": build_date()}
    context["repository"] = told["citation"].get("repository-code", "")
    described = {"description", "og:title", "og:description", "og:image"}
    given = {key for key in described if f'"{key}"' in context.get("metatags", "")}
    base = app.config.html_baseurl
    picture = context.get("card") or card(app, name, told)
    facts = {
        "description": context.get("description") or _first_sentences(doctree),
        "og:title": unescape(title),
        "og:type": "article",
        "og:site_name": app.config.project,
        "og:image": (base or root) + picture,
        "twitter:card": "summary_large_image",
    }
    if name.startswith("series/"):  # no picture of ours shows the series, and these pages are many
        facts = {key: facts[key] for key in ("description", "og:title")}
    else:
        facts["og:description"] = facts["description"]
    if base:
        facts["og:url"] = base + name + ".html"
    lines = [
        f'<meta {"property" if ":" in key else "name"}="{key}" content="{escape(value)}">'
        for key, value in facts.items()
        if key not in given
    ]
    lines.append(f'<link rel="icon" href="{root}_static/icon.svg" type="image/svg+xml">')
    lines.append(f'<link rel="alternate" type="application/atom+xml" title="Changes" href="{root}feed.xml">')
    if base and (template != "page.html" or name.startswith("figures/")):
        lines.append(f'<link rel="canonical" href="{base}{name}.html">')
    context["metatags"] = context.get("metatags", "") + "\n".join(lines)
    for script in context.get("script_files", []):
        if getattr(script, "filename", None) and "documentation_options" not in str(script.filename):
            script.attributes.setdefault("defer", "defer")
    return "plain.html" if name.startswith(("figures/", "runs/")) else None


def card(app: Sphinx, name: str, told: dict[str, Any]) -> str:
    """Return the picture of a page: its first figure, or that of the first fact."""
    if name.startswith("figures/"):
        return f"{name}.png"
    folder = Path(app.srcdir) / "_extra" / "figures" / Path(name).name
    pictures = sorted(folder.glob("*.png")) if name.startswith("notebooks/") else []
    if pictures:
        return pictures[0].relative_to(Path(app.srcdir) / "_extra").as_posix()
    return f"{told['facts'][0]['figure']['stem']}.png" if told["facts"] else "_static/us_tools.png"


def _first_sentences(doctree: nodes.document | None) -> str:
    found = [] if doctree is None else [each.astext() for each in doctree.findall(nodes.paragraph)]
    text = " ".join(next((each for each in found if len(each) > 60), ABOUT).split())
    return text if len(text) < 300 else text[:297].rsplit(" ", 1)[0] + " …"


def write_files(app: Sphinx, error: Exception | None) -> None:
    """Write the feed, and the sitemap where the site has an address."""
    if error or app.builder.name != "html":
        return
    pages, told = Path(app.outdir), lists.context(Path(app.srcdir))
    write_feed(pages / "feed.xml", app.config.html_baseurl, app.config.project, told)
    if app.config.html_baseurl:
        written = sorted(path.relative_to(pages).as_posix() for path in pages.rglob("*.html"))
        lines = [
            f"<url><loc>{escape(app.config.html_baseurl + page)}</loc></url>"
            for page in written
            if page != "404.html"
        ]
        opened = '<?xml version="1.0" encoding="UTF-8"?>\n'
        opened += '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        (pages / "sitemap.xml").write_text("\n".join([opened, *lines, "</urlset>\n"]), encoding="utf-8")


def write_feed(path: Path, base: str, project: str, told: dict[str, Any]) -> None:
    """Write the versions and the dossiers as an Atom feed, the latest first."""
    entries = [(day, f"Version {name}", "changes.html", text) for name, day, text in told["versions"]]
    for event in told["events"]:
        if event["event_id"] in told["dossiers"]:
            title = f"Dossier: {event['label'] or event['title']}"
            page = f"notebooks/dossier-{event['event_id']}.html"
            entries.append((f"{event['date']:%Y-%m-%d}", title, page, event["sentence"] or event["title"]))
    entries = sorted(entries, reverse=True)[:ENTRIES]
    feed = ElementTree.Element("feed", {"xmlns": ATOM})

    def add(parent: ElementTree.Element, tag: str, text: str = "", **attributes: str) -> None:
        ElementTree.SubElement(parent, tag, attributes).text = text or None

    add(feed, "title", project)
    add(feed, "id", _identity(project, ""))
    add(feed, "updated", f"{max([told['data_date'], *(entry[0] for entry in entries)])}T00:00:00Z")
    add(feed, "link", href=base + "feed.xml", rel="self")
    add(feed, "link", href=base + "index.html")
    author = ElementTree.SubElement(feed, "author")
    add(author, "name", told["citation"]["authors"][0]["name"])
    for day, title, page, text in entries:
        entry = ElementTree.SubElement(feed, "entry")
        add(entry, "title", title)
        add(entry, "id", _identity(project, f"{page} {title}"))
        add(entry, "updated", f"{day}T00:00:00Z")
        add(entry, "link", href=base + page)
        add(entry, "summary", text)
    ElementTree.ElementTree(feed).write(path, encoding="utf-8", xml_declaration=True)


def _identity(project: str, what: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{project} {what}".strip()).urn
