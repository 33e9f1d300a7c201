"""Notebook 14: its headlines over all events, and the runs that `runs_from` makes of rows of events.csv."""

import re

import numpy as np
import pandas as pd
import pytest
from notebook_functions import functions_of

from helpers import paths, timeline
from summits import plan

DOSSIER = functions_of("14_event_dossier")
EVENTS = timeline.events()
VERBS = {"rose", "fell", "gained", "lost", "were", "followed", "surround", "surrounds", "spent"}
SUBJECTS = {"trade": ["US chip sales", "Japanese chip-tool sales"], "shares": ["Chinese internet firms"]}
CHANGES = (-97.3, -24.4, -9.96, -0.04, 0.3, 4.5, 164.6, 1250.0)


def moves_of(kind, changes, unusual):
    """Made-up movements, as the dossier judges them."""
    rows = pd.DataFrame({"change": changes, "kind": kind, "unusual": unusual})
    return rows.assign(subject=SUBJECTS[kind][-1], whither=" to China" if kind == "trade" else "")


def headlines(names):
    """Every form of every headline with the number that its figure draws."""
    for kind, subjects in SUBJECTS.items():
        for move in moves_of(kind, CHANGES, [True, False] * 4).to_dict("records"):
            for subject in subjects:
                yield (
                    DOSSIER.move_headline(move | {"subject": subject}, names),
                    DOSSIER.number(move["change"]),
                )
    for marks in (0, 1, 3, 14):
        moves = moves_of("shares", [5.2] * 14, [True] * marks + [False] * (14 - marks))
        yield DOSSIER.lead_headline(moves, names), {0: "14", 14: "5.2%"}.get(marks, str(marks))
    for count in (0, 1, 25):
        yield DOSSIER.calendar_headline(count, names), str(count) if count else "No"
    for before, after, drawn in ((100, 133, "33%"), (100, 86, "14%"), (130, np.nan, "$130bn")):
        yield DOSSIER.money_headline(before, after, names), drawn


@pytest.mark.parametrize("event", EVENTS.index)
def test_a_headline_has_a_verb_one_number_that_is_drawn_and_at_most_twelve_words(event):
    names = DOSSIER.names_of(EVENTS.loc[event])
    for headline, drawn in headlines(names):
        assert len(headline.split()) <= 12, headline
        assert VERBS & set(re.findall(r"[a-z]+", headline)), headline
        bare = headline
        for name in names:
            bare = bare.replace(name, "")
        assert re.findall(r"\$?\d[\d.,]*(?:%|bn)?|^No\b", bare) == [drawn], headline


@pytest.mark.parametrize("change", CHANGES)
def test_a_headline_and_its_mark_show_the_same_digits(change):
    assert DOSSIER.signed(change).lstrip("+−") == DOSSIER.number(change)


def test_few_unusual_movements_are_as_chance_allows_and_many_are_not():
    names = ["Busan", "Busan"]
    few, many = ([True] * marks + [False] * (14 - marks) for marks in (5, 6))
    assert "as chance allows" in DOSSIER.lead_headline(moves_of("shares", [5.2] * 14, few), names)
    assert "an unusual 5.2%" in DOSSIER.lead_headline(moves_of("shares", [5.2] * 14, many), names)


def test_every_leader_meeting_major_control_and_easing_has_a_run_of_its_own():
    runs = plan.collection()["14_event_dossier"]["runs"]
    listed = pd.concat(
        [timeline.event_set(name) for name in ("meetings", "tightening_major", "easing_major")]
    )
    assert set(listed.index) <= set(runs)
    assert all(given == {"event": name} for name, given in runs.items() if name != "published")
    assert list(runs)[1:] == [event for event in EVENTS.index if event in runs]


def test_a_new_row_of_events_brings_its_run(tmp_path, monkeypatch):
    rows = (paths.data_dir() / "events.csv").read_text(encoding="utf-8")
    row = next(line for line in rows.splitlines() if line.startswith("summit-busan-2025,"))
    new = row.replace("summit-busan-2025", "summit-elsewhere-2027").replace("2025-10-30", "2027-03-01")
    (tmp_path / "events.csv").write_text(f"{rows.rstrip()}\n{new}\n", encoding="utf-8")
    claims = (paths.data_dir() / "claims.yml").read_text(encoding="utf-8")
    (tmp_path / "claims.yml").write_text(claims, encoding="utf-8")
    monkeypatch.setenv("SUMMITS_DATA", str(tmp_path))
    assert "summit-elsewhere-2027" in plan.collection()["14_event_dossier"]["runs"]


@pytest.mark.parametrize("choice", ["meeting", "dialogues", "leader=yes", "leader_meeting="])
def test_a_choice_of_events_that_does_not_exist_is_refused(choice):
    with pytest.raises(plan.PlanError, match=f"14: `runs_from` names {choice}"):
        plan._events("14", [choice])
