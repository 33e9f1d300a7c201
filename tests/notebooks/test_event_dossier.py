"""Notebook 14: its headlines over all events, and the runs that `runs_from` makes of rows of events.csv."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from cells import Cells
from matplotlib import pyplot as plt
from notebook_functions import functions_of

from helpers import catalog, facts, figures, paths, records, tables, timeline
from summits import plan

DOSSIER = functions_of("14_event_dossier")
EVENTS = timeline.events()
VERBS = {"rose", "fell", "gained", "lost", "were", "followed", "surround", "surrounds", "spent", "ends"}
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
    for ends in ("before", "with", "soon after"):
        yield DOSSIER.calendar_headline(2, names, ends), "2"
        yield DOSSIER.calendar_headline(0, names, ends), ""
    for before, after, drawn in ((100, 133, "33%"), (100, 86, "14%"), (130, np.nan, "$130bn")):
        yield DOSSIER.money_headline(before, after, names), drawn
    yield DOSSIER.money_headline(130, np.nan, names, "Q2 2026"), "$130bn"


@pytest.mark.parametrize("event", EVENTS.index)
def test_a_headline_has_a_verb_one_number_that_is_drawn_and_at_most_twelve_words(event):
    names = DOSSIER.names_of(EVENTS.loc[event])
    for headline, drawn in headlines(names):
        assert len(headline.split()) <= 12, headline
        assert VERBS & set(re.findall(r"[a-z]+", headline)), headline
        bare = headline
        for name in names:
            bare = bare.replace(name, "")
        bare = facts.NAMES.sub("", bare)
        assert "".join(re.findall(r"\$?\d[\d.,]*(?:%|bn)?|^No\b", bare)) == drawn, headline


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


def test_every_other_window_either_touches_that_of_the_event_or_does_not():
    months = pd.date_range("2015-01-01", periods=80, freq="MS")
    sums, base = pd.Series(np.arange(1.0, 81), months), months[40]
    near, apart = (DOSSIER.other_windows(sums, 3, base, touching=touching) for touching in (True, False))
    whole = (100 * (sums.shift(-3) / sums - 1)).dropna()
    assert len(near) == 6 and len(near) + len(apart) + 1 == len(whole)
    assert {*near, *apart, whole[base]} == {*whole}


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


NOTEBOOK = Cells("14_event_dossier")
FUNCTIONS = ["grammar", "more-headlines", "under-way", "promised-functions", "promised-words"]
TABLES = ["promised", "chance", "chance-words", "happened", "calendar", "episode", "neighbours"]
TABLES += ["money-functions", "money", "money-figure"]


def told_of(event, monkeypatch, reach="", file=""):
    """Names, records, tables by caption and drawn figures by name of an event that no data reach."""
    said, shown, drawn = {}, {}, {}
    monkeypatch.setattr(records, "record", lambda name, value, **about: said.update({name: (value, about)}))
    monkeypatch.setattr(tables, "show", lambda table, caption="": shown.update({caption: table}))

    def publish(fig, **about):
        drawn[about["name"]] = about["alt"]
        plt.close(fig)

    monkeypatch.setattr(figures, "publish", publish)
    monkeypatch.setattr(figures, "apply_style", lambda: None)
    if reach:
        monkeypatch.setattr(timeline, "reach", lambda as_of=None: pd.Timestamp(reach))
    names = {"event": event, "as_of": "", "events_file": file}
    names["prose"] = SimpleNamespace(text=lambda template: None)
    NOTEBOOK.run(names, "setup", *FUNCTIONS)
    columns = ["kind", "subject", "change", "before", "chance", "unusual", "until", "touching", "further"]
    rows = pd.DataFrame(columns=columns).astype({"further": float})
    names |= {"moves": rows, "counted": rows, "trade_moves": rows, "names": names["names_of"](names["facts"])}
    names["NOT_MEASURED"] = "no data reach this event"
    NOTEBOOK.run(names, *TABLES)
    return names, said, shown, drawn


@pytest.fixture
def own_call(tmp_path):
    """A file with one own meeting."""
    path = tmp_path / "mine.csv"
    path.write_text("date,label,kind\n2025-06-05,A call,meeting\n", encoding="utf-8")
    yield str(path)
    timeline.use_own()


def without_promise_and_measure():
    """Events of which neither a promise nor a measure is listed, one of each category."""
    listed = {*catalog.list_table("promises")["event_id"], *catalog.list_table("control_status")["event_id"]}
    return EVENTS[~EVENTS.index.isin(listed)].groupby("category").tail(1).index


@pytest.mark.filterwarnings("error:.*is not supported as a fill value")
@pytest.mark.parametrize("event", without_promise_and_measure())
def test_the_tables_can_be_made_for_an_event_without_promises_and_measures(event, monkeypatch):
    _, said, shown, _ = told_of(event, monkeypatch)
    table = shown["Promised or ordered, what happened, what is in force"]
    assert len(table) == 1
    is_meeting = EVENTS.loc[event, "category"] == "summit_leaders"
    assert said["promises"][0] == (0 if is_meeting else 1)


@pytest.mark.filterwarnings("error:.*is not supported as a fill value")
def test_an_own_meeting_has_tables_and_is_called_a_meeting(own_call, monkeypatch):
    _, said, shown, _ = told_of("a-call", monkeypatch, file=own_call)
    facts_shown = shown["A call"].set_index("Fact")["As listed"]
    assert facts_shown["Leader meeting"] == "by the file of own events"
    assert facts_shown["What"] == "A call."
    assert said["happened"][0] == "A call."
    assert said["promises"][0] == 0


def test_what_was_not_measured_has_neither_a_count_nor_a_verdict(monkeypatch):
    _, said, shown, _ = told_of("g20-miami-2026", monkeypatch)
    counts = {name: value for name, (value, _) in said.items() if name.startswith("unusual")}
    assert len(counts) == 5 and set(counts.values()) == {None}
    assert all(said[name][1]["why"].startswith("not measured") for name in counts)
    assert "Verdicts" not in shown
    assert shown["No verdict"]["Answer"].tolist() == ["not measured: no data reach this event"]


@pytest.mark.parametrize(
    ("reach", "headline", "week", "ending"),
    [
        ("2017-09-06", "1 other event surrounds", "No other leader meeting", ""),
        ("2017-07-15", "At least 1 other event", "No other leader meeting", "ends on 15 July 2017"),
        ("2017-07-14", "At least 1 other event", "Up to 14 July 2017, no other", "ends on 14 July 2017"),
        ("2017-07-01", "At least 1 other event", "Up to 1 July 2017, no other", "ends on 1 July 2017"),
        ("2017-06-30", "At least 1 other event", "Whether another leader", "ends on 30 June 2017"),
    ],
)
def test_weeks_beyond_the_reach_of_the_list_are_unknown(reach, headline, week, ending, monkeypatch):
    _, said, _, drawn = told_of("summit-hamburg-2017", monkeypatch, reach)
    assert headline in drawn["calendar"]
    assert ("At least" in drawn["calendar"]) == bool(ending)
    text = said["episode"][0]
    assert text.startswith(week) and (ending in text if ending else "ends on" not in text)


@pytest.mark.parametrize(
    ("reach", "ends"), [("2017-03-01", "before"), ("2017-04-06", "with"), ("2017-05-01", "soon after")]
)
def test_no_weeks_are_called_empty_that_the_list_does_not_hold(reach, ends, monkeypatch):
    _, said, _, drawn = told_of("summit-mar-a-lago-2017", monkeypatch, reach)
    assert f"The list of events ends {ends} the meeting at Mar-a-Lago." in drawn["calendar"]
    assert said["events_within_60_days"][0] is None


def test_scheduled_events_are_named_and_not_counted(monkeypatch):
    names, said, _, _ = told_of("g20-miami-2026", monkeypatch)
    assert "apec-shenzhen-2026" in said["scheduled"][0] and "g20-miami-2026" not in said["scheduled"][0]
    assert "apec-shenzhen-2026" not in names["near"].index


def test_a_quarter_that_is_not_the_one_before_is_named_and_the_key_names_what_is_drawn(monkeypatch):
    names, _, shown, drawn = told_of("g20-miami-2026", monkeypatch)
    quarter = names["period"](names["before"].index[-1], "Q")
    assert f"in {quarter}, before" in drawn["money"] and "black" not in drawn["money"]
    table = shown["Before and after; a dash where the data do not reach"]
    assert quarter in table["Last before, of"].tolist()
    *_, drawn = told_of("summit-beijing-2026", monkeypatch)
    assert "in the quarter before" in drawn["money"] and "black: the event’s own quarter" in drawn["money"]
