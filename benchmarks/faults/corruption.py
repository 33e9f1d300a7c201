"""Damage to the data package under a new descriptor: what `summits data check` finds in the tables.

Usage: python benchmarks/faults/corruption.py
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
from samples import corruptions

from summits import validation


def main() -> None:
    """Print how many damages are found, and each that is not."""
    started, found, missed = time.monotonic(), 0, []
    with tempfile.TemporaryDirectory() as name:
        sound = corruptions.small(Path(name) / "sound")
        assert validation.check(sound) == [], validation.check(sound)[:3]
        for number, (kind, damage) in enumerate(corruptions.damages()):
            folder = Path(name) / str(number)
            shutil.copytree(sound, folder)
            damage(folder)
            if validation.check(folder):
                found += 1
            else:
                missed.append(kind)
                print(f"not found: {kind}", flush=True)
            shutil.rmtree(folder)
    print(f"{found} of {found + len(missed)} damages found in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
