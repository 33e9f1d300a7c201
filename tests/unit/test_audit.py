"""The audit of packages: a licence that is not accepted is found; what was not asked is not called safe."""

import importlib.util
from email.message import Message
from types import SimpleNamespace

import pytest

from helpers import paths

_spec = importlib.util.spec_from_file_location("audit", paths.root() / "tools" / "audit.py")
audit = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(audit)


def package(name: str = "pandas", **fields: str) -> SimpleNamespace:
    """Return an installed package with such metadata."""
    described = Message()
    described["Name"] = name
    for field, value in fields.items():
        described[field.replace("_", "-")] = value
    return SimpleNamespace(metadata=described, version="1")


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ({"License_Expression": "BSD-3-Clause", "License": "other"}, "BSD-3-Clause"),
        ({"Classifier": "License :: OSI Approved :: MIT License"}, "MIT License"),
        ({"License": "Apache 2.0\nwith all its text"}, "Apache 2.0"),
        ({}, ""),
    ],
)
def test_the_licence_is_what_the_metadata_say(fields: dict, licence: str) -> None:
    assert audit.licence(package(**fields)) == licence


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "Proprietary", "", "AGPL"])
def test_a_licence_that_is_not_accepted_is_found(monkeypatch: pytest.MonkeyPatch, licence: str) -> None:
    monkeypatch.setattr(audit.metadata, "distributions", lambda: [package(License_Expression=licence)])
    [problem] = audit.licences()
    assert problem.startswith("pandas 1: licence")


def test_every_installed_package_has_an_accepted_licence() -> None:
    assert audit.licences() == []


def test_an_advisory_is_found() -> None:
    vulnerable = {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}
    sound = {"name": "b", "version": "1", "vulns": []}
    assert audit.advisories({"dependencies": [vulnerable, sound]}) == (["a 1: PYSEC-1, mended in ['2']"], "")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("pip-audit cannot be installed", "cannot be installed"),
        ({"dependencies": []}, "no answer for 0 of 0"),
        ({"dependencies": [{"name": "a", "skip_reason": "not found"}]}, "no answer for 1 of 1"),
    ],
)
def test_what_was_not_asked_is_not_called_safe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, said: object, reason: str
) -> None:
    monkeypatch.setattr(audit, "report", lambda place: said)
    assert audit.main() == audit.NOT_ASKED
    printed = capsys.readouterr().out
    assert "NOT ASKED" in printed and reason in printed and "none known" not in printed
