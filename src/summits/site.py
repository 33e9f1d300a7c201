"""Build the published site: executed notebooks, and lists written from the data package, without a network.

The prose lives in ``docs/``. A ``*.md.jinja`` file there is filled from the data package; all else is copied.
Notebooks are turned into pages before Sphinx sees them, so that Sphinx need not know our output types.
Templates are filled, and lists, series and search are written, by the extensions in ``docs/_ext``.
"""

import base64
import copy
import hashlib
import html
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

import nbformat
import yaml
from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml

import helpers
from helpers import catalog, paths
from helpers.paths import FIGURE_MIME
from summits import archive, plan, temporary
from summits.change_report import filled
from summits.notebooks import RECORD_MIME

SCOREBOARD, STORY, DOSSIER = "11_claims", "00_what_happened", "14_event_dossier"
PAGE_FORMS = {"text/html", "text/markdown", "text/latex", "text/plain"}
PAGE_FORMS |= {"image/png", "image/jpeg", "image/gif", "image/svg+xml"}
STAMP = ".made_from"
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
NOTEBOOK_ADDRESS = re.compile(r"\b\d\d_\w+\.ipynb(?:#[^)\"\s]*)?")
PACKAGE = "chips-and-summits-data.zip"


class SiteError(ValueError):
    """The site could not be built; the message says which page and what to mend."""


def build(runs_dir: Path, out_dir: Path | None = None) -> Path:
    """Build the site and put it in place of the former one, unless that was built from the same pages.

    Parameters
    ----------
    runs_dir : Path
        Where executed notebooks are (``<notebook>/published/notebook.ipynb``). A notebook that has not
        been run is shown as it is committed.
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
    shutil.copytree(paths.root() / "docs", source, ignore=shutil.ignore_patterns("_build", "__pycache__"))
    shutil.copytree(Path(helpers.__file__).parent / "figures" / "fonts", source / "_static" / "fonts")
    asked, pairs = [], []
    for name, entry in sorted(plan.collection().items()):
        named = [run for run in entry["runs"] if run != plan.PUBLISHED and name != DOSSIER]
        others = {run: (runs_dir / name / run / "notebook.ipynb").exists() for run in named}
        pairs += [(name, run, str(runs_dir / name / run)) for run, exists in others.items() if exists]
        title, drawn = _write_page(_executed(name, runs_dir), name, source, others)
        asked.append({"name": name, "title": title, "question": entry["question"], "figures": drawn})
    told = {
        "notebooks": asked,
        "dossiers": _write_dossiers(runs_dir, source),
        "pairs": pairs,
        "citation": yaml.safe_load((paths.root() / "CITATION.cff").read_text(encoding="utf-8")),
        "story": STORY,
        "scoreboard": SCOREBOARD,
        "executed": {each["name"]: str(_executed(each["name"], runs_dir)) for each in asked},
    }
    # What docs/_ext/lists.py fills the templates with, beside the data package.
    (source / "told.json").write_text(json.dumps(told, ensure_ascii=False, default=str), encoding="utf-8")
    files = ["datapackage.json", *catalog.package_files(paths.data_dir())]
    _place(source, f"data/{PACKAGE}", archive.zipped(files))
    shutil.copyfile(paths.root() / "CHANGELOG.md", source / "changes.md")


def _write_dossiers(runs_dir: Path, source: Path) -> set[str]:
    """Write the page of every event whose dossier was run; return their ids."""
    listed, written = catalog.events_table().index, set()
    for file in sorted((runs_dir / DOSSIER).glob("*/notebook.ipynb")):
        event = file.parent.name
        if event not in listed:
            continue
        shown, files = page(nbformat.read(file, as_version=4), f"dossier-{event}", cited=False)
        # The notebook's own question gives way to the event and its date, which begin what it says in short.
        said = shown.cells[1].outputs[0].data
        title, _, said["text/markdown"] = said["text/markdown"].partition("\n\n")
        shown.cells[0].source = title.removeprefix("#")
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


def page(
    notebook: nbformat.NotebookNode, name: str, *, cited: bool = True
) -> tuple[nbformat.NotebookNode, dict[str, bytes]]:
    """Turn an executed notebook into a page.

    The title begins with the number of the notebook. Code is folded. A figure becomes
    an image with its alternative text, its caption and links to its own page and to the plotted numbers.
    Records are left out: they are lines for machines.

    Parameters
    ----------
    notebook : NotebookNode
        An executed notebook; it is left as it is.
    name : str
        The name of the notebook, used in the addresses of its files.
    cited : bool
        Whether the notebook can be downloaded and its figures have pages of their own. If not, its code is
        that of another page and is left out, and its figures are drawn in the page.

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
            tags.append("remove-input" if "text" in tags or not cited else "hide-input")
            shown_outputs = [output for output in cell.outputs if RECORD_MIME not in output.get("data", {})]
            cell.outputs = [_shown_output(output, name, files, cited) for output in shown_outputs]
        elif cell.get("attachments"):
            cell.source = _with_attachments(cell)
    link = f'<p class="links"><a href="../downloads/{name}.ipynb" download>Download this notebook</a></p>'
    if not cited:
        shown.cells = _without_lead_ins(shown.cells)
    head = rf"# {name.split('_')[0]} · \1\n\n{link}"
    shown.cells[0].source = TITLE.sub(head if cited else r"# \1", shown.cells[0].source, count=1)
    return shown, files


def _without_lead_ins(cells: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Leave out code that shows nothing but lines for machines, and a sentence that only leads to it."""
    shown: list[nbformat.NotebookNode] = []
    for before, cell in zip([None, *cells], cells, strict=False):
        if cell.cell_type != "code" or not all(_is_lead_in(cell, each) for each in cell.outputs):
            shown.append(cell)
        elif before and before.cell_type == "markdown" and not before.source.startswith("#"):
            shown.pop()
    return shown


def _is_lead_in(cell: nbformat.NotebookNode, output: nbformat.NotebookNode) -> bool:
    """Whether an output is a line for machines, or a sentence of a cell of code and not of one of text."""
    data = output.get("data", {})
    return ">Recorded results<" in data.get("text/html", "") or (
        "text" not in cell.metadata.tags and "text/markdown" in data
    )


def _shown_output(
    output: nbformat.NotebookNode, name: str, files: dict[str, bytes], cited: bool
) -> nbformat.NotebookNode:
    data = output.get("data", {})
    if FIGURE_MIME in data:
        return nbformat.v4.new_output("display_data", {"text/html": _figure(data, name, files, cited)})
    # A form that pages do not have, such as JSON, gives way to the text beside it.
    for mime in [mime for mime in data if mime not in PAGE_FORMS or not _can_be_shown(mime, data[mime])]:
        data.pop(mime)
    for mime in ("text/html", "text/markdown"):
        if mime in data:
            data[mime] = NOTEBOOK_ADDRESS.sub(lambda found: to_page(found[0]), data[mime])
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


def to_page(address: str) -> str:
    """Turn the address of a notebook into that of its page; Sphinx names headings in its own way."""
    name, _, heading = html.unescape(address).partition(".ipynb#")
    anchor = nodes.make_id(heading)
    return f"{name}.html#{anchor}" if anchor else address.replace(".ipynb", ".html")


def _figure(data: dict, name: str, files: dict[str, bytes], cited: bool = True) -> str:
    figure, known = data[FIGURE_MIME], bool(files)
    stem = f"figures/{name}/{figure['name']}"
    files[f"{stem}.png"] = picture = base64.b64decode(data["image/png"])
    # The size in the head of a PNG file keeps the text in place while pictures load; pixels are doubled.
    width, height = (max(1, pixels // 2) for pixels in struct.unpack(">II", picture[16:24]))
    # docs/_ext/drawings.py shortens the drawings, and gives them their colours for the dark.
    drawn = {"": figure.get("svg", ""), "-narrow": figure.get("narrow", "")}
    files |= {f"{stem}.csv": figure["csv"].encode()}
    files |= {f"{stem}{form}.svg": svg.encode() for form, svg in drawn.items() if svg}
    facts = {key: value for key, value in figure.items() if key not in ("csv", "svg", "narrow", "drawn")}
    facts |= {"width": width, "height": height, "shown": f"{stem}.{'svg' if drawn[''] else 'png'}"}
    facts |= {"narrow": f"{stem}-narrow.svg" if drawn["-narrow"] else ""}
    files[f"{stem}.json"] = json.dumps(facts, ensure_ascii=False, indent=1).encode()
    inline, narrow = "", facts["narrow"]
    if drawn[""] and not cited:  # the narrow drawing too, of the first alone: these pages are many
        inline, narrow = drawn[""], "" if known else drawn["-narrow"]
    told = {key: html.escape(figure[key]) for key in ("alt", "title", "source")}
    told |= {"stem": stem, "inline": inline, "narrow": narrow}
    return filled("figure.html.jinja", facts=facts, cited=cited, **told)


def _write_page(
    path: Path, name: str, source: Path, others: dict[str, Any]
) -> tuple[str, list[dict[str, Any]]]:
    """Write the page of a notebook with links to its other runs, and the files beside it."""
    notebook = nbformat.read(path, as_version=4)
    shown, files = page(notebook, name)
    links = []
    for chosen, made in others.items():
        words = chosen.replace("_", " ")
        link = f'<a href="../runs/{name}-{chosen}.html">{words}</a>'
        links.append(link if made else f"{words} (not run here)")
    if links:
        head = shown.cells[0]
        head.source = head.source.replace("</a></p>", f"</a> · Beside other runs: {', '.join(links)}</p>", 1)
    nbformat.write(shown, source / "notebooks" / f"{name}.ipynb")
    for address, content in {**files, f"downloads/{name}.ipynb": _download(notebook)}.items():
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
    return title.group(1), drawn


def _download(notebook: nbformat.NotebookNode) -> bytes:
    """Return an executed notebook without its pictures: each stands once, beside its page."""
    light = copy.deepcopy(notebook)
    for cell in light.cells:
        for output in cell.get("outputs", []):
            for mime in ("image/png", "image/svg+xml", "text/html", FIGURE_MIME):
                output.get("data", {}).pop(mime, None)
    return json.dumps(light, ensure_ascii=False, separators=(",", ":")).encode()


def _place(source: Path, address: str, content: bytes) -> None:
    """Put a file where Sphinx copies it to `address` below the site's root."""
    target = source / "_extra" / address
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def _fingerprint(source: Path) -> str:
    """Return the hash of all that Sphinx would read, and of the packages that shape the pages."""
    packages = [f"{name} {metadata.version(name)}" for name in ("sphinx", "myst-nb", "pydata-sphinx-theme")]
    digest = hashlib.sha256("\n".join(packages).encode())
    # The reference of functions is read from their docstrings.
    for file in sorted(Path(helpers.__file__).parent.rglob("*.py")):
        digest.update(file.read_bytes())
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
