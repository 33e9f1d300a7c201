"""The published pages: built here from a small made-up package and notebook."""

import base64
import gzip
import json
import re
import runpy
import shutil
import zipfile
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import jinja2
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
    "svg": '<svg xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"'
    ' xmlns="http://www.w3.org/2000/svg"><defs><style type="text/css">*{}</style></defs>'
    '<text style="fill: #121212" x="1" y="1">1.234</text></svg>',
    "unit": "USD",
    "rows": 2,
    "across": [{"axis": "x", "from": "2021-01-15", "name": "a rule", "to": "2021-01-15"}],
    "series": [
        {
            "id": "us_exp_cn_hs8542",
            "title": "US chips <to> China",
            "unit": "USD",
            "publisher": "Office",
            "licence": "free",
        }
    ],
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
    sources += [{"source_id": "event_list", "publisher": "Office", "coverage": "2017-01-01 to 2026-09-28"}]
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
    claims = [
        {"id": f"C0{number}", "tests": [{"id": f"C0{number}a", "primary": True}]} for number in range(1, 5)
    ]
    (folder / "claims.yml").write_text(
        yaml.safe_dump({"sets": {"meetings": ["meeting-2017"]}, "claims": claims})
    )
    (folder / "lists").mkdir()
    (folder / "lists" / "test_constructs.csv").write_text(
        "test_id,speaks,why,foregone,foregone_why\nC03a,not really,Shipments are no motives.,,\n"
    )
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


def test_code_is_folded():
    page, _ = site.page(_notebook(), NAME)
    folded = {
        cell.source: "hide-input" in cell.metadata.tags for cell in page.cells if cell.cell_type == "code"
    }
    assert folded == {'as_of = ""': True, "publish()": True, "record()": True, "warn()": True}


def test_figure_becomes_image_with_alt_text_caption_and_data():
    page, files = site.page(_notebook(), NAME)
    figure = BeautifulSoup(page.cells[2].outputs[0].data["text/html"], "html.parser")
    assert figure.img["alt"] == FIGURE["alt"]
    assert FIGURE["title"] in figure.figcaption.text and FIGURE["source"] in figure.figcaption.text
    assert figure.img["src"] == f"../figures/{NAME}/exports.svg"
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
    assert links == {f"exports{form}" for form in (".png", ".svg", ".csv", "-across.csv", ".json")}
    behind = (page.parent / "exports-across.csv").read_text(encoding="utf-8")
    assert behind == "name,axis,from,to\na rule,x,2021-01-15,2021-01-15\n"


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
        "open",
    ):
        assert said in row.text
    assert row.a["href"] == "series/us_exp_cn_hs8542.html"
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


def test_front_page_without_verdicts_has_no_claims(built):
    page = _html(built / "index.html")
    assert page.find(class_="claims") is None and "What the data say" not in page.text


def _record(name, value, details):
    fields = {"low": None, "high": None, "unit": "text", "n": None, "method": "", "window": ""}
    content = {"name": name, "value": value, "as_of": "", "details": details, **fields}
    return nbformat.v4.new_output("display_data", {RECORD_MIME: content, "text/plain": name})


# id, claim, word, lean, reason, group, reason as shown
CLAIMS = (
    ("C01", "Exports <fell>.", "supported", "yes", "", "Leans yes", "."),
    ("C02", "Talks froze sales.", "contradicted", "no", "", "Leans no", "."),
    (
        "C03",
        "Controls - and talks - mattered. (added hypothesis)",
        "inconclusive",
        "does not lean",
        "not met: every second estimator agrees, the design can see its margin",
        "Cannot tell",
        "A second method gives another answer.",
    ),
    (
        "C04",
        "They meant it.",
        "not testable",
        "does not lean",
        "a motive; no series",
        "Cannot be measured",
        "A motive. No series.",
    ),
)


@pytest.fixture(scope="module")
def judged(project):
    """The front page of a site with a claim in each group, and an output of each form."""
    link = f"[{NAME}, cell 4]({NAME}.ipynb#Did-exports-fall?)"
    outputs = [
        _record(f"claim_{name.lower()}", word, {"claim": claim, "why": why, "where": link, "lean": lean})
        for name, claim, word, lean, why, *_ in CLAIMS
    ]
    weak = {"inputs": {"margin": 0.1, "mde": 0.25}, "severity": 0.5, "verdict": "inconclusive"}
    outputs.append(_record("C03a_verdict", "inconclusive", weak))
    outputs.append(nbformat.v4.new_output("display_data", {"text/markdown": f"See {link}."}))
    notebook = _notebook()
    notebook.cells[3] = _code("claims()", outputs)
    notebook.cells += [_code("x", [nbformat.v4.new_output("display_data", form)]) for form in FORMS.values()]
    picture = {"image.png": {"image/png": PIXEL}, "两 b.png": {"image/png": PIXEL}}
    text = "![One](attachment:image.png) and ![two](attachment:%E4%B8%A4%20b.png)"
    notebook.cells.append(nbformat.v4.new_markdown_cell(text, attachments=picture))
    run = project / "runs_with_verdicts" / NAME / "published" / "notebook.ipynb"
    run.parent.mkdir(parents=True)
    nbformat.write(notebook, run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "SCOREBOARD", NAME)
        patch.setenv("SUMMITS_ADDRESS", "https://example.org/chips/")
        return site.build(project / "runs_with_verdicts")


def test_no_form_of_an_output_stops_the_pages(judged):
    page = _html(judged.parent / "notebooks" / f"{NAME}.html")
    said = [form.get("text/plain", form.get("text/html", "")) for form in FORMS.values()]
    for words in (each for each in said if "said" in each):
        assert BeautifulSoup(words, "html.parser").text in page.text
    assert "never" not in str(page) and page.find("mfrac")
    assert [img["alt"] for img in page("img", src=f"data:image/png;base64,{PIXEL}")] == ["One", "two"]


@pytest.mark.parametrize(("name", "claim", "word", "lean", "why", "group", "shown"), CLAIMS)
def test_each_claim_stands_in_the_group_of_its_record(judged, name, claim, word, lean, why, group, shown):
    page = _html(judged)
    groups = {part.h3.contents[0].strip(): part for part in page.find_all("section", class_="claims")}
    assert list(groups) == ["Leans yes", "Leans no", "Cannot tell", "Cannot be measured"]
    row = page.find("li", id=name.lower())
    assert row in groups[group]("li") and sum(row in part("li") for part in groups.values()) == 1
    assert row.a.text == claim.partition(" (")[0].replace(" - ", " – ")
    assert row.a["href"] == f"notebooks/{NAME}.html#did-exports-fall"
    assert row.find_previous(class_="why").contents[0].strip() == shown


def test_a_claim_is_called_weak_where_its_test_cannot_see_its_margin(judged):
    page = _html(judged)
    assert [row["id"] for row in page.select(".claims li") if "weak" in row.text.split()] == ["c03"]
    test = " ".join(page.find("li", id="c03").details.text.split())
    assert "2.5 times the smallest that would matter" in test
    assert "runs on random dates" not in test, "an undecided word comes out at every set and says nothing"
    assert "hardly: Shipments are no motives." in test


def test_a_word_of_the_method_is_linked_where_it_first_stands():
    lists = runpy.run_path(str(paths.root() / "docs" / "_ext" / "lists.py"))
    told = str(lists["explained"]("Nominal <b> of HS 8542, nominal; unusual HS 8542s", "../"))
    link = '<a class="term" href="../how_to_read.html#word-{}"'
    assert told.count("<a ") == 2 and link.format("nominal") in told and link.format("hs-8542") in told
    assert "&lt;b&gt; of" in told and told.endswith("</a>, nominal; unusual HS 8542s")
    ids = [word["id"] for word in lists["words"]()]
    assert len(ids) == len(set(ids))


def test_empty_groups_take_one_line_together():
    lists = runpy.run_path(str(paths.root() / "docs" / "_ext" / "lists.py"))
    claims = lists["grouped"]({"rows": [], "tests": {}})
    assert claims == {group: [] for group in lists["GROUPS"]}
    template = (paths.root() / "docs" / "index.md.jinja").read_text(encoding="utf-8")
    start = template.index("{%- set empty")
    line = jinja2.Template(template[start : template.index("\n```", start)])
    assert line.render(claims=claims | {"Cannot tell": ["a row"]}).strip() == (
        '<p class="none">Groups without any claim: leans yes, leans no, cannot be measured.</p>'
    )
    assert not line.render(claims=dict.fromkeys(claims, ["a row"])).strip()


def test_the_claims_begin_with_their_source_and_with_what_their_tests_can_see(judged):
    told = " ".join(_html(judged).text.split())
    assert told.index("Where they come from.") < told.index("Why so few answers.")
    assert "Of the 1 main tests with such a size, none can" in told


def test_pages_say_where_they_are_and_what_they_show(judged):
    root = judged.parent
    for page in (
        "index.html",
        f"notebooks/{NAME}.html",
        f"figures/{NAME}/exports.html",
        "series/us_exp_cn_hs8542.html",
    ):
        head = _html(root / page).head
        assert [link["href"] for link in head("link", rel="canonical")] == [
            f"https://example.org/chips/{page}"
        ]
        assert head.find("meta", attrs={"name": "description"})["content"]
        assert head.find("link", rel="icon") and head.find("link", type="application/atom+xml")
        card = head.find("meta", property="og:image")
        assert page.startswith("series/") or card["content"].startswith("https://example.org/chips/")
        assert "Data to 2022-03-01" in _html(root / page).select("footer")[-1].text
    sitemap = ElementTree.parse(root / "sitemap.xml")
    assert "https://example.org/chips/index.html" in [place.text for place in sitemap.iter() if place.text]
    feed = ElementTree.parse(root / "feed.xml").getroot()
    atom = "{http://www.w3.org/2005/Atom}"
    assert feed.findtext(f"{atom}entry/{atom}title").startswith("Version ")
    assert (root / "404.html").exists()


def test_without_an_address_none_is_made_up(built):
    assert not (built / "sitemap.xml").exists()
    assert _html(built / "index.html").find("link", rel="canonical") is None


def test_a_series_has_a_page_linked_both_ways(built):
    page = _html(built / "series" / "us_exp_cn_hs8542.html")
    for said in (
        "US chips <to> China",
        "USD",
        "up to 2 of one period",
        "Public domain",
        "2021-01 to 2021-02",
    ):
        assert said in page.text
    assert page.find("svg")["aria-label"].endswith("last 3")
    figure = page.find("a", href=f"../figures/{NAME}/exports.html")
    assert figure.text == FIGURE["title"]
    back = _html(built / "figures" / NAME / "exports.html").find(
        "a", href="../../series/us_exp_cn_hs8542.html"
    )
    assert back.text == "US chips <to> China"
    assert "No values are held" in _html(built / "series" / "empty.html").text


def test_values_for_programs_are_the_latest_and_the_script_holds_the_same(built):
    index = json.loads((built / "api" / "index.json").read_text())
    assert [row["series_id"] for row in index["series"]] == ["us_exp_cn_hs8542"]
    plain = json.loads((built / "api" / index["files"]["trade"]).read_text())
    series = {"us_exp_cn_hs8542": [2, 3]}
    assert plain["values"] == [{"frequency": "M", "periods": ["2021-01", "2021-02"], "series": series}]
    packed = (built / "api" / "trade.js").read_text().split('"')[3]
    assert json.loads(gzip.decompress(base64.b64decode(packed))) == plain


def test_downloads_hold_the_data_and_the_notebook_without_its_pictures(built, project):
    committed = nbformat.read(project / "notebooks" / f"{NAME}.ipynb", as_version=4)
    light = nbformat.read(built / "downloads" / f"{NAME}.ipynb", as_version=4)
    assert [cell.source for cell in light.cells] == [cell.source for cell in committed.cells]
    assert light.cells[3].outputs == committed.cells[3].outputs
    assert set(light.cells[2].outputs[0].data) == {"text/plain"}
    assert (built / "figures" / NAME / "exports.csv").read_text() == FIGURE["csv"]
    with zipfile.ZipFile(built / "data" / site.PACKAGE) as package:
        assert package.read("series.csv") == (project / "data" / "series.csv").read_bytes()
        assert "observations/trade.csv" in package.namelist()


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


def test_only_sources_that_all_dossiers_share_are_named_once(tmp_path):
    light = runpy.run_path(str(paths.root() / "docs" / "_ext" / "light.py"))
    shared = '<tr><td>2026-05-14</td><td><a href="https://example.org/a">A step</a></td></tr>\n'
    of_event = '<tr><td><a href="https://example.org/b">B</a></td></tr>\n'
    captions = "Events near", "Sources and licences; rows"
    folded = "<details><summary>{}</summary><table>{{}}</table></details>"
    tables = "".join(folded.format(caption) for caption in captions)
    (tmp_path / "14_event_dossier.html").write_text(tables.format(shared, shared), encoding="utf-8")
    dossier = tmp_path / "dossier-one.html"
    dossier.write_text(tables.format(shared, shared + of_event), encoding="utf-8")
    light["_name_sources_once"](tmp_path)
    events, sources = dossier.read_text(encoding="utf-8").split("</table>", 1)
    assert shared in events and of_event in sources and shared not in sources
    assert "those that all dossiers share" in sources and "those that" not in events
