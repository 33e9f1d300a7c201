"""Make the built pages light: one style sheet without rules that match nothing, no unused files, nothing
that holds up the first paint. What a page shows stays as it is."""

import re
from pathlib import Path

import tinycss2
from fontTools.ttLib import TTFont
from PIL import Image
from sphinx.application import Sphinx

CARD = 640  # width of the picture that stands for a dossier elsewhere, in pixels
OWN = ("site.css", "plain.css", "uPlot.min.css")
UNUSED = ("searchtools.js", "language_data.js", "searchindex.js", "base-stemmer.js", "english-stemmer.js")
UNUSED += ("scripts/fontawesome.js",)
SHEET = re.compile(r'\s*<link[^>]* href="[^"]*_static/([\w./-]+\.css)(?:\?[^"]*)?"[^>]*>')
# Scripts that nothing calls once the search is our own, and hints that fetch a script before the style.
NEEDLESS = re.compile(
    r'\s*<script[^>]* src="[^"]*(?:searchtools|language_data|searchindex|fontawesome)\.js[^"]*"></script>'
    r'|\s*<link rel="preload" as="script"[^>]*>|\s*<script>DOCUMENTATION_OPTIONS\.[^<]*</script>'
)
PLAIN = re.compile(r'<span class="(?:[npow]|mi|mf|nn|nb|bp|sa|si)">([^<]*)</span>')
AS_WRITTEN = re.compile(r"(<(pre|script|textarea|svg)\b.*?</\2>)", re.S)
SOURCES = re.compile(r"Sources and licences; rows(?:(?!</table>).)*</table>", re.S)
ROW = re.compile(r"<tr>(?:(?!</tr>).)*https?://(?:(?!</tr>).)*</tr>\n?", re.S)
NAMES = re.compile(r'class="([^"]*)"')
QUOTED = re.compile(r"""["'`]([^"'`\n]{1,200})["'`]""")
VARIABLE = re.compile(r"""(--[\w-]+):(?:"[^"]*"|[^;{}"])*(?:;|(?=\}))""")
# What the script of the theme's framework adds to a page while it is read; its other names are left out.
ADDED = {
    "show",
    "collapsing",
    "fade",
    "tooltip",
    "tooltip-inner",
    "tooltip-arrow",
    "bs-tooltip-auto",
    "active",
    "scrolled",
}
WORD = re.compile(r"[\w-]+")
CLASS = re.compile(r"\.((?:[\w-]|\\.)+)")
BRACKETS = re.compile(r"\([^()]*\)")


def setup(app: Sphinx) -> dict[str, bool]:
    """Work on the built files, after all else."""
    app.connect(
        "build-finished", lambda app, error: None if error else lighten(Path(app.outdir)), priority=900
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def lighten(pages: Path) -> None:
    """Make the files of a built site smaller."""
    static = pages / "_static"
    for file in static.glob("fonts/*.ttf"):
        font = TTFont(file)
        font.flavor = "woff"
        font.save(file.with_suffix(".woff"))
    needless = [static / name for name in UNUSED]
    for file in [
        *static.rglob("*.map"),
        *static.glob("fonts/*.ttf"),
        *static.glob("vendor/**/webfonts/*"),
        *needless,
    ]:
        file.unlink(missing_ok=True)
    for folder in pages.glob("figures/dossier-*"):
        _keep_one_card(sorted(folder.glob("*.png")))
    _name_sources_once(pages / "notebooks")
    sheets: list[str] = []
    words = set(ADDED)
    for file in pages.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        if "_static/plain.css" not in text:
            found = [name for name in SHEET.findall(text) if name != "uplot/uPlot.min.css"]
            sheets += [name for name in found if name not in sheets]
            file.write_text(text := _slim(text), encoding="utf-8")
            words.update(word for names in NAMES.findall(text) for word in names.split())
    for file in static.rglob("*.js"):
        if file.name not in ("search_index.js", "bootstrap.js"):
            words.update(
                word
                for quoted in QUOTED.findall(file.read_text(encoding="utf-8"))
                for word in WORD.findall(quoted)
            )
    sheets.insert(0, "basic.css")  # which the theme imports
    style = "".join(_without_the_unmatched(static / name, words) for name in sheets)
    (static / "all.css").write_text(_without_unread_variables(style), encoding="utf-8")
    for name in sheets:
        (static / name).unlink()


def _keep_one_card(pictures: list[Path]) -> None:
    for first in pictures[:1]:
        with Image.open(first) as picture:
            small = picture.convert("RGB").resize((CARD, CARD * picture.height // picture.width))
        small.quantize(64, dither=Image.Dither.NONE).save(first, optimize=True)
    for file in pictures[1:]:
        file.unlink()


def _name_sources_once(notebooks: Path) -> None:
    """Leave out of the table of sources of a dossier the rows that the notebook's page has, and say so."""
    first = notebooks / "14_event_dossier.html"
    table = SOURCES.search(first.read_text(encoding="utf-8")) if first.exists() else None
    known = set(ROW.findall(table[0])) if table else set()

    note = 'More: <a href="14_event_dossier.html#sources-and-records">those that all dossiers share</a>.'

    def shorter(table: re.Match[str]) -> str:
        rows = ROW.sub(lambda row: "" if row[0] in known else row[0], table[0])
        named = rows.replace("</summary>", f"</summary>\n<p>{note}</p>", 1)
        return rows if rows == table[0] else named

    for file in notebooks.glob("dossier-*.html"):
        text = file.read_text(encoding="utf-8")
        file.write_text(SOURCES.sub(shorter, text), encoding="utf-8")


def _slim(page: str) -> str:
    """Take out what is not needed, and name regions that scroll, so that a keyboard reaches them."""
    styles: dict[str, str] = {}

    def named(cell: re.Match[str]) -> str:
        return f"<{cell[1]} class={styles.setdefault(cell[2], f't{len(styles)}')}>"

    found = SHEET.search(page)
    root = re.search(r'data-content_root="([^"]*)"', page)
    page = NEEDLESS.sub("", page)
    page = SHEET.sub(lambda link: link[0] if "uPlot" in link[1] else "", page)
    if found and root:
        page = page.replace(
            "</title>", f'</title>\n<link rel="stylesheet" href="{root[1]}_static/all.css">', 1
        )
    page = re.sub(r'<script (src="[^"]*documentation_options\.js)', r"<script defer \1", page)
    page = page.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    # A name holds the words that are seen.
    page = re.sub(r'(<button[^>]*search-button-field[^>]*? aria-label="Search)"', r'\1 Ctrl+K"', page)
    scrolls = '<div style="overflow-x: auto"'
    page = page.replace(scrolls + ">", scrolls + ' tabindex="0">')
    parts = AS_WRITTEN.split(page)
    parts[::3] = [re.sub(r"\s*\n\s*", "\n", part) for part in parts[::3]]
    page = "".join(part for place, part in enumerate(parts) if place % 3 != 2)
    # Names, signs and brackets in code have no colour.
    page = re.sub(r'<(td|th) style="([^"]*)">', named, PLAIN.sub(r"\1", page))
    rules = "".join(f".{name}{{{style}}}" for style, name in styles.items())
    return page.replace("</head>", f"<style>{rules}</style></head>", 1) if rules else page


def _without_the_unmatched(file: Path, words: set[str]) -> str:
    text = file.read_text(encoding="utf-8")
    if file.name in OWN:
        return text
    return "".join(_kept(tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True), words))


def _kept(rules: list, words: set[str]) -> list[str]:
    """Return the rules with a selector whose classes all occur in a page or a script."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = tinycss2.serialize(rule.prelude)
            while BRACKETS.search(selectors):
                selectors = BRACKETS.sub("", selectors)
            if any(_matches(selector, words) for selector in selectors.split(",")):
                kept.append(rule.serialize())
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports") and rule.content:
            inside = "".join(_kept(tinycss2.parse_blocks_contents(rule.content, True, True), words))
            if inside:
                kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inside}}}")
        elif (
            rule.type == "at-rule"
            and rule.lower_at_keyword not in ("charset", "import")
            and "webfonts" not in rule.serialize()
        ):
            kept.append(rule.serialize())
    return kept


def _without_unread_variables(style: str) -> str:
    """Drop variables that no rule reads; those that only they read go with them."""
    while True:
        read = set(re.findall(r"var\(\s*(--[\w-]+)", style))
        shorter = VARIABLE.sub(lambda found, read=read: found[0] if found[1] in read else "", style)
        if shorter == style:
            return style
        style = shorter


def _matches(selector: str, words: set[str]) -> bool:
    return all(name.replace("\\", "") in words for name in CLASS.findall(selector))
