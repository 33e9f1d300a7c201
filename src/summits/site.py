"""Build the published site: executed notebooks, and lists written from the data package, without a network.

The prose lives in ``docs/``. A ``*.md.jinja`` file there is filled from the data package; all else is copied.
Notebooks are turned into pages before Sphinx sees them, so that Sphinx need not know our output types.
"""

import base64
import copy
import csv
import hashlib
import html
import io
import json
import re
import shutil
import struct
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
import nbformat
import pandas as pd
import yaml
from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml

import helpers
from helpers import catalog, paths, records
from helpers.paths import FIGURE_MIME
from summits import plan, scoreboard, temporary
from summits.notebooks import RECORD_MIME

SCOREBOARD, STORY, DOSSIER = "11_claims", "00_what_happened", "14_event_dossier"
PAGE_FORMS = {"text/html", "text/markdown", "text/latex", "text/plain"}
PAGE_FORMS |= {"image/png", "image/jpeg", "image/gif", "image/svg+xml"}
PARAMETER_TAGS = {"parameters", "injected-parameters"}
STAMP = ".made_from"
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
NOTEBOOK_ADDRESS = re.compile(r"\b\d\d_\w+\.ipynb(?:#[^)\"\s]*)?")
RHYTHMS = {
    "D": "daily",
    "M": "monthly",
    "Q": "quarterly",
    "A": "yearly",
    "H": "half-yearly",
    "E": "dated facts",
}


class SiteError(ValueError):
    """The site could not be built; the message says which page and what to mend."""


def build(runs_dir: Path | None = None, out_dir: Path | None = None) -> Path:
    """Build the site and put it in place of the former one, unless that was built from the same pages.

    Parameters
    ----------
    runs_dir : Path, optional
        Where executed notebooks are (``<notebook>/published/notebook.ipynb``). A notebook that has not
        been run is shown as it is committed. By default the project's folder of runs.
    out_dir : Path, optional
        The folder of the built pages, replaced only when the build has succeeded. By default ``_site`` in
        `runs_dir`.

    Returns
    -------
    Path
        The front page, ``out_dir/index.html``.

    Raises
    ------
    SiteError
        Sphinx reported a warning or an error; the former site stays.
    """
    runs_dir = runs_dir or paths.runs_dir()
    out_dir = out_dir or runs_dir / "_site"
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    with temporary.folder(".site-", out_dir.parent) as work:
        source, pages = work / "source", work / "html"
        prepare(runs_dir, source)
        made_from = _fingerprint(source)
        stamp = out_dir / STAMP
        if stamp.exists() and stamp.read_bytes() == made_from.encode():
            return out_dir / "index.html"
        _run_sphinx(source, pages)
        (pages / STAMP).write_text(made_from)
        if out_dir.exists():
            out_dir.rename(work / "former")
        pages.rename(out_dir)
    return out_dir / "index.html"


def prepare(runs_dir: Path, source: Path) -> None:
    """Write everything Sphinx reads into `source`: prose, filled templates, notebook pages and downloads."""
    shutil.copytree(paths.root() / "docs", source, ignore=shutil.ignore_patterns("_build"))
    shutil.copytree(Path(helpers.__file__).parent / "figures" / "fonts", source / "_static" / "fonts")
    for path in ["datapackage.json", *catalog.package_files(paths.data_dir())]:
        _place(source, f"data/{path}", (paths.data_dir() / path).read_bytes())
    notebooks = []
    for name, entry in sorted(plan.collection().items()):
        title, drawn = _write_page(_executed(name, runs_dir), name, source)
        notebooks.append({"name": name, "title": title, "question": entry["question"], "figures": drawn})
    context = _context(notebooks) | {"dossiers": _write_dossiers(runs_dir, source)}
    context |= {"facts": _facts(runs_dir, notebooks), "scoreboard": _scoreboard(runs_dir)}
    _fill_templates(source, context)


def _write_dossiers(runs_dir: Path, source: Path) -> set[str]:
    """Write the page of every event whose dossier was run; return their ids."""
    titles = catalog.events_table()["title"]
    written = set()
    for file in sorted((runs_dir / DOSSIER).glob("*/notebook.ipynb")):
        event = file.parent.name
        if event not in titles.index:
            continue
        shown, files = page(nbformat.read(file, as_version=4), f"dossier-{event}", cited=False)
        head, heading = shown.cells[0], TITLE.search(shown.cells[0].source)
        if heading is not None:
            head.source = head.source.replace(heading[0], f"# {titles[event]}", 1)
        # The page of events links it; no list of pages does.
        shown.metadata["orphan"] = True
        nbformat.write(shown, source / "notebooks" / f"dossier-{event}.ipynb")
        for address, content in files.items():
            if address.endswith((".png", ".csv")):
                _place(source, address, content)
        written.add(event)
    return written


def _executed(name: str, runs_dir: Path) -> Path:
    """Return the published run of a notebook, or its committed form where it has not been run."""
    run = runs_dir / name / plan.PUBLISHED / "notebook.ipynb"
    return run if run.exists() else paths.notebooks_dir() / f"{name}.ipynb"


def _facts(runs_dir: Path, notebooks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the facts of the story in its order, each with its picture; none where it has not been told."""
    story = next((each for each in notebooks if each["name"] == STORY), None)
    if story is None:
        return []
    told = records.read(_executed(STORY, runs_dir))
    pictures = {figure["name"]: figure for figure in story["figures"]}
    facts = [row["details"] for row in told.to_dict("records") if row["details"].get("picture") in pictures]
    return [fact | {"figure": pictures[fact["picture"]]} for fact in facts]


def _scoreboard(runs_dir: Path) -> dict[str, object] | None:
    """Return the verdicts and the picture of the front page; None where there are none yet."""
    if SCOREBOARD not in plan.collection():
        return None
    executed = _executed(SCOREBOARD, runs_dir)
    shown = scoreboard.published(executed)
    if shown is None:
        return None
    for row in shown["rows"]:
        row["where"] = _to_page(re.sub(r".*\((.*)\)", r"\1", row["where"])) or f"{SCOREBOARD}.html"
    cells = nbformat.read(executed, as_version=4).cells
    outputs = (output.get("data", {}) for cell in cells for output in cell.get("outputs", []))
    pictures = [_figure(data, SCOREBOARD, {}) for data in outputs if FIGURE_MIME in data]
    return shown | {"name": SCOREBOARD, "pictures": [each.replace('"../', '"') for each in pictures]}


def page(
    notebook: nbformat.NotebookNode, name: str, *, cited: bool = True
) -> tuple[nbformat.NotebookNode, dict[str, bytes]]:
    """Turn an executed notebook into a page.

    The title begins with the number of the notebook. Code is folded, except the parameters. A figure becomes
    an image with its alternative text, its caption and links to its own page and to the plotted numbers.
    Records are left out: they are lines for machines.

    Parameters
    ----------
    notebook : NotebookNode
        An executed notebook; it is left as it is.
    name : str
        The name of the notebook, used in the addresses of its files.
    cited : bool
        Whether the notebook can be downloaded and its figures have pages of their own.

    Returns
    -------
    tuple of NotebookNode and dict
        The page, and the files that stand beside it: path below the site's root → content.
    """
    files: dict[str, bytes] = {}
    shown = copy.deepcopy(notebook)
    for cell in shown.cells:
        if cell.cell_type == "code":
            tags = cell.metadata.setdefault("tags", [])
            if PARAMETER_TAGS.isdisjoint(tags):
                tags.append("remove-input" if "text" in tags else "hide-input")
            shown_outputs = [output for output in cell.outputs if RECORD_MIME not in output.get("data", {})]
            cell.outputs = [_shown_output(output, name, files, cited) for output in shown_outputs]
        elif cell.get("attachments"):
            cell.source = _with_attachments(cell)
    link = f'<p class="links"><a href="../downloads/{name}.ipynb" download>Download this notebook</a></p>'
    head = rf"# {name.split('_')[0]} · \1\n\n{link}"
    shown.cells[0].source = TITLE.sub(head if cited else r"# \1", shown.cells[0].source, count=1)
    return shown, files


def _shown_output(
    output: nbformat.NotebookNode, name: str, files: dict[str, bytes], cited: bool
) -> nbformat.NotebookNode:
    data = output.get("data", {})
    if FIGURE_MIME in data:
        return _html_output(_figure(data, name, files, cited))
    # A form that pages do not have, such as JSON, gives way to the text beside it.
    for mime in [mime for mime in data if mime not in PAGE_FORMS or not _can_be_shown(mime, data[mime])]:
        data.pop(mime)
    for mime in ("text/html", "text/markdown"):
        if mime in data:
            data[mime] = NOTEBOOK_ADDRESS.sub(lambda found: _to_page(found[0]), data[mime])
    return output


def _can_be_shown(mime: str, content: str) -> bool:
    """Whether a page can show it: of LaTeX only formulas that it can set."""
    try:
        return mime != "text/latex" or bool(tex2mathml(content.strip().strip("$"), as_block=True))
    except MathError:
        return False


def _with_attachments(cell: nbformat.NotebookNode) -> str:
    """Text of a cell in which pictures pasted into it stand where it names them."""
    source = cell.source
    for name, forms in cell.get("attachments", {}).items():
        mime, content = next(iter(forms.items()))
        for written in {name, quote(name)}:
            source = source.replace(f"(attachment:{written})", f"(data:{mime};base64,{content.strip()})")
    return source


def _to_page(address: str) -> str:
    """Turn the address of a notebook into that of its page; Sphinx names headings in its own way."""
    name, _, heading = html.unescape(address).partition(".ipynb#")
    anchor = nodes.make_id(heading)
    return f"{name}.html#{anchor}" if anchor else address.replace(".ipynb", ".html")


def _figure(data: dict, name: str, files: dict[str, bytes], cited: bool = True) -> str:
    figure = data[FIGURE_MIME]
    stem = f"figures/{name}/{figure['name']}"
    files[f"{stem}.png"] = picture = base64.b64decode(data["image/png"])
    # The size in the head of a PNG file keeps the text in place while pictures load; pixels are doubled.
    width, height = (max(1, pixels // 2) for pixels in struct.unpack(">II", picture[16:24]))
    files |= {f"{stem}.csv": figure["csv"].encode(), f"{stem}.svg": figure.get("svg", "").encode()}
    facts = {key: value for key, value in figure.items() if key not in ("csv", "svg", "drawn")}
    facts |= {"width": width, "height": height}
    files[f"{stem}.json"] = json.dumps(facts, ensure_ascii=False, indent=1).encode()
    alt, title, source = (html.escape(figure[key]) for key in ("alt", "title", "source"))
    cite = f'<a href="../{stem}.html">Cite or download</a> · ' if cited else ""
    return (
        f'<figure class="plot"><a href="../{stem}.png"><img src="../{stem}.png" alt="{alt}" loading="lazy"'
        f' width="{width}" height="{height}"></a>'
        f'<figcaption>{title}. <span class="source">{source}</span> {cite}'
        f'<a href="../{stem}.csv" download>Data (CSV)</a></figcaption></figure>'
    )


def _html_output(content: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_output("display_data", {"text/html": content})


def _write_page(path: Path, name: str, source: Path) -> tuple[str, list[dict[str, Any]]]:
    """Write the page of a notebook, those of its figures, and the files beside them."""
    notebook = nbformat.read(path, as_version=4)
    shown, files = page(notebook, name)
    nbformat.write(shown, source / "notebooks" / f"{name}.ipynb")
    for address, content in {**files, f"downloads/{name}.ipynb": path.read_bytes()}.items():
        _place(source, address, content)
    title = TITLE.search(notebook.cells[0].source)
    if title is None:
        raise SiteError(f"{path}: the first cell has no title. Begin it with a line '# Title'.")
    drawn = [
        {"series": [], "unit": "", "rows": 0}
        | json.loads(content)
        | {"notebook": name, "asked": title.group(1), "stem": address.removesuffix(".json")}
        for address, content in files.items()
        if address.endswith(".json")
    ]
    template = _templates(source).get_template("_parts/figure.jinja")
    for number, figure in enumerate(drawn, start=1):
        figure["number"] = f"{name.split('_')[0]}.{number}"
        columns = next(csv.reader(io.StringIO(files[f"{figure['stem']}.csv"].decode())))
        place = source / f"{figure['stem']}.md"
        place.parent.mkdir(parents=True, exist_ok=True)
        text = template.render(figure=figure, columns=columns, citation=_citation())
        place.write_text(text, encoding="utf-8")
    return title.group(1), drawn


def _citation() -> dict[str, Any]:
    return dict(yaml.safe_load((paths.root() / "CITATION.cff").read_text(encoding="utf-8")))


def _place(source: Path, address: str, content: bytes) -> None:
    """Put a file where Sphinx copies it to `address` below the site's root."""
    target = source / "_extra" / address
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def _templates(source: Path) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(source), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"day": _day, "words": lambda text: text.replace("_", " ")}
    return environment


def _fill_templates(source: Path, context: dict[str, object]) -> None:
    environment = _templates(source)
    for template in sorted(source.rglob("*.md.jinja")):
        inside = template.relative_to(source)
        here = "" if inside.parent.name == "notebooks" else "notebooks/"
        filled = environment.get_template(inside.as_posix()).render(context, here=here)
        template.with_suffix("").write_text(filled, encoding="utf-8")


def _day(date: pd.Timestamp | str) -> str:
    return f"{pd.Timestamp(date):%-d %b %Y}"


def _context(notebooks: list[dict[str, str]]) -> dict[str, object]:
    """Return everything the templates may name."""
    events, series = _events(), _series()
    methods = (path.stem for path in (paths.root() / "docs" / "methods").glob("*.md"))
    return {
        "citation": _citation(),
        "notebooks": notebooks,
        "methods": sorted(methods),
        "events": events,
        "meetings": [event for event in events if event["is_meeting"]],
        "series": series,
        "sources": _sources(),
        "tables": _tables(),
        "known": _known(),
    }


def _events() -> list[dict[str, object]]:
    table = catalog.events_table().reset_index().sort_values("date")
    table = table.assign(
        year=table["date"].dt.year, is_meeting=table["event_id"].isin(catalog.claims()["sets"]["meetings"])
    )
    rows = _rows(table)
    for row in rows:
        cited = [
            (row["source_url"], row["source_title"] or "source"),
            (row["second_source_url"], "second source"),
        ]
        row["links"] = [(url, title) for url, title in cited if _is_address(url)]
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
    files = sorted((paths.data_dir() / "observations").glob("*.csv"))
    observed = pd.concat([pd.read_csv(file, usecols=["series_id", "period"], dtype=str) for file in files])
    held = observed.value_counts(["series_id", "period"]).rename("vintages").reset_index()
    return held.groupby("series_id").agg(
        first=("period", "min"),
        last=("period", "max"),
        periods=("period", "size"),
        vintages=("vintages", "max"),
    )


def _known() -> list[dict[str, object]]:
    """Count the series with a value that was public at each year's end, by the kind of their table."""
    table = catalog.catalogue()["table"]
    daily = table.str.startswith(("returns_", "indices", "factors", "uncertainty", "exchange_rates"))
    kinds = table.mask(daily, "markets").where(daily | table.str.startswith("trade"), "other")
    kinds = kinds.mask(table.str.startswith("trade"), "trade")
    files = (paths.data_dir() / "observations").glob("*.csv")
    rows = pd.concat([pd.read_csv(file, usecols=["series_id", "vintage"], dtype=str) for file in files])
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


def _fingerprint(source: Path) -> str:
    """Return the hash of all that Sphinx would read, and of the packages that shape the pages."""
    packages = [f"{name} {metadata.version(name)}" for name in ("sphinx", "myst-nb", "pydata-sphinx-theme")]
    digest = hashlib.sha256("\n".join(packages).encode())
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(source)} {hashlib.sha256(file.read_bytes()).hexdigest()}".encode())
    return digest.hexdigest()


def _run_sphinx(source: Path, pages: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    command += ["-d", str(source.parent / "doctrees"), str(source), str(pages)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        report = done.stderr.replace(f"{source}/", "").strip()
        raise SiteError(f"Sphinx refused the pages below; mend the page named and build again.\n{report}")
