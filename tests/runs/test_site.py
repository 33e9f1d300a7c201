"""The published pages: built here from a small made-up package and notebook."""

import base64
import json
import re
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pandas as pd
import pytest
import yaml
from bs4 import BeautifulSoup

from helpers import paths, schema
from helpers.figures import FIGURE_MIME
from summits import site
from summits.notebooks import RECORD_MIME

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
NAME = "02_chip_exports"
FIGURE = {
    "name": "exports",
    "title": "Exports <fell> & rose",
    "alt": 'A line called "exports" & a band',
    "source": "Source: Office; values as known on 2026-01-31.",
    "csv": "period,value\n2021-01,1\n2021-02,3\n",
}


def _code(source, outputs=(), tags=()):
    metadata = {"tags": list(tags)}
    return nbformat.v4.new_code_cell(source, metadata=metadata, outputs=list(outputs), execution_count=1)


def _notebook(title="Did exports fall?", more=""):
    picture = {"image/png": PIXEL, "text/plain": "digest-of-figure", FIGURE_MIME: FIGURE}
    record = {RECORD_MIME: {"name": "fall", "value": 1}, "text/plain": "fall: 1 percent"}
    show = nbformat.v4.new_output
    return nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        cells=[
            nbformat.v4.new_markdown_cell(f"# {title}\n\nFrom $706m to $505m, with $x_t^2$.\n\n{more}"),
            _code('as_of = ""', tags=["parameters"]),
            _code(
                "publish()", [show("display_data", picture, metadata={"image/png": {"alt": FIGURE["alt"]}})]
            ),
            _code("record()", [show("display_data", record)]),
            _code("warn()", [show("stream", name="stderr", text="a warning on stderr")]),
        ],
    )


def _write_table(path: Path, table: schema.Table, rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).reindex(columns=table.names).to_csv(path, index=False)


def _package(folder: Path) -> None:
    series = {"table": "trade", "frequency": "M", "unit": "USD", "price_basis": "nominal", "seasonal": "NSA"}
    series |= {"averaging": "none", "stored_as": "level", "publisher": "Office", "licence": "Public domain"}
    rows = [
        {**series, "series_id": "us_exp_cn_hs8542", "title": "US chips <to> China", "redistribution": "open"},
        {
            **series,
            "series_id": "empty",
            "title": "Nothing held",
            "redistribution": "fetch",
            "licence_flag": "NC",
        },
    ]
    _write_table(folder / "series.csv", schema.SERIES, rows)
    sources = [{"source_id": "office", "publisher": "Office", "title": "Trade", "url": "javascript:alert(1)"}]
    _write_table(folder / "sources.csv", schema.SOURCES, sources)
    event = {"category": "summit_leaders", "actors": "US;CN", "direction": "neutral", "confidence": "high"}
    events = [
        {**event, "event_id": "meeting-2017", "date": "2017-11-08", "verified": "yes", "title": "A meeting"},
        {**event, "event_id": "open-2026", "date": "2026-11-18", "verified": "no", "title": "A plan"},
    ]
    events = [{**row, "source_url": "https://example.org/a", "source_title": "Page"} for row in events]
    _write_table(folder / "events.csv", schema.EVENTS, events)
    observed = [("2021-01", 1, "2021-03-01"), ("2021-01", 2, "2022-03-01"), ("2021-02", 3, "2021-04-01")]
    values = [
        {"series_id": "us_exp_cn_hs8542", "period": period, "value": value, "vintage": vintage}
        for period, value, vintage in observed
    ]
    _write_table(folder / "observations" / "trade.csv", schema.OBSERVATIONS, values)
    (folder / "claims.yml").write_text(yaml.safe_dump({"sets": {"meetings": ["meeting-2017"]}}))
    fields = [
        {"name": column.name, "type": column.type, "description": column.description}
        for column in schema.OBSERVATIONS.columns
    ]
    resource = {"title": "Observations", "path": "observations/trade.csv", "schema": {"fields": fields}}
    (folder / "datapackage.json").write_text(json.dumps({"resources": [resource]}))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A small project: its folder, with the package, the notebooks and the runs in place."""
    folder = tmp_path_factory.mktemp("project")
    _package(folder / "data")
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / "collection.yml").write_text(
        yaml.safe_dump({"notebooks": {NAME: {"question": "What did exports do?"}}})
    )
    nbformat.write(_notebook(), folder / "notebooks" / f"{NAME}.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUMMITS_DATA", str(folder / "data"))
        patch.setattr(paths, "notebooks_dir", lambda: folder / "notebooks")
        yield folder


@pytest.fixture(scope="module")
def built(project):
    """The folder of the built pages."""
    return site.build(project / "runs", project / "site").parent


def _html(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def test_code_is_folded_except_parameters():
    page, _ = site.page(_notebook(), NAME)
    folded = {
        cell.source: "hide-input" in cell.metadata.tags for cell in page.cells if cell.cell_type == "code"
    }
    assert folded == {'as_of = ""': False, "publish()": True, "record()": True, "warn()": True}


def test_figure_becomes_image_with_alt_text_caption_and_data():
    page, files = site.page(_notebook(), NAME)
    figure = BeautifulSoup(page.cells[2].outputs[0].data["text/html"], "html.parser")
    assert figure.img["alt"] == FIGURE["alt"]
    assert FIGURE["title"] in figure.figcaption.text and FIGURE["source"] in figure.figcaption.text
    assert figure.img["src"] == f"../figures/{NAME}/exports.png"
    assert (figure.img["width"], figure.img["height"]) == ("1", "1")
    stem = f"figures/{NAME}/exports"
    assert [a["href"] for a in figure.figcaption("a")] == [f"../{stem}.html", f"../{stem}.csv"]
    assert files[f"{stem}.png"] == base64.b64decode(PIXEL) and files[f"{stem}.csv"] == FIGURE["csv"].encode()
    assert set(files) == {f"{stem}.{form}" for form in ("png", "svg", "csv", "json")}
    assert "csv" not in json.loads(files[f"{stem}.json"])


def test_a_record_is_a_line_for_machines_and_not_shown():
    page, _ = site.page(_notebook(), NAME)
    assert page.cells[3].outputs == []


def test_every_figure_has_a_page_to_cite(built):
    (page,) = (built / "figures" / NAME).glob("*.html")
    soup = BeautifulSoup(page.read_text(), "html.parser")
    assert soup.find("meta", property="og:title")["content"] == FIGURE["title"]
    assert FIGURE["source"] in soup.text and "@misc{" in soup.text
    links = {a["href"] for a in soup("a", download=True)}
    assert links == {f"exports.{form}" for form in ("png", "svg", "csv", "json")}


FORMS = {
    "JSON": {"application/json": {"a": [1]}},
    "JSON beside text": {"application/json": {"a": [1]}, "text/plain": "a: 1, said"},
    "GeoJSON": {"application/geo+json": {"type": "Point"}, "text/plain": "a point, said"},
    "JavaScript": {"application/javascript": "alert('never')", "text/plain": "a script, said"},
    "JavaScript as text": {"text/javascript": "alert('never')", "text/plain": "a script, said"},
    "a formula": {"text/latex": "$\\frac{1}{2}$", "text/plain": "1/2"},
    "LaTeX that is no formula": {"text/latex": "\\begin{tabular}{l}a\\end{tabular}", "text/plain": "a, said"},
    "LaTeX of an unknown command": {"text/latex": "$\\nonsense{x}$", "text/plain": "x, said"},
    "a table as text": {"text/csv": "a,b"},
    "a diagram": {"text/vnd.mermaid": "graph TD", "text/plain": "a graph, said"},
    "a widget": {
        "application/vnd.jupyter.widget-view+json": {"model_id": "0"},
        "text/plain": "IntSlider, said",
    },
    "a chart": {"application/vnd.plotly.v1+json": {"data": []}, "text/html": "<b>a chart, said</b>"},
    "a picture of another kind": {"image/webp": "UklGRg==", "text/plain": "a picture, said"},
    "a document": {"application/pdf": "JVBERi0=", "text/plain": "a document, said"},
    "nothing": {},
}


def test_no_form_of_an_output_stops_the_pages(project):
    notebook = _notebook()
    for form in FORMS.values():
        notebook.cells.append(_code("x", [nbformat.v4.new_output("display_data", form)]))
    picture = {"image.png": {"image/png": PIXEL}, "两 b.png": {"image/png": PIXEL}}
    text = "![One](attachment:image.png) and ![two](attachment:%E4%B8%A4%20b.png)"
    notebook.cells.append(nbformat.v4.new_markdown_cell(text, attachments=picture))
    run = project / "runs_with_forms" / NAME / "published" / "notebook.ipynb"
    run.parent.mkdir(parents=True)
    nbformat.write(notebook, run)
    page = _html(site.build(project / "runs_with_forms").parent / "notebooks" / f"{NAME}.html")
    said = [form.get("text/plain", form.get("text/html", "")) for form in FORMS.values()]
    for words in (each for each in said if "said" in each):
        assert BeautifulSoup(words, "html.parser").text in page.text
    assert "never" not in str(page) and page.find("mfrac")
    assert [img["alt"] for img in page("img", src=f"data:image/png;base64,{PIXEL}")] == ["One", "two"]


def test_the_notebook_itself_is_left_as_it_is():
    notebook = _notebook()
    before = nbformat.writes(notebook)
    site.page(notebook, NAME)
    assert nbformat.writes(notebook) == before


def test_no_page_asks_another_host_for_anything(built):
    loaded = {
        "script": "src",
        "img": "src",
        "iframe": "src",
        "source": "src",
        "link": "href",
        "form": "action",
    }
    asked = [
        (path.name, tag.name, tag[loaded[tag.name]])
        for path in built.rglob("*.html")
        for tag in _html(path).find_all(list(loaded))
        if urlsplit(tag.get(loaded[tag.name], "")).netloc
    ]
    styles = [
        (path.name, found)
        for path in built.rglob("*.css")
        for found in re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\"']+", path.read_text("utf-8"))
    ]
    assert asked == [] and styles == []


def test_every_link_between_pages_arrives(built):
    broken = []
    for path in built.rglob("*.html"):
        for link in _html(path).find_all("a", href=True):
            address = urlsplit(link["href"])
            if address.scheme or not address.path:
                continue
            if not (path.parent / unquote(address.path)).exists():
                broken.append((path.name, link["href"]))
    assert broken == []


def test_codebook_lists_every_series_with_unit_coverage_and_licence(built):
    page = _html(built / "codebook.html")
    row = page.find("tr", id="us_exp_cn_hs8542")
    for said in (
        "US chips <to> China",
        "USD",
        "nominal, not seasonally adjusted",
        "2021-01 to 2021-02",
        "2 periods",
        "up to 2 vintages",
        "Public domain",
        "open",
    ):
        assert said in row.text
    assert "no values held" in page.find("tr", id="empty").text and "NC" in page.find("tr", id="empty").text
    assert schema.OBSERVATIONS.columns[0].description in page.text


def test_events_page_marks_meetings_and_open_rows(built):
    page = _html(built / "events.html")
    meeting, plan = page.find("tr", id="meeting-2017"), page.find("tr", id="open-2026")
    assert meeting.find(class_="badge").text == "meeting" and "8 Nov 2017" in meeting.text
    assert plan.find(class_="badge").text == "not verified"
    assert meeting.find("a")["href"] == "https://example.org/a"


def test_only_web_addresses_become_links(built):
    assert "javascript:" not in str(_html(built / "sources.html").find("tr", id="office"))


def test_front_page_asks_the_question_and_links_the_notebook(built):
    card = _html(built / "index.html").find("ul", class_="cards").a
    assert card["href"] == f"notebooks/{NAME}.html"
    assert "Did exports fall?" in card.text and "What did exports do?" in card.text


def test_notebook_page(built):
    page = _html(built / "notebooks" / f"{NAME}.html")
    article = page.find("article")
    assert "From $706m to $505m" in article.text and article.find("math")
    assert "a warning on stderr" not in article.text and "digest-of-figure" not in article.text
    assert article.find("a", href=f"../downloads/{NAME}.ipynb")


def test_front_page_without_verdicts_has_no_scoreboard(built):
    page = _html(built / "index.html")
    assert page.find("table", class_="scoreboard") is None and "The scoreboard" not in page.text


def test_scoreboard_of_the_front_page_is_read_from_records(project, monkeypatch):
    def verdict(name, value, where):
        details = {"claim": "Exports <fell>.", "why": "too few events", "where": where}
        fields = {"low": None, "high": None, "unit": "text", "n": None, "method": "", "window": ""}
        content = {"name": name, "value": value, "as_of": "", "details": details, **fields}
        return nbformat.v4.new_output("display_data", {RECORD_MIME: content, "text/plain": name})

    link = f"[{NAME}, cell 4]({NAME}.ipynb#Did-exports-fall?)"
    notebook = _notebook()
    outputs = [verdict("claim_c01", "inconclusive", link), verdict("claim_c02", "supported", "")]
    outputs.append(nbformat.v4.new_output("display_data", {"text/markdown": f"See {link}."}))
    notebook.cells[3] = _code("claims()", outputs)
    run = project / "runs_with_verdicts" / NAME / "published" / "notebook.ipynb"
    run.parent.mkdir(parents=True)
    nbformat.write(notebook, run)
    monkeypatch.setattr(site, "SCOREBOARD", NAME)
    front = site.build(project / "runs_with_verdicts")
    page = _html(front)
    rows = page.find("table", class_="scoreboard").tbody.find_all("tr")
    assert [row.strong.text for row in rows] == ["inconclusive", "supported"]
    assert "Exports <fell>." in rows[0].text and "too few events" in rows[0].text
    assert rows[0].a["href"] == f"notebooks/{NAME}.html#did-exports-fall"
    assert page.find("figure").img["src"] == f"figures/{NAME}/exports.png"
    assert (front.parent / rows[0].a["href"].split("#")[0]).exists()
    article = _html(front.parent / "notebooks" / f"{NAME}.html").find("article")
    assert article.find("a", href=f"{NAME}.html#did-exports-fall")


def test_downloads_are_the_files_themselves(built, project):
    committed = project / "notebooks" / f"{NAME}.ipynb"
    assert (built / "downloads" / f"{NAME}.ipynb").read_bytes() == committed.read_bytes()
    assert (built / "figures" / NAME / "exports.csv").read_text() == FIGURE["csv"]
    assert (built / "data" / "series.csv").read_bytes() == (project / "data" / "series.csv").read_bytes()


def test_published_run_is_shown_once_and_a_refused_build_keeps_the_former_site(project, built):
    run = project / "runs_with_one" / NAME / "published" / "notebook.ipynb"
    run.parent.mkdir(parents=True)
    nbformat.write(_notebook(title="Executed later"), run)
    shutil.copytree(built, project / "runs_with_one" / "_site")
    front = site.build(project / "runs_with_one")
    assert (
        front == project / "runs_with_one" / "_site" / "index.html" and "Executed later" in front.read_text()
    )
    built_at = front.stat().st_mtime_ns
    assert site.build(project / "runs_with_one").stat().st_mtime_ns == built_at, "the same pages again"

    nbformat.write(_notebook(more="[lost](nowhere.md) $\\unknowncommand$"), run)
    with pytest.raises(site.SiteError, match=f"{NAME}.*nowhere.md") as refused:
        site.build(project / "runs_with_one")
    assert "formula cannot be shown" in str(refused.value)
    assert "Executed later" in front.read_text()
    assert [
        path.name for path in (project / "runs_with_one").iterdir() if path.name.startswith(".site-")
    ] == []


def test_notebook_without_title_is_refused(project):
    run = project / "runs_without_title" / NAME / "published" / "notebook.ipynb"
    run.parent.mkdir(parents=True)
    notebook = _notebook()
    notebook.cells[0].source = "No title"
    nbformat.write(notebook, run)
    with pytest.raises(site.SiteError, match="# Title"):
        site.build(project / "runs_without_title")
