"""Sphinx configuration of the pages. All a page needs is in the built folder: no request leaves it."""

import json
import os
import sys
from importlib.metadata import version as installed_version
from importlib.util import find_spec
from pathlib import Path

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

project = "Chips & Summits"
author = "The Chips & Summits contributors"
copyright = f"{author}. Text and figures CC BY 4.0, code MIT; data as stated per source"
version = release = installed_version("chips-and-summits")
language = "en"
cited = json.loads((Path(__file__).parent / "told.json").read_text(encoding="utf-8"))["citation"]

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
extensions = [
    "myst_nb",
    "sphinx_copybutton",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "lists",
    "series_pages",
    "heads",
    "search_index",
    "drawings",
    "light",
]
autodoc_typehints = "none"  # numpydoc says them
exclude_patterns = ["_extra", "_ext", "_parts", "_templates", "**.jinja"]
templates_path = ["_templates"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
# A dollar sign before a digit is money, not mathematics.
myst_dmath_allow_digits = False
myst_dmath_allow_space = False
myst_heading_anchors = 3

nb_execution_mode = "off"
nb_output_stderr = "remove"
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
# The widget loader would fetch a script from a content network; no notebook here has widgets.
nb_ipywidgets_js = {}

html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "Chips & Summits"
html_static_path = ["_static"]
html_extra_path = ["_extra"]
html_css_files = ["site.css"]
html_js_files = [("filter.js", {"defer": "defer"}), ("timeline.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
# The address of the site, where it has one: of CITATION.cff, or of the environment for a copy elsewhere.
html_baseurl = os.environ.get("SUMMITS_ADDRESS", cited.get("url", ""))
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {"text": "Chips & Summits"},
    "navbar_align": "left",
    "navbar_center": ["navbar-nav"],
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 7,
    "show_prev_next": True,
    "search_bar_text": "Search",
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": ["about-site"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_use_index = False
alone = (
    "index",
    "how_to_read",
    "events",
    "codebook",
    "figures",
    "sources",
    "limits",
    "search",
    "explore",
    "contact",
    "changes",
    "faults",
    "performance",
    "refreshing",
    "scheduling",
    "own_data",
    "api",
    "404",
)
html_sidebars = {page: [] for page in alone}


def _mathml(node: nodes.Element, as_block: bool) -> str:
    try:
        return tex2mathml(node.astext(), as_block)
    except MathError as error:
        logging.getLogger(__name__).warning("formula cannot be shown: %s", error, location=node)
        return ""


def _inline_math(translator, node: nodes.math) -> None:
    translator.body.append(_mathml(node, as_block=False))
    raise nodes.SkipNode


def _block_math(translator, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="formula">{_mathml(node, as_block=True)}</div>')
    raise nodes.SkipNode


def _without_reference(app, page: str, source: list[str]) -> None:
    """Say where the reference is, in the environment of `make pages`, which cannot import the methods."""
    if page == "api" and find_spec("matplotlib") is None:
        note = "These pages are those of `make pages`, which leaves the list out; `make run` writes it."
        source[0] = f"{source[0].partition('## ')[0]}{note}\n"


def setup(app) -> None:
    """Register a renderer that writes formulas as MathML, which browsers show without a script."""
    app.add_html_math_renderer("mathml", (_inline_math, None), (_block_math, None))
    app.connect("source-read", _without_reference)
