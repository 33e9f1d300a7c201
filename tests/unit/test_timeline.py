"""Events, windows, neighbours, and the events that cannot be used, on the bundled events."""

import shutil

import pandas as pd
import pytest

from helpers import paths, timeline
from helpers.observations import NotADay

MONTHS = pd.date_range("2013-01-01", "2026-07-01", freq="MS").drop(pd.Timestamp("2020-12-01"))
POLICY = ["export_control", "counter_measure", "control_easing"]


class TestEvents:
    def test_all_in_order_of_date(self):
        table = timeline.events()
        assert table.index.name == "event_id"
        assert table["date"].is_monotonic_increasing
        assert table["date"].dt.tz is None

    def test_selections_combine(self):
        table = timeline.events(
            categories="export_control", actors=["NL", "JP"], start="2023-01-01", end="2023-12-31"
        )
        assert set(table["category"]) == {"export_control"}
        assert table["date"].dt.year.eq(2023).all()
        assert table["actors"].str.contains("NL|JP").all()
        assert 0 < len(table) < len(timeline.events(categories="export_control"))

    def test_an_actor_is_a_whole_name(self):
        with pytest.raises(timeline.UnknownEvent, match="No event has actor 'U'"):
            timeline.events(actors="U")

    def test_as_of_drops_later_events(self):
        assert timeline.events(as_of="2018-12-31")["date"].max() <= pd.Timestamp("2018-12-31")
        assert len(timeline.events(as_of="")) == len(timeline.events())

    def test_as_of_waits_for_the_day_an_event_was_public(self):
        # The letters of 23 May 2025 became public on 28 May.
        assert "ec-eda-letters-2025-05" not in timeline.events(as_of="2025-05-27").index
        assert "ec-eda-letters-2025-05" in timeline.events(as_of="2025-05-28").index

    @pytest.mark.parametrize(
        ("selection", "near"),
        [
            ({"categories": "dialog"}, "dialogue"),
            ({"direction": "easy"}, "easing"),
            ({"ids": ["summit-busan-2026"]}, "summit-busan-2025"),
        ],
    )
    def test_unknown_values_name_near_ones(self, selection, near):
        with pytest.raises(timeline.UnknownEvent, match=near):
            timeline.events(**selection)

    def test_an_unknown_set_names_those_that_exist(self):
        with pytest.raises(timeline.UnknownEvent, match="easing_major"):
            timeline.event_set("easing")

    def test_a_set_by_category(self):
        assert set(timeline.event_set("dialogues")["category"]) == {"dialogue"}


class TestMeetings:
    def test_those_that_the_claims_name_and_no_later_ones(self):
        meetings = timeline.meetings()
        assert sorted(meetings.index) == sorted(timeline.catalog.claims()["sets"]["meetings"])
        early = timeline.meetings(as_of="2022-12-31")
        assert list(early.index) == list(meetings.index[meetings["date"] <= "2022-12-31"]) and len(early)

    def test_the_agenda_agrees_with_the_claims(self):
        meetings = timeline.meetings()
        with_agenda = meetings.index[meetings["ai_on_agenda"] == "yes"]
        assert list(with_agenda) == list(timeline.event_set("meetings_ai").index)

    def test_artificial_intelligence_since_november_2023(self):
        agenda = timeline.meetings()["ai_on_agenda"].eq("yes")
        since = timeline.meetings()["date"] >= pd.Timestamp("2023-11-01")
        assert agenda.equals(since)


class TestLabels:
    def test_places_and_dates(self):
        names = timeline.labels(timeline.events())
        assert names["summit-busan-2025"] == "Busan, 30 Oct 2025"
        assert names["summit-buenos-aires-2018"] == "Buenos Aires, 1 Dec 2018"
        assert names["dialogue-geneva-ai-2024"] == "Geneva AI talks, 14 May 2024"
        assert names["summit-beijing-2026"] == "Beijing, 13 May 2026"
        assert names["ec-oct7-2022"] == "7 October rules, 7 Oct 2022"
        assert names["summit-mar-a-lago-2017"] == "Mar-a-Lago, 6 Apr 2017"

    def test_unique_and_without_ids(self):
        names = timeline.labels(timeline.events())
        assert names.is_unique
        assert not any(event_id in name for event_id, name in names.items())

    def test_equal_names_become_whole_titles(self):
        busan = timeline.events(ids="summit-busan-2025")
        twice = pd.concat([busan, busan.rename(index={"summit-busan-2025": "summit-busan-2025b"})])
        assert timeline.labels(twice).str.contains("Trump-Xi in Busan").all()

    def test_no_events_no_labels(self):
        assert timeline.labels(timeline.events(end="1990-01-01")).empty


def test_every_event_is_in_one_lane():
    table = timeline.events()
    lanes = timeline.lanes(table)
    assert sorted(event for lane in lanes.values() for event in lane.index) == sorted(table.index)
    by_rule = table.index[table["leader_meeting"] == "yes"]
    assert set(lanes["Leader meetings"].index) == {*timeline.meetings().index, *by_rule}
    assert list(timeline.lanes(timeline.event_set("dialogues"))) == ["AI summits and talks"]


class TestNeighbours:
    def test_close_by_is_signed_and_never_itself(self):
        pairs = timeline.close_by(timeline.meetings(), timeline.events(), 8)
        osaka = pairs[pairs["event"] == "summit-osaka-2019"]
        assert osaka["days"].tolist() == [-8]
        assert (pairs["event"] != pairs["other"]).all()
        assert pairs["days"].abs().max() <= 8
        assert timeline.close_by(timeline.meetings(), timeline.meetings(), 30).empty

    def test_nearest_is_never_itself(self):
        table = timeline.nearest(timeline.meetings(), timeline.events())
        assert (table["label"] != table["nearest"]).all()
        assert table.loc["summit-osaka-2019", "days"] == 8
        assert table.loc["summit-osaka-2019", "nearest_date"] == pd.Timestamp("2019-06-21")
        assert table.loc["summit-lima-2024", "nearest_category"] == "export_control"

    def test_one_event_alone_has_no_neighbour(self):
        alone = timeline.nearest(timeline.events(ids="summit-bali-2022"))
        assert alone[["days", "nearest", "nearest_date"]].isna().all(axis=None)

    def test_nothing_to_look_among(self):
        meetings = timeline.meetings()
        lonely = timeline.nearest(meetings, meetings.iloc[:0])
        assert lonely["days"].isna().all()
        assert (lonely["nearest_date"] - meetings["date"]).isna().all()


class TestCounts:
    def test_known_meetings(self):
        counted = timeline.counts_around(timeline.events(POLICY), timeline.meetings(), 60, 60)
        assert counted.loc["summit-lima-2024", ["tightening_before", "tightening_after"]].tolist() == [1, 6]
        assert counted.loc["summit-busan-2025", ["tightening_before", "tightening_after"]].tolist() == [8, 1]
        assert counted.loc["summit-bali-2022", ["easing_before", "easing_after"]].tolist() == [0, 0]

    def test_days_of_the_meeting_are_apart(self):
        beijing = timeline.counts_around(timeline.events(POLICY), timeline.meetings(), 60, 60).loc[
            "summit-beijing-2026"
        ]
        # The easing of 14 May 2026 fell on the second of three days.
        assert beijing[["easing_before", "easing_during", "easing_after"]].tolist() == [0, 1, 1]

    def test_a_meeting_with_a_direction_is_not_counted(self):
        meetings = timeline.meetings()
        counted = timeline.counts_around(meetings, meetings, 400, 400)
        assert (counted.filter(regex="tightening|easing") == 0).all(axis=None)

    def test_the_end_of_the_list_is_shown(self):
        counted = timeline.counts_around(timeline.events(POLICY), timeline.meetings(), 60, 60)
        assert counted.loc["summit-osaka-2019", "days_after_covered"] == 60
        assert counted.loc["summit-washington-2026", "days_after_covered"] < 60

    def test_as_of_ends_the_list(self):
        held = timeline.meetings(as_of="2019-07-09")
        counted = timeline.counts_around(timeline.events(POLICY), held, 60, 60, as_of="2019-07-09")
        assert counted.loc["summit-osaka-2019", "days_after_covered"] == 10
        assert timeline.reach("2019-07-09") == pd.Timestamp("2019-07-09")
        assert timeline.reach() < pd.Timestamp("2026-11-01")

    def test_a_late_event_does_not_make_the_days_before_it_calm(self, tmp_path, monkeypatch):
        reach, meetings = timeline.reach(), timeline.meetings()
        before = timeline.counts_around(timeline.events(POLICY), meetings, 60, 60)
        for name in ("events.csv", "sources.csv", "claims.yml"):
            shutil.copy(paths.data_dir() / name, tmp_path)
        table = pd.read_csv(tmp_path / "events.csv", dtype=str, keep_default_na=False)
        late = table.iloc[-1:].assign(event_id="late", date="2027-03-01", verified="yes", public_from="")
        pd.concat([table, late]).to_csv(tmp_path / "events.csv", index=False)
        monkeypatch.setenv("SUMMITS_DATA", str(tmp_path))
        assert "late" in timeline.events().index and timeline.reach() == reach
        after = timeline.counts_around(timeline.events(POLICY), meetings, 60, 60)
        pd.testing.assert_frame_equal(after, before)

    def test_a_list_without_a_stated_day_is_refused(self, tmp_path, monkeypatch):
        pd.read_csv(paths.data_dir() / "sources.csv").query("source_id != 'event_list'").to_csv(
            tmp_path / "sources.csv", index=False
        )
        monkeypatch.setenv("SUMMITS_DATA", str(tmp_path))
        with pytest.raises(NotADay, match=r"no event_list in sources.csv"):
            timeline.reach()

    def test_a_window_of_a_year_expects_what_the_year_holds(self):
        policy, osaka = timeline.events(POLICY), timeline.events(ids="summit-osaka-2019")
        in_2019 = policy[(policy["date"].dt.year == 2019) & (policy["direction"] == "tightening")]
        expected = timeline.counts_expected(policy, osaka, 179, 185)
        one_day = len(in_2019) / 365
        both = expected.loc["summit-osaka-2019", ["tightening_before", "tightening_after"]]
        assert both.sum() == pytest.approx(len(in_2019) - one_day)

    def test_nothing_is_expected_beyond_the_list(self):
        washington = timeline.events(ids="summit-washington-2026")
        expected = timeline.counts_expected(timeline.events(POLICY), washington, 60, 60)
        longer = timeline.counts_expected(timeline.events(POLICY), washington, 60, 600)
        assert expected["tightening_after"].equals(longer["tightening_after"])


def test_clusters_chain_neighbours():
    table = timeline.events(start="2025-10-01", end="2025-12-31")
    number = timeline.clusters(table, 5)
    apart = table["date"].diff().dt.days
    assert number.iloc[0] == 0
    assert (number.diff().iloc[1:] == (apart > 5).astype(int).iloc[1:]).all()
    assert timeline.clusters(table, 400).eq(0).all()


def sessions(day, before, after):
    """Trading days of New York around a day."""
    days = timeline._closes("XNYS").index
    zero = days.searchsorted(pd.Timestamp(day))
    return days[zero - before : zero + after + 1]


def test_an_event_known_at_the_very_close_is_for_the_next_session():
    # Noon at five hours east of Greenwich is the close of Shanghai, 15 o'clock; noon further east is earlier.
    event = timeline.events(ids="summit-osaka-2019").assign(
        date=pd.Timestamp("2019-07-02"), public_from=pd.NaT, us_session="unknown", announced_zone="Etc/GMT-5"
    )
    assert timeline._closes("XSHG")["2019-07-02"] == timeline._moment(next(event.itertuples()))
    assert timeline.reaction_days(event, "XSHG").tolist() == [pd.Timestamp("2019-07-03")]
    earlier = event.assign(announced_zone="Etc/GMT-6")
    assert timeline.reaction_days(earlier, "XSHG").tolist() == [pd.Timestamp("2019-07-02")]


class TestUnusable:
    def reasons(self, ids, index=MONTHS, before=3, after=3, guard=0, **options):
        table = timeline.unusable(timeline.events(ids=ids), index, before, after, guard, **options)
        return table["reason"].get(ids, "")

    def test_a_full_window_is_usable(self):
        assert self.reasons("summit-osaka-2019", guard=5) == ""

    def test_window_past_the_data(self):
        assert "ends in 2026-08, the data in 2026-07" in self.reasons("summit-beijing-2026")

    def test_window_before_the_data(self):
        late = pd.date_range("2017-03-01", "2019-12-01", freq="MS")
        assert "starts in 2017-01, the data in 2017-03" in self.reasons("summit-mar-a-lago-2017", late)

    def test_gap_inside_the_window(self):
        assert self.reasons("ec-smic-2020") == "missing inside the window: 2020-12"

    def test_another_event_within_the_guard(self):
        assert "8 days from Supercomputers listed" in self.reasons("summit-osaka-2019", guard=8)
        assert "on the same day as Seoul talks" in self.reasons("summit-beijing-2026", after=1)

    def test_the_same_category_does_not_disturb(self):
        assert self.reasons("ec-foundry-dd-2025", guard=1) == ""

    def test_unverified_and_scheduled(self):
        reason = self.reasons("g20-miami-2026")
        assert "no page that was read confirms it" in reason
        assert "only scheduled" in reason

    def test_not_a_trading_day(self):
        days = sessions("2019-07-01", 300, 300)
        assert "29 Jun 2019 is not a trading day" in self.reasons("summit-osaka-2019", days)
        assert self.reasons("summit-osaka-2019", days, which="first_us_trading_day") == ""

    def test_trading_days_too_few(self):
        days = sessions("2019-07-01", 2, 5)
        reason = self.reasons("summit-osaka-2019", days, 3, 6, which="first_us_trading_day")
        assert "only 2 of 3 trading days before it" in reason
        assert "only 5 of 6 trading days after it" in reason

    def test_trading_day_outside_the_data(self):
        days = sessions("2020-07-01", 5, 5)
        assert "lies outside the data" in self.reasons("summit-osaka-2019", days)

    def test_time_zones_are_refused(self):
        with pytest.raises(ValueError, match="time zone"):
            self.reasons("summit-osaka-2019", MONTHS.tz_localize("UTC"))
