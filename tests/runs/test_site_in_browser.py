"""The site built from the committed notebooks, in a real Chromium: wide, phone, dark and on paper."""

import base64
import functools
import http.server
import io
import json
import re
import shutil
import threading
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import numpy as np
import pytest
from browser import CHROMIUM, Browser
from bs4 import BeautifulSoup
from PIL import Image

from helpers import paths
from summits import notebooks, site

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

DOSSIER = "notebooks/dossier-summit-beijing-2026.html"
KINDS = (
    "index.html",
    "notebooks/06_export_response.html",
    DOSSIER,
    "figures/15_other_exporters/us_share_of_tools.html",
    "series/us_exp_cn_hs8486.html",
    "explore.html",
    "search.html",
    "events.html",
    "codebook.html",
    "contact.html",
    "runs/09_restraint-window_60.html",
    "404.html",
)
LOOKS = {"wide": (1400, 900, "light"), "phone": (390, 844, "light"), "dark": (1400, 900, "dark")}
OTHER_TITLE = "Another run says another thing"
PICTURES = "[...document.querySelectorAll('figure.plot img, figure.plot svg, .facts img')]"
LOADED = f"""Promise.all({PICTURES}.map((each) => {{
    each.loading = "eager"; return each.decode && each.decode();
}})).then(() => true)"""
MEASURED = """(each) => {
    const box = each.closest("figure, .frame"), said = box.querySelector("figcaption") || box;
    const hint = [box, said].map((part) => getComputedStyle(part, "::before").content).join();
    return [each.currentSrc || "", each.outerHTML, each.getBoundingClientRect().width, hint];
}"""
RUN_AXE = """axe.run({exclude: [['svg'], ['.highlight']]}, {resultTypes: ['violations']}).then(
    (found) => found.violations.map((each) => [each.id, each.nodes.length, each.nodes[0].html.slice(0, 250)])
)"""
FIRST_ROWS = """document.querySelectorAll('table.series tbody').forEach(
    (body) => [...body.rows].slice(5).forEach((row) => row.remove())
)"""
AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The folder of a site with one dossier and one other run, built from the committed notebooks."""
    runs = tmp_path_factory.mktemp("runs")
    dossier = runs / site.DOSSIER / "summit-beijing-2026" / "notebook.ipynb"
    dossier.parent.mkdir(parents=True)
    shutil.copy(paths.notebooks_dir() / f"{site.DOSSIER}.ipynb", dossier)
    other = runs / "09_restraint" / "window_60" / "notebook.ipynb"
    other.parent.mkdir(parents=True)
    notebook = notebooks.read(paths.notebooks_dir() / "09_restraint.ipynb")
    _, figure, _ = next(notebooks.figures(notebook))
    figure["title"] = OTHER_TITLE
    notebooks.write(notebook, other)
    return site.build(runs, runs / "site").parent


@pytest.fixture(scope="module")
def served(pages):
    """The address at which the pages are served on this machine."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(pages))
    handler.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests."""
    with Browser() as opened:
        yield opened


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("page", KINDS)
def test_page_is_sound(browser, pages, page, look):
    width, height, scheme = LOOKS[look]
    browser.look(width, height, scheme=scheme)
    browser.open((pages / page).as_uri())
    wide = browser.ask("document.documentElement.scrollWidth")
    assert wide <= width, f"{page} is {wide} pixels wide in a window of {width}"
    assert [url for url in browser.asked_for() if not url.startswith("file:")] == []
    browser.ask(AXE + ";0")
    if page == "codebook.html":  # Hundreds of like rows: the first table stands for all.
        browser.ask(FIRST_ROWS)
    found = browser.ask(RUN_AXE)
    assert found == []
    assert browser.complaints() == []


def _shade(browser, number):
    """Mean lightness, 0 to 255, of the left edge of a picture of the page."""
    place = browser.ask(
        f"(() => {{ const box = {PICTURES}[{number}].getBoundingClientRect();"
        " return [box.x + scrollX, box.y + scrollY + box.height / 2]; })()"
    )
    clip = {"x": place[0] + 1, "y": place[1], "width": 4, "height": 4, "scale": 1}
    shot = browser.send("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
    return float(np.mean(Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("L")))


DRAWN_ON = ("index.html", "notebooks/06_export_response.html", DOSSIER, *KINDS[3:4], *KINDS[-2:-1])


@pytest.mark.parametrize("page", DRAWN_ON)
def test_pictures_are_light_in_the_light_and_dark_in_the_dark(browser, pages, page):
    for scheme, least, most in (("light", 230, 255), ("dark", 0, 60)):
        browser.look(1280, 900, scheme=scheme)
        browser.open((pages / page).as_uri())
        browser.ask(LOADED)
        shades = [_shade(browser, number) for number in range(browser.ask(f"{PICTURES}.length"))]
        assert shades and all(least <= shade <= most for shade in shades), f"{scheme}: {shades}"


def test_pictures_follow_the_switch_of_the_theme(browser, pages):
    browser.look(1280, 900)
    browser.open((pages / "notebooks/06_export_response.html").as_uri())
    browser.ask("document.documentElement.dataset.theme = 'dark'; 0")
    browser.ask(LOADED)
    assert _shade(browser, 0) < 60


@pytest.mark.parametrize("page", DRAWN_ON)
def test_a_picture_can_be_read_on_a_telephone(browser, pages, page):
    browser.look(390, 844)
    browser.open((pages / page).as_uri())
    browser.ask(LOADED)
    if not list(pages.glob("figures/00_what_happened/*-narrow.svg")) and page == "index.html":
        pytest.skip("the committed story was published before figures had a narrow drawing")
    shown = browser.ask(f"{PICTURES}.filter((each) => each.clientWidth).map({MEASURED})")
    assert shown
    for address, text, width, hint in shown:
        if address.endswith(".svg"):
            file = pages / unquote(urlsplit(address).path).partition(f"{pages}/")[2]
            text = file.read_text(encoding="utf-8")
        points = float(re.search(r'viewBox="0 0 ([\d.]+)', text)[1])
        letters = min(map(float, re.findall(r"font-size:([\d.]+)px", text))) * width / points
        # A wide picture scrolls in its own box, and says so.
        assert letters >= (9 if points < 400 else 7), f"{address}: {letters:.1f} px"
        assert points < 400 or width <= 390 - 16 or "sideways" in hint, address


def test_a_page_of_two_runs_marks_what_differs(pages):
    page = BeautifulSoup((pages / KINDS[-2]).read_text(encoding="utf-8"), "html.parser")
    (row,) = page.select("tr.differs")
    assert OTHER_TITLE in row.text and "≠" in row.text
    assert len(page.select(".pictures svg")) == 2
    notebook = BeautifulSoup(
        (pages / "notebooks/09_restraint.html").read_text(encoding="utf-8"), "html.parser"
    )
    links = notebook.select_one("p.links")
    assert links.find("a", href="../runs/09_restraint-window_60.html")
    assert "known 2021 06 (not run here)" in links.text


def test_on_paper_a_page_is_whole_and_has_no_navigation(browser, pages):
    browser.look(800, 1100, media="print")
    browser.open((pages / "index.html").as_uri())
    assert browser.ask("getComputedStyle(document.querySelector('header.bd-header')).display") == "none"
    assert browser.ask("document.documentElement.scrollWidth") <= 800
    browser.look(800, 1100)


@pytest.mark.parametrize("page", ["index.html", "notebooks/02_chip_exports.html", DOSSIER])
def test_first_paint_comes_within_two_seconds_on_a_slow_line(browser, served, page):
    browser.look(390, 844)
    browser.set("Network.setCacheDisabled", cacheDisabled=True)
    slow = {"latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 200_000}
    browser.set("Network.emulateNetworkConditions", offline=False, **slow)
    try:
        browser.open(served + page, "performance.getEntriesByName('first-contentful-paint').length")
        painted = browser.ask("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    finally:
        del browser.settings["Network.emulateNetworkConditions"]
    assert painted <= 2000, f"{page}: {painted:.0f} ms"


@pytest.mark.parametrize("page", [page for page in KINDS if page not in ("search.html",)])
def test_page_is_light_without_the_figures_below_the_fold(browser, served, page):
    browser.look(1400, 900)
    browser.set("Network.setCacheDisabled", cacheDisabled=True)
    browser.open(served + page)
    sizes = "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
    sent = browser.ask(
        f"{sizes}.filter(e => !/figures.*png$/.test(e.name)).reduce((sum, e) => sum + e.encodedBodySize, 0)"
    )
    assert 0 < sent <= 700_000, f"{page}: {sent} bytes"


def test_whole_site_is_at_most_30_megabytes(pages):
    size = sum(path.stat().st_size for path in pages.rglob("*") if path.is_file())
    assert size <= 30e6


def test_front_page_is_written_in_short_sentences_without_double_negatives(pages):
    article = BeautifulSoup((pages / "index.html").read_text(encoding="utf-8"), "html.parser").article
    for part in article(["details", "svg", "script", "button", "h1", "h2", "h3"]):
        part.decompose()
    texts = [part.get_text(" ", strip=True) for part in article(["p", "li"]) if not part.find(["p", "li"])]
    sentences = [
        each for text in texts for each in re.split(r"(?<=[.!?:])\s+", text) if len(each.split()) > 2
    ]
    assert len(sentences) > 40
    assert sum(len(each.split()) for each in sentences) / len(sentences) <= 16
    negation = re.compile(
        r"\b(no|not|none|never|nothing|nobody|cannot|without|neither|nor)\b|n't\b", re.IGNORECASE
    )
    assert [each for each in sentences if len(negation.findall(each)) > 1] == []


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Beijing summit May 2026", DOSSIER),
        ("7 October 2022", ("notebooks/dossier-ec-oct7-2022.html", "events.html#ec-oct7-2022")),
        ("Korea exports", "series/"),
        ("korea chip exports", ("figures/00_what_happened/korea_chips.html", "series/kr_exp")),
        ("kr_exp_cn_hs8542", "series/kr_exp_cn_hs8542.html"),
        (
            "what followed the October 2022 rule",
            ("notebooks/06", "notebooks/15", "notebooks/dossier-ec", "events.html#ec-oct7"),
        ),
        ("Hayakawa", "notebooks/"),
    ],
)
def test_search_finds_first_what_was_meant(browser, pages, question, first):
    browser.look(1400, 900)
    browser.open(
        (pages / "search.html").as_uri() + f"?q={quote(question)}", "document.querySelector('#hits li')"
    )
    hits = browser.ask(
        "[...document.querySelectorAll('#hits li a')].slice(0, 5).map(a => a.getAttribute('href'))"
    )
    assert hits[0].startswith(first), hits


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("Korea chip exports China", "series/kr_exp_cn_hs8542.html"),
        ("US tool exports China", "series/us_exp_cn_hs8486.html"),
    ],
)
def test_search_knows_that_chips_are_circuits_and_tools_are_equipment(browser, pages, question, meant):
    browser.look(1400, 900)
    browser.open(
        (pages / "search.html").as_uri() + f"?q={quote(question)}", "document.querySelector('#hits li')"
    )
    hits = browser.ask("[...document.querySelectorAll('#hits li a')].map(a => a.getAttribute('href'))")
    assert meant in hits[:5], hits[:5]
    assert len(hits) > 1
    assert browser.ask("document.querySelector('#hits li p').textContent.length") > 20


def test_choice_of_a_search_lives_in_the_address(browser, pages):
    browser.look(1400, 900)
    browser.open(
        (pages / "search.html").as_uri() + "?q=chips&kind=series", "document.querySelector('#hits li')"
    )
    kinds = browser.ask(
        "[...new Set([...document.querySelectorAll('#hits .badge')].map(b => b.textContent))]"
    )
    assert kinds == ["series"]
    browser.ask("form.kind.value = 'event'; form.dispatchEvent(new Event('input')); 0")
    assert "kind=event" in browser.ask("location.search")


def test_explorer_draws_the_choice_of_its_address(browser, pages):
    browser.look(1400, 900)
    address = (
        pages / "explore.html"
    ).as_uri() + "#series=kr_exp_cn_hs8542,us_exp_cn_hs8542&events=summit-busan-2025&from=2024&view=first"
    browser.open(address, "document.querySelectorAll('.panel canvas').length == 2")
    assert "2024" in browser.ask("document.querySelector('[name=from]').value")
    assert browser.ask("form.view.value") == "first"
    assert browser.ask("document.querySelector('.chosen .event').textContent").startswith("Busan")
    saved = browser.ask("draw().then(({shown}) => shown.map(points => [points[0].period, points[0].value]))")
    assert saved == [["2024-01", 100], ["2024-01", 100]]
    browser.ask("toggle('series', 'us_exp_cn_hs8542'); 0")
    assert "us_exp_cn_hs8542" not in browser.ask("location.hash")
    assert browser.complaints() == []


def test_the_title_of_a_dossier_holds_its_date_and_stands_once(browser, pages):
    browser.open((pages / DOSSIER).as_uri())
    titles = browser.ask("[...document.querySelectorAll('h1, h2')].map(each => each.innerText.trim())")
    assert [title for title in titles if "Trump state visit" in title] == [titles[0]]
    assert "13 May 2026 to 15 May 2026" in titles[0]


def test_timeline_can_be_looked_into_and_opens_dossiers(browser, pages):
    browser.look(1400, 900)
    browser.open((pages / "index.html").as_uri())
    count = "[...document.querySelectorAll('.timeline .event')].filter(e => e.style.display != 'none').length"
    every = browser.ask(count)
    browser.ask("document.querySelector('[data-zoom=\"0.5\"]').click(); 0")
    assert 0 < browser.ask(count) < every
    link = browser.ask("document.querySelector('.timeline .dossier').getAttribute('href')")
    assert (pages / urlsplit(link).path).exists()


def test_no_value_of_a_series_that_may_not_be_passed_on_is_in_the_files_for_programs(pages):
    index = json.loads((pages / "api" / "index.json").read_text(encoding="utf-8"))
    classes = {row["redistribution"] for row in index["series"]}
    assert "fetch" not in classes
    derived = [row for row in index["series"] if row["redistribution"] == "derived"]
    assert derived and {row["stored_as"] for row in derived} <= {"return", "growth", "change"}
