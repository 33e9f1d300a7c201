"""Time from `git clone` to the first picture on the screen, and write the table to docs/performance.md.

`python benchmarks/first_picture.py [pages] [notebook] [--wheels DIR] [--folder DIR]`: *pages* builds the
pages of the committed notebooks, *notebook* sets up everything and runs notebook 00 with the one it needs; by
default both. With --wheels the packages come from that folder and nothing is downloaded. With --folder the
checkouts stay there.
A picture is there when Chromium has drawn the page and inks, not text, cover enough of the shot.
"""

import argparse
import io
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
MARKS = "<!-- first picture -->", "<!-- end of first picture -->"
EXECUTED = "runs/00_what_happened/published/notebook"
CONVERT = [".venv/bin/jupyter", "nbconvert", "--to", "html", "--log-level", "ERROR", f"{EXECUTED}.ipynb"]
# Of each way: the name of its steps with their commands, and the page to look at.
WAYS = {
    "pages": (
        {"set-up": ["make", ".venv-pages/.installed"], "build": ["make", "pages"]},
        "_build/site/index.html",
    ),
    "notebook": (
        {
            "set-up": ["make", "setup"],
            "run of notebook 00": [".venv/bin/summits", "run", "-j", "2", "00"],
            "conversion": CONVERT,
        },
        f"{EXECUTED}.html",
    ),
}
INKED = 0.01  # of the pixels, in a strong colour; a page of text with links has less


def shown(page: Path) -> float:
    """Draw a page as a reader sees it and return the share of its pixels in a strong colour."""
    browsers = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    browser = next(browsers, None)
    if browser is None:
        sys.exit("No Chromium: install it (on Debian: apt install chromium) and measure again.")
    shot = page.with_suffix(".shot.png")
    view = [
        "--headless",
        "--no-sandbox",
        "--hide-scrollbars",
        "--window-size=1280,3000",
        f"--screenshot={shot}",
    ]
    subprocess.run([browser, *view, page.resolve().as_uri()], check=True, capture_output=True, timeout=300)
    with Image.open(io.BytesIO(shot.read_bytes())) as picture:
        counts = picture.convert("RGB").convert("HSV").getchannel("S").histogram()
    return sum(counts[180:]) / sum(counts)


def megabytes(folder: Path) -> float:
    """Return what a folder takes on the disk, in MB of a million bytes."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*")) / 1e6


def measured(way: str, place: Path, wheels: Path | None) -> list[tuple[str, str, float]]:
    """Return way, step and seconds of each step; stop where no picture is seen."""
    commands, page = WAYS[way]
    surroundings = {name: text for name, text in os.environ.items() if not name.startswith("SUMMITS_")}
    if wheels:
        surroundings |= {"PIP_FIND_LINKS": str(wheels.resolve()), "PIP_NO_INDEX": "1"}
    rows = []
    steps = {"clone": ["git", "clone", "--quiet", ROOT.as_uri(), str(place)]} | commands
    for step, command in steps.items():
        folder = place if step != "clone" else place.parent
        began = time.perf_counter()
        done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True)
        rows.append((way, step, time.perf_counter() - began))
        if done.returncode:
            sys.exit(
                f"{way}, {step}: {' '.join(command)} ended with {done.returncode}.\n{done.stderr[-2000:]}"
            )
    began = time.perf_counter()
    inked = shown(place / page)
    rows.append((way, "picture in Chromium", time.perf_counter() - began))
    if inked < INKED:
        sys.exit(f"{way}: {page} shows no picture ({inked:.2%} of it in strong colours).")
    return [*rows, (way, "**together**", sum(seconds for _, _, seconds in rows))]


def table(rows: list[tuple[str, str, float]], sizes: dict[str, float]) -> str:
    """Return the rows in Markdown, with the size of each environment at the end."""
    lines = ["| way | step | seconds |", "| --- | --- | --- |"]
    lines += [f"| {way} | {step} | {seconds:.1f} |" for way, step, seconds in rows]
    said = [f"{name} {size:.0f} MB" for name, size in sizes.items()]
    return "\n".join([*lines, "", f"Environments on the disk, after use: {', '.join(said)}."])


def placed(content: str, page: str) -> str:
    """Return the page with the content between its marks."""
    before, begin, rest = page.partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    return f"{before}{begin}\n{content}\n{end}{after}"


def main() -> None:
    """Measure the ways that were asked for, one after the other, and write the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("ways", nargs="*", metavar="pages|notebook", help="ways to measure; both by default")
    asked.add_argument("--wheels", type=Path, help="folder of wheels; nothing is downloaded then")
    asked.add_argument("--folder", type=Path, help="where the checkouts stay; by default they are removed")
    given = asked.parse_args()
    load = os.getloadavg()[0]
    rows: list[tuple[str, str, float]] = []
    sizes = {}
    with tempfile.TemporaryDirectory() as scratch:
        for way in given.ways or WAYS:
            place = (given.folder or Path(scratch)).resolve() / way
            place.parent.mkdir(parents=True, exist_ok=True)
            rows += measured(way, place, given.wheels)
            sizes |= {each.name: megabytes(each) for each in place.glob(".venv*")}
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    source = "from a folder of wheels" if given.wheels else "fetched from the index that pip is set to"
    loads = f"load {load:.1f} at the start and {os.getloadavg()[0]:.1f} at the end"
    text = f"{date.today()}; {machine}, {loads}; packages {source}.\n\n{table(rows, sizes)}"
    print(text)
    PAGE.write_text(placed(text, PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
