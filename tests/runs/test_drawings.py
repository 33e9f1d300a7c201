"""Drawings of the pages: shorter, and as readable in the dark as in the light."""

import base64
import importlib.util
import io
import re
import sys
from xml.etree import ElementTree

import nbformat
import pytest
from fontTools.ttLib import TTFont
from matplotlib.colors import to_rgb

from helpers import paths

EXTENSIONS = paths.root() / "docs" / "_ext"
WHITE = "#ffffff"


def _extension(name):
    spec = importlib.util.spec_from_file_location(name, EXTENSIONS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


drawings = _extension("drawings")


def _contrast(first, second):
    linear = [
        [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
        for colour in (first, second)
    ]
    light = sorted(0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in linear)
    return (light[1] + 0.05) / (light[0] + 0.05)


def _words(svg):
    texts = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return "".join("".join(each.itertext()) for each in texts)


def _committed():
    for file in sorted(paths.notebooks_dir().glob("*.ipynb")):
        for cell in nbformat.read(file, as_version=4).cells:
            for output in cell.get("outputs", []):
                figure = output.get("data", {}).get(paths.FIGURE_MIME)
                if figure and len(figure["svg"]) < 100_000:
                    yield f"{file.stem}/{figure['name']}", figure["svg"]


SVG = """<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="100pt" height="50pt" viewBox="0 0 100 50"
 xmlns="http://www.w3.org/2000/svg" version="1.1">
 <defs><style type="text/css">*{stroke-linejoin: round}</style></defs>
 <g id="patch_1"><path d="M 0 50
L 100 50
L 100 0
z
" style="fill: #ffffff"/></g>
 <path d="M 10.04 10.06
L 20.02 10.06
L 20.02 4.5
M 40 8
L 41.111 9.222
" clip-path="url(#pabc)" style="fill: none; stroke: #e3120b"/>
 <text style="font-weight: 700; font-size: 14px; fill: #121212" x="5" y="9.99">SMIC added &amp; M 1</text>
 <clipPath id="pabc"><rect x="0" y="0" width="10" height="10"/></clipPath>
</svg>"""


def test_a_drawing_is_shorter_and_its_words_stay():
    short = drawings.shortened(SVG, "f", drawings.NIGHT)
    assert len(short) < len(SVG) + 150  # rules for the dark included
    assert ">SMIC added &amp; M 1</text>" in short
    # A step goes on from the point before it, so what rounding leaves does not add up.
    assert 'd="m10 10.1h10v-5.6m20 3.5l1.1 1.2"' in short
    assert "clip-path:url(#fg)" in short and 'id="fg"' in short
    ElementTree.fromstring(short)


def test_in_the_dark_light_and_dark_change_places_and_the_hue_stays():
    assert drawings.dark_colour(f"fill: {WHITE}") == f"fill: {drawings.DARK}"
    red = to_rgb(drawings.dark_colour("#e3120b"))
    assert red[0] > 0.9 > 0.5 > max(red[1:])
    short = drawings.shortened(SVG, "f", drawings.NIGHT)
    assert f"{drawings.NIGHT}{{" in short
    inside = drawings.shortened(SVG, "f", "")
    assert 'html[data-theme="dark"] #f .s0{' in inside and "@media" not in inside


def test_what_can_be_read_in_the_light_can_be_read_in_the_dark():
    texts = {
        (name, colour)
        for name, svg in _committed()
        for colour in re.findall(r"<text[^>]*fill: (#[0-9a-f]{6})", svg)
        if _contrast(colour, WHITE) >= 4.5
    }
    assert len(texts) > 100
    pale = {each for each in texts if _contrast(drawings.dark_colour(each[1]), drawings.DARK) < 4.5}
    assert pale == set()


@pytest.mark.parametrize(("name", "svg"), list(_committed())[::12])
def test_every_drawing_stays_one_and_carries_its_letters(name, svg):
    done = drawings.with_letters(drawings.shortened(svg, "f", drawings.NIGHT))
    written = "".join(
        "".join(each.itertext()) for each in ElementTree.fromstring(done).iter() if "text" in each.tag
    )
    assert written == "".join(
        "".join(each.itertext()) for each in ElementTree.fromstring(svg).iter() if each.tag.endswith("}text")
    )
    fonts = [TTFont(io.BytesIO(base64.b64decode(font))) for font in re.findall(r"base64,([\w+/=]+)", done)]
    letters = set().union(*(font.getBestCmap() for font in fonts))
    assert {ord(sign) for sign in written if ord(sign) < 0x2000 and not sign.isspace()} <= letters
