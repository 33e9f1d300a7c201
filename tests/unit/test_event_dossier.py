"""Notebook 14: its headlines over all events, and the runs that `runs_from` makes of rows of events.csv."""

import re

import numpy as np
import pandas as pd
import pytest
from notebook_functions import functions_of

from helpers import catalog, paths, timeline
from summits import plan

DOSSIER = functions_of("14_event_dossier")
EVENTS = timeline.events()
VERBS = {"rose", "fell", "gained", "lost", "were", "followed", "surround", "surrounds", "spent"}
SUBJECTS = {"trade": ["US chip exports", "Japanese chip-tool exports"], "groups": ["Chinese internet firms"]}
CHANGES = (-97.3, -24.4, -9.96, -0.04, 0.3, 4.5, 164.6, 1250.0)


def moves_of(kind, changes, unusual):
    """Made-up movements, as the dossier judges them."""
    rows = pd.DataFrame(
        {"change": changes, "kind": kind, "unusual": unusual, "chance": 0.05, "before": np.nan}
    )
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
        moves = moves_of("groups", [5.2] * 14, [True] * marks + [False] * (14 - marks))
        for before in (np.nan, 5.3, [9.0] + [-1.0] * 13):
            yield DOSSIER.count_headline(moves.assign(before=before), names), str(marks or 14)
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
    few, many = ([True] * marks + [False] * (10 - marks) for marks in (1, 2))
    assert "as chance allows" in DOSSIER.count_headline(moves_of("groups", [5.2] * 10, few), names)
    assert "more than expected" in DOSSIER.count_headline(moves_of("groups", [5.2] * 10, many), names)


def test_a_headline_on_unusual_movements_says_in_the_same_breath_that_some_had_begun_before():
    moves = moves_of("groups", [5.2] * 10, [True] * 3 + [False] * 7)
    some, opposite = [6.0, 1.0, np.nan] + [6.0] * 7, [-6.0] * 10
    for names in (["Busan"], ["the clearing of buyers of the H200", "“H200 buyers cleared”"]):
        assert DOSSIER.count_headline(moves.assign(before=some), names).endswith("some begun before")
        assert DOSSIER.count_headline(moves.assign(before=6.0), names).endswith("all begun before")
        assert "begun" not in DOSSIER.count_headline(moves.assign(before=opposite), names)


@pytest.mark.parametrize("chances", [[], [0.05], [0.05] * 10, [0.05] * 6 + [0.1, 0.2, 0.5]])
def test_what_chance_seldom_exceeds_is_the_ninth_tenth_of_independent_movements(chances):
    counts = (np.random.default_rng(0).random((40_000, len(chances))) < chances).sum(axis=1)
    seldom = DOSSIER.seldom_above(chances)
    assert (counts <= seldom).mean() >= 0.89
    assert seldom == 1 or (counts < seldom).mean() < 0.91


@pytest.mark.parametrize("count", [39, 79, 115])
def test_a_window_like_all_others_leaves_their_range_in_one_of_twenty_cases(count):
    windows = np.random.default_rng(1).normal(0, 10, (4000, count + 1))
    marks = [DOSSIER.judged({}, row[0], row[1:])["unusual"] for row in windows]
    assert np.mean(marks) == pytest.approx(0.05, abs=0.014)


def test_the_chance_of_overlapping_windows_is_that_of_other_dates_and_above_one_in_twenty():
    random = np.random.default_rng(2)
    months = pd.date_range("2017-01-01", periods=110, freq="MS")
    walks = [pd.Series(np.exp(random.normal(0, 0.1, 110).cumsum()), months) for _ in range(12)]
    assert DOSSIER.chance_of(walks[0], 1) == pytest.approx(0.05, abs=0.04)
    assert np.mean([DOSSIER.chance_of(walk, 12) for walk in walks]) > 0.1


def test_a_sentence_names_the_first_of_the_list_and_all_that_left_their_usual_range():
    rows = moves_of("trade", [1.2, -80.0, 44.0], [False, True, True]).assign(before=[3.4, np.nan, 50.0])
    rows["subject"] = ["US chip exports", "Dutch chip-tool exports", "Korean chip exports"]
    rows["chance"] = 0.1
    text = DOSSIER.sentences(rows, " to China", "by May 2020", "4 months", "flows")
    assert text == (
        "US chip exports to China rose 1.2% by May 2020, inside the usual range (in the 4 months before: "
        "+3.4%). Of 3 flows looked at, 2 left the usual range (chance gives 0.3):"
        " Dutch chip-tool exports −80% (before: –), Korean chip exports +44% (before: +50%)."
    )


def measure(**days):
    """A row of the list of states with these days, as read on 8 October 2026."""
    row = dict.fromkeys(["legal_from", "legal_until", "political_until", "suspended_from", "suspended_until"])
    row |= {"vintage": "2026-10-08"} | days
    return {name: pd.Timestamp(day) for name, day in row.items()} | {"state": "in force"}


@pytest.mark.parametrize(
    ("days", "day", "words"),
    [
        ({"legal_from": "2025-11-10"}, "2025-11-09", "not yet in force: applies from 10 November 2025"),
        ({"legal_from": "2025-11-10"}, "2025-11-10", "in force by its text"),
        ({"legal_until": "2026-11-09"}, "2026-10-07", "in force by its text until 9 November 2026"),
        (
            {"legal_until": "2026-11-09"},
            "2026-11-09",
            "in force; its text ends on 9 November 2026 (as read on 8 October 2026)",
        ),
        ({"legal_until": "2026-11-09"}, "2026-11-10", "lapsed on 9 November 2026 by its text (sources read"),
        ({"legal_until": "2026-03-01"}, "2026-03-02", "lapsed on 1 March 2026 by its text"),
        (
            {"legal_until": "2026-11-10", "political_until": "2027-01-10"},
            "2026-11-11",
            "lapsed on 10 November 2026 by its text; governments said it goes on to 10 January 2027",
        ),
        (
            {"suspended_from": "2025-11-10", "suspended_until": "2026-11-09"},
            "2025-11-10",
            "suspended by another text until 9 November 2026",
        ),
        ({"suspended_from": "2025-11-10", "suspended_until": "2026-11-09"}, "2025-11-09", "in force by its"),
        (
            {"suspended_from": "2025-11-10", "suspended_until": "2026-11-09"},
            "2026-11-10",
            "applies again by its text since 10 November 2026",
        ),
    ],
)
def test_a_measure_has_the_state_that_its_text_gives_it_on_the_day(days, day, words):
    assert DOSSIER.state_on(measure(**days), pd.Timestamp(day)).startswith(words)


def test_after_its_legal_end_no_listed_measure_is_called_in_force():
    for row in catalog.list_table("control_status").to_dict("records"):
        end = row["legal_until"]
        if pd.notna(end):
            assert DOSSIER.state_on(row, end + pd.Timedelta(days=1)).startswith("lapsed on")
            assert not DOSSIER.state_on(row, end).startswith("lapsed on")


def test_every_promise_names_events_and_measures_that_are_listed():
    promises = catalog.list_table("promises")
    named = promises["outcome_ids"].str.split(";").explode()
    named = named[named != ""]
    assert set(named) <= set(EVENTS.index)
    assert set(promises["measure"]) - {""} <= set(catalog.list_table("control_status")["measure"])
    promised = EVENTS["date"].reindex(promises["event_id"].loc[named.index]).to_numpy()
    assert (EVENTS["date"].reindex(named).to_numpy() >= promised).all()
    written = promises[promises["outcome"] != ""]
    assert (written["url"] != "").all()
    assert written["outcome_date"].notna().all()


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
