"""Make the drawings of the built pages short, readable in the dark, and the same on every machine.

A picture in ``<img>`` sees neither the fonts nor the style sheet of its page: it carries the letters it uses,
and its own colours for the dark. Drawings inside a page take both from the page.
"""

import base64
import colorsys
import functools
import html
import io
import re
from collections.abc import Iterator
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

import helpers

# Names of groups, comments and head lines of a drawing, which draw nothing.
UNDRAWN = re.compile(
    r'<metadata>.*?</metadata>|<!--.*?-->|<\?xml.*?\?>|<!DOCTYPE.*?>| id="[\w.]+_\d+"'
    r'| transform="rotate\(-0 .*?\)"| xmlns:xlink="[^"]*"| type="text/css"| version="1.1"',
    re.S,
)
GROUP = re.compile(r"<g>((?:(?!</?g\b).)*)</g>")
CLIPPED = re.compile(r' clip-path="(url\(#\w+\))" style="')
TAG, NUMBER = re.compile(r"<[^>]*>"), re.compile(r"-?\d+\.\d{2,}")
PATH = re.compile(r' d="([^"]+)"')
STEP = re.compile(r"([MLVHz])([^MLVHz]*)")
COLOUR = re.compile(r"#[0-9a-f]{6}\b")
PAINT = re.compile(r"(?:fill|stroke): #[0-9a-f]{6}")
WHOLE = re.compile(r"(?:<\?xml[^>]*>\s*<!DOCTYPE[^>]*>\s*)?<svg xmlns:xlink.*?</svg>", re.S)
# What Western texts and the signs of events are written with.
LETTERS = [*range(32, 383), *range(0x2010, 0x2215), 0x25A0, 0x25B2, 0x25BC, 0x25CF, 0x25C6]
NIGHT = "@media (prefers-color-scheme:dark)"
DARK = "#14181e"  # of the page of the theme


def setup(app: Sphinx) -> dict[str, bool]:
    """Work on the built files, before they are made light."""
    app.connect(
        "build-finished", lambda app, error: None if error else finish(Path(app.outdir)), priority=800
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def finish(pages: Path) -> None:
    """Shorten every drawing of a built site, in files and in the pages of dossiers and pairs."""
    for file in sorted((pages / "figures").rglob("*.svg")):
        svg = file.read_text(encoding="utf-8")
        if svg:
            file.write_text(with_letters(shortened(svg, "f", NIGHT)), encoding="utf-8")
    dossiers = dict.fromkeys((pages / "notebooks").glob("dossier-*.html"), "")
    for file, night in (dossiers | dict.fromkeys((pages / "runs").glob("*.html"), NIGHT)).items():
        text, number = file.read_text(encoding="utf-8"), iter(range(100))
        text = WHOLE.sub(lambda svg, *, n=number, night=night: shortened(svg[0], f"f{next(n)}", night), text)
        file.write_text(text, encoding="utf-8")


def shortened(svg: str, name: str, night: str) -> str:
    """Return a drawing without what is not drawn, with its colours for the dark.

    Places are to a tenth of a point, paths go from point to point, and each style is written once. `name`
    begins every name in it, and is unique in its page. `night` is when the dark applies; '' asks the theme of
    the page.
    """
    styles: dict[str, str] = {}
    # Only numbers in a tag are places; those of a text are what the figure says.
    short = TAG.sub(lambda tag: NUMBER.sub(lambda n: _tenth(float(n[0])), tag[0]), UNDRAWN.sub("", svg))
    short = re.sub(r"\s*\n\s*", " ", short).replace("> <", "><").replace("xlink:href", "href").strip()
    for number, known in enumerate(dict.fromkeys(re.findall(r' id="(\w+)"', short))):
        short = re.sub(rf'(#| id="){known}\b', rf"\g<1>{name}{_letters(number)}", short)
    short = PATH.sub(lambda found: f' d="{_path(found[1])}"', short)
    while GROUP.search(short):
        short = GROUP.sub(r"\1", short)
    short = CLIPPED.sub(r' style="clip-path:\1; ', short)
    short = re.sub(
        r' style="([^"]+)"', lambda found: f' class="{styles.setdefault(found[1], f"s{len(styles)}")}"', short
    )
    rules = "".join(f"#{name} .{key}{{{_tight(style)}}}" for style, key in styles.items())
    dark = {key: dark_colour(";".join(PAINT.findall(style))) for style, key in styles.items()}
    where = "" if night else 'html[data-theme="dark"] '
    rules += f"{night}{{" * bool(night)
    rules += "".join(f"{where}#{name} .{key}{{{_tight(paint)}}}" for key, paint in dark.items() if paint)
    rules += "}" * bool(night)
    return short.replace("<svg ", f'<svg id="{name}" ', 1).replace("</style>", f"{rules}</style>", 1)


def _tenth(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0").replace("-0.", "-.").lstrip("0").replace("-0", "0") or "0"


def _tight(style: str) -> str:
    return style.replace("; ", ";").replace(": ", ":")


def _letters(number: int) -> str:
    return f"{number:x}".translate(str.maketrans("0123456789", "ghijklmnop"))


def _path(path: str) -> str:
    """Shorten a path; one with curves stays as it is, but for its spaces."""
    curved = re.search("[CQSA]", path)
    return re.sub(r" ?([MLCQz]) ?", r"\1", path).strip() if curved else "".join(_relative(path))


def _relative(path: str) -> Iterator[str]:
    """Write a path of straight lines from each point to the next; a point is rounded once, so none drifts."""
    x = y = start_x = start_y = 0.0
    for step, places in STEP.findall(path):
        to = [float(place) for place in places.split()]
        if step == "z":
            yield "z"
            x, y = start_x, start_y
            continue
        to_x, to_y = {"V": (x, *to), "H": (*to, y)}.get(step, tuple(to))
        across, down = _tenth(round(to_x - x, 1)), _tenth(round(to_y - y, 1))
        x, y = to_x, to_y
        if step == "M":
            start_x, start_y = x, y
            yield _joined("m", across, down)
        elif down == "0":
            yield f"h{across}"
        else:
            yield f"v{down}" if across == "0" else _joined("l", across, down)


def _joined(step: str, across: str, down: str) -> str:
    return f"{step}{across}{down}" if down.startswith("-") else f"{step}{across} {down}"


def dark_colour(paint: str) -> str:
    """Turn the colours of a style into those for a dark page: light and dark change places, the hue stays."""
    return COLOUR.sub(lambda found: _turned(found[0]), paint)


@functools.cache
def _turned(colour: str) -> str:
    if colour == "#ffffff":
        return DARK
    hue, light, full = colorsys.rgb_to_hls(*(int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)))
    light = 0.1 + 0.84 * (1 - light)
    # A strong colour of middle lightness would stay where it is, too dark to be read.
    light = max(light, 0.64) if full > 0.3 and light > 0.3 else light
    return "#" + "".join(f"{round(255 * part):02x}" for part in colorsys.hls_to_rgb(hue, light, full))


def with_letters(svg: str) -> str:
    """Put the letters that a drawing uses into it, as fonts."""
    bold = set(re.findall(r"\.(s\d+)\{[^}]*font-weight:700", svg))
    used: dict[str, set[str]] = {"Regular": set(), "Bold": set()}
    for key, text in re.findall(r'<text class="(\w+)"[^>]*>([^<]*)<', svg):
        used["Bold" if key in bold else "Regular"].update(html.unescape(text))
    faces = "".join(
        f"@font-face{{font-family:'Summits Sans';font-weight:{weight};src:url(data:font/woff;base64,"
        f"{_subset(face, ''.join(sorted(used[face])))})}}"
        for face, weight in (("Regular", 400), ("Bold", 700))
        if used[face]
    )
    return svg.replace("<style>", f"<style>{faces}", 1)


@functools.cache
def _subset(face: str, letters: str) -> str:
    written = io.BytesIO()
    font = TTFont(io.BytesIO(_plain(face)))
    _only(font, letters)
    font.flavor = "woff"
    font.save(written)
    return base64.b64encode(written.getvalue()).decode()


@functools.cache
def _plain(face: str) -> bytes:
    """Return a font with Western letters alone, from which smaller ones are made quickly."""
    font = TTFont(Path(helpers.__file__).parent / "figures" / "fonts" / f"SummitsSans-{face}.ttf")
    written = io.BytesIO()
    _only(font, "".join(map(chr, LETTERS)))
    font.save(written)
    return written.getvalue()


def _only(font: TTFont, letters: str) -> None:
    options = subset.Options(hinting=False, layout_features=[], name_IDs=[], notdef_outline=False)
    options.drop_tables += ["GPOS", "GSUB", "GDEF", "DSIG", "meta"]
    cut = subset.Subsetter(options)
    cut.populate(text=letters)
    cut.subset(font)
