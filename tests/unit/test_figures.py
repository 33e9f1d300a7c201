"""Figures: refusals, layout without overlap, numbers and bytes. All series here are simulated."""

import io
import itertools
import re
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import numpy as np
import pandas as pd
import pytest
from PIL import Image

matplotlib.use("agg")

import matplotlib.pyplot as plt
from matplotlib.colors import to_hex
from matplotlib.font_manager import FontProperties, findfont

from helpers import figures
from helpers.catalog import Series
from helpers.figures import event_marks as event_charts
from helpers.figures import lines, placing, publishing, style
from helpers.observations import SeriesData

MONTHS = pd.date_range("2019-01-01", periods=60, freq="MS", name="period")
SIMULATED = pd.Series(np.sin(np.arange(60) / 5) + 3, index=MONTHS)
UNIT = "USD million a month, nominal"


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def series_data(publisher="US Census Bureau", vintage="2026-08-04", as_of=None):
    info = Series(**({field.name: "" for field in fields(Series)} | {"publisher": publisher}))
    vintages = pd.Series(pd.Timestamp(vintage), index=MONTHS)
    return SeriesData(info=info, values=SIMULATED, vintages=vintages, as_of=as_of, sources=["s"])


def event_rows(dates, category="export_control", direction="tightening"):
    ids = [f"ec-simulated{number}-2022" for number in range(len(dates))]
    rows = {"date": pd.to_datetime(dates), "end_date": pd.NaT, "category": category, "direction": direction}
    return pd.DataFrame(
        rows | {"title": [f"Rule {one}" for one in ids], "label": [f"Rule {n}" for n in range(len(ids))]},
        index=pd.Index(ids, name="event_id"),
    )


@pytest.fixture
def shown(monkeypatch):
    outputs = []

    def keep(bundle, raw, metadata):
        outputs.append(SimpleNamespace(bundle=bundle, metadata=metadata))

    monkeypatch.setattr(publishing, "display", keep)
    return outputs


def tidy(values=SIMULATED):
    return values.rename("value").reset_index()


def line(values=SIMULATED, **more):
    return figures.line_panel({"Chips": values}, title="Exports went up and down", unit=UNIT, **more)


def publish(fig, **more):
    figures.publish(
        fig, **({"name": "chips", "alt": "A wave.", "data": tidy(), "series": [series_data()]} | more)
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"alt": " "}, "no alt text"),
        ({"name": "Chips 1"}, "lower-case words"),
        ({"data": tidy().iloc[:0]}, "no data"),
        ({"series": []}, "no source"),
    ],
)
def test_publish_refuses_what_is_incomplete(change, said, shown):
    with pytest.raises(figures.IncompleteFigure, match=said):
        publish(line(), **change)
    assert not shown


def test_publish_refuses_a_figure_without_title_or_unit(shown):
    fig = line()
    fig.suptitle("")
    with pytest.raises(figures.IncompleteFigure, match="no title"):
        publish(fig)
    fig = line()
    fig.supylabel("")
    with pytest.raises(figures.IncompleteFigure, match="y axis has no label"):
        publish(fig)


def test_one_output_holds_picture_text_and_numbers(shown):
    publish(line())
    (output,) = shown
    assert set(output.bundle) == {"image/png", "text/plain", figures.FIGURE_MIME}
    assert output.metadata == {"image/png": {"alt": "A wave.", "width": 902}}
    content = output.bundle[figures.FIGURE_MIME]
    assert content["csv"].splitlines()[:2] == ["period,value", "2019-01-01,3"]
    assert content["rows"] == 60
    (facts,) = content["series"]
    assert (facts["publisher"], facts["known_as_of"]) == ("US Census Bureau", "2026-08-04")
    assert ">Exports went up and down</text>" in content["svg"]
    assert content["unit"] == UNIT
    assert content["title"] in output.bundle["text/plain"]
    assert content["drawn"] in output.bundle["text/plain"]
    assert not plt.get_fignums()


LETTERS = re.compile(r"font-size: ([\d.]+)px")
TELEPHONE = 358 / 302.4  # pixels of a telephone's page for a point of a narrow drawing


def test_a_telephone_gets_a_narrow_drawing_that_can_be_read(shown):
    publish(line(events=event_rows(["2020-03-01", "2020-04-01"])))
    narrow = shown[0].bundle[figures.FIGURE_MIME]["narrow"]
    assert 'width="302.4pt"' in narrow and ">Exports went up and down</text>" in narrow
    assert min(map(float, LETTERS.findall(narrow))) * TELEPHONE >= 9


def test_on_a_telephone_panels_stand_below_each_other_and_many_rows_have_room(shown):
    names = [f"A row with a name of some length, number {row}" for row in range(12)]
    table = pd.DataFrame({"label": names, "value": 1.0, "low": 0.5, "high": 1.5})
    publish(
        figures.coefficient_plot(table, title="Rows", unit="Percent of something long enough to be broken")
    )
    panels = dict.fromkeys(("One", "Two", "Three", "Four"), SIMULATED)
    publish(figures.small_multiples(panels, title="Panels", unit=UNIT, columns=2))
    publish(figures.small_multiples(panels | {"Five": SIMULATED}, title="Panels", unit=UNIT))
    rows, four, five = (output.bundle[figures.FIGURE_MIME] for output in shown)
    heights = [float(re.search(r'height="([\d.]+)pt', svg)[1]) for svg in (rows["svg"], rows["narrow"])]
    assert heights[1] > heights[0]
    tops = [re.search(rf'y="([\d.]+)"[^>]*>{name}</text>', four["narrow"])[1] for name in panels]
    assert sorted(tops, key=float) == tops and len(set(tops)) == 4
    assert five["narrow"] == ""


def test_two_runs_give_the_same_bytes(shown):
    for _ in range(2):
        publish(line(events=event_rows(["2020-03-01", "2020-04-01"])))
    assert shown[0].bundle == shown[1].bundle


def test_a_drawn_mark_cannot_change_unseen(shown):
    moved = SIMULATED.copy()
    moved.iloc[30] += 0.01
    publish(line())
    publish(line(moved))
    first, second = (output.bundle[figures.FIGURE_MIME] for output in shown)
    assert first["csv"] == second["csv"]
    assert first["drawn"] != second["drawn"]


def test_noise_of_the_linear_algebra_does_not_show(shown):
    noisy = SIMULATED * (1 + 1e-13)
    publish(line())
    publish(line(noisy), data=tidy(noisy))
    assert shown[0].bundle["text/plain"] == shown[1].bundle["text/plain"]


def test_numbers_have_six_digits_and_no_negative_zero():
    table = pd.DataFrame({"effect": [1234567.0, -2e-17, np.nan, -0.1234567], "n": [1, 2, 3, 1234567]})
    assert publishing.csv_text(table).splitlines() == [
        "effect,n",
        "1.23457e+06,1",
        "0,2",
        ",3",
        "-0.123457,1234567",
    ]


def test_source_line_names_publishers_once_and_the_latest_vintage():
    both = [series_data(), series_data("Korea Customs Service", "2026-09-03"), series_data()]
    expected = "Source: US Census Bureau; Korea Customs Service; values as known on 2026-09-03."
    assert publishing.source_line(both) == expected
    then = [series_data(as_of=pd.Timestamp("2021-06-30"))]
    assert publishing.source_line(then, "the event table.").endswith(
        "the event table; values as known on 2021-06-30."
    )


def test_a_missing_month_breaks_the_line():
    broken = lines.with_gaps(SIMULATED.drop(MONTHS[20]))
    assert broken.isna().sum() == 1
    assert MONTHS[19] < broken.index[broken.isna()][0] < MONTHS[21]
    assert lines.with_gaps(SIMULATED).equals(SIMULATED)


def test_weekends_and_release_dates_are_no_gaps():
    daily = pd.Series(1.0, index=pd.bdate_range("2024-01-01", periods=50))
    assert lines.with_gaps(daily).notna().all()
    released = pd.Series(
        1.0, index=pd.to_datetime(["2020-01-05", "2020-03-01", "2021-02-01", "2021-02-20", "2023-06-01"])
    )
    assert lines.with_gaps(released).notna().all()


@pytest.mark.parametrize("seed", range(5))
def test_spread_keeps_order_and_distance(seed):
    rng = np.random.default_rng(seed)
    wanted, sizes = rng.uniform(0, 100, 8), rng.uniform(5, 12, 8)
    placed = placing.spread(wanted, sizes, 0, 110)
    order = np.argsort(wanted)
    assert (np.diff(placed[order]) >= (sizes[order][1:] + sizes[order][:-1]) / 2 - 1e-9).all()
    assert placing.spread(np.array([10.0, 90.0]), np.array([5.0, 5.0]), 0, 100).tolist() == [10, 90]


@pytest.mark.parametrize("count", [3, 8, 25])
def test_event_names_never_overlap_in_the_finished_figure(count, shown):
    dates = pd.date_range("2019-03-01", periods=count, freq="50D")
    fig = line(events=event_rows(dates))
    publish(fig)
    boxes = [
        placing.extent(text) for text in fig.axes[0].texts if str(text.get_gid()).startswith(placing.FLAG)
    ]
    assert len(boxes) == count
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_an_event_without_room_keeps_its_sign_and_is_named_below(shown):
    dates = pd.date_range("2020-01-01", periods=30, freq="9D")
    meetings = event_rows(dates[:2], "summit_leaders", "neutral").set_axis(
        ["summit-bali-2022", "summit-lima-2024"]
    )
    fig = line(events=pd.concat([event_rows(dates), meetings]))
    publish(fig)
    flags = [text for text in fig.axes[0].texts if str(text.get_gid()).startswith(placing.FLAG)]
    boxes = [placing.extent(text) for text in flags]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    alone = [text for text in flags if len(text.get_text()) == 1]
    assert 0 < len(alone) < 30 and {text.get_text() for text in alone} == {"▼"}
    (note,) = (text.get_text() for text in fig.texts if text.get_text().startswith("Without a name"))
    assert all(text.get_label() in note.replace("\n", " ") for text in alone)
    assert any(text.get_text() == "◆ leaders met   ▼ controls tightened" for text in fig.texts)


@pytest.mark.parametrize(("sign", "written"), [("◆", "Washington ◆"), ("", "Washington")])
def test_a_name_near_the_right_edge_stands_whole_on_the_other_side(sign, written, shown):
    fig, ax = figures.new_figure(title="At the edge", unit=UNIT)
    ax.set(xlim=(0, 100), xlabel="Days")
    placing.flag(ax, 99.5, "Washington", "Washington, 2026", style.INK, sign)
    publish(fig)
    (text,) = ax.texts
    assert (text.get_text(), text.get_ha()) == (written, "right")


@pytest.mark.parametrize("text", ["中芯国际", "東京エレクトロン", "삼성전자", "ไทย"])
@pytest.mark.parametrize("place", ["title", "name of a line", "unit", "tick"])
def test_signs_that_no_font_has_are_refused_in_one_line(shown, monkeypatch, text, place):
    fig = figures.line_panel(
        {text if place == "name of a line" else "Chips": SIMULATED},
        title=f"{text} −5%" if place == "title" else "Chips −5%",
        unit=text if place == "unit" else UNIT,
    )
    if place == "tick":
        fig.axes[0].set_yticks([0], [text])
    monkeypatch.setattr(style, "FONTS", style.FONTS[:2])
    signs = "".join(sorted(set(text)))
    with pytest.raises(
        figures.IncompleteFigure, match=f"signs {signs} of the text '.*{text}.*': install"
    ) as said:
        publish(fig)
    assert "\n" not in str(said.value)


@pytest.mark.parametrize("text", ["Россия", "Ελλάδα", "Łódź", "São Tomé", "Việt Nam", "−5 % · ½ ≥ → €"])
def test_signs_of_other_latin_greek_and_cyrillic_scripts_are_drawn(shown, monkeypatch, text):
    monkeypatch.setattr(style, "FONTS", style.FONTS[:2])
    publish(figures.line_panel({text: SIMULATED}, title=text, unit=UNIT))


def test_names_at_line_ends_never_overlap(shown):
    near = {f"Country {number}": SIMULATED + number / 50 for number in range(6)}
    fig = figures.line_panel(near, title="Six lines end together", unit=UNIT)
    publish(fig)
    boxes = [placing.extent(text) for text in fig.axes[0].texts if text.get_gid() == placing.LINE_END]
    assert len(boxes) == 6
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_title_unit_and_event_names_of_a_panel_stand_apart(shown):
    fig, axes = figures.new_figure(rows=1, columns=2)
    fig.suptitle("Two panels")
    for ax in axes:
        line(ax=ax, events=event_rows(["2020-03-01", "2020-04-01", "2022-01-01"]))
    publish(fig)
    fig.draw_without_rendering()
    for ax in axes:
        flags = [placing.extent(text) for text in ax.texts if str(text.get_gid()).startswith(placing.FLAG)]
        boxes = [*flags, ax.yaxis.label.get_window_extent(), ax._left_title.get_window_extent()]
        assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_too_many_lines_and_empty_series_are_refused():
    with pytest.raises(ValueError, match="too many to tell apart"):
        figures.line_panel({f"Line {n}": SIMULATED for n in range(8)}, title="Too many", unit=UNIT)
    with pytest.raises(ValueError, match="Nothing to draw for Empty"):
        figures.line_panel({"Empty": SIMULATED.iloc[:0]}, title="None", unit=UNIT)


def test_colours_of_a_figure_differ_in_grayscale():
    def lightness(colour):
        luminance = float(
            np.dot(
                [((c + 0.055) / 1.055) ** 2.4 for c in matplotlib.colors.to_rgb(colour)],
                [0.2126, 0.7152, 0.0722],
            )
        )
        return 116 * luminance ** (1 / 3) - 16

    meaning = [lightness(colour) for colour in style.COLOURS.values()]
    us, china, tightening, easing = meaning[:4]
    assert abs(us - china) > 20
    assert abs(tightening - easing) > 20
    looks = style.line_looks(["Korea", "China", "Japan", "United States"])
    assert len(set(looks.values())) == 4


@pytest.mark.parametrize("colour", [colour for colour, _ in style.LINES])
def test_text_has_contrast(colour):
    rgb = np.array(matplotlib.colors.to_rgb(style.text_colour(colour)))
    luminance = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ (
        0.2126,
        0.7152,
        0.0722,
    )
    assert 1.05 / (luminance + 0.05) >= 4.5


def test_marks_on_one_day_are_stacked():
    assert event_charts.stack(np.array([0.0, 0, 0, 10]), 1.0).tolist() == [0, 1, -1, 0]


def test_every_kind_of_figure_is_published(shown):
    table = pd.DataFrame({"label": ["a", "b"], "value": [0.1, -0.2], "low": [0.0, -0.5], "high": [0.2, 0.1]})
    counts = pd.DataFrame({"before": [1, 2], "after": [2, 0]}, index=["Lima", "Busan"])
    made = {
        "coefficients": figures.coefficient_plot(table, title="Small", unit="Log points", margin=0.05),
        "bars": figures.bars(counts, title="Few", unit="Events"),
        "events": figures.event_plot(
            event_rows(["2022-10-07", "2023-10-17"]).assign(
                label=["a", "b"], value=[-5.0, 3], other=[1.0, None]
            ),
            title="Inside",
            unit="Percent",
            key="Gray: usual.",
            band=(-9, 9),
        ),  # fmt: skip
        "heatmap": figures.heatmap(counts, title="Near", unit="Events within 30 days"),
        "multiples": figures.small_multiples(
            {"a": SIMULATED, "b": SIMULATED + 1}, title="Two", unit=UNIT, columns=2
        ),
    }
    for name, fig in made.items():
        publish(fig, name=name)
    assert [output.bundle[figures.FIGURE_MIME]["name"] for output in shown] == list(made)


def test_what_is_drawn_across_a_panel_is_listed(shown):
    rules = event_rows(["2020-03-15", "2021-05-01", "2031-01-01"])
    rules.loc[rules.index[1], "end_date"] = pd.Timestamp("2021-08-01")
    fig = line(events=rules)
    fig.axes[0].axhspan(2.5, 3.5, label="_usual range")
    fig.axes[0].axhline(0)
    publish(fig)
    across = shown[0].bundle[figures.FIGURE_MIME]["across"]
    assert [row["name"].partition(",")[0] for row in across].count("usual range") == 1
    assert {"name": "usual range", "axis": "y", "from": "2.5", "to": "3.5"} in across
    assert {(row["from"], row["to"]) for row in across if row["axis"] == "x"} == {
        ("2020-03-15", "2020-03-15"), ("2021-05-01", "2021-05-01"), ("2021-05-01", "2021-08-01")
    }  # fmt: skip


def test_events_of_many_panels_are_listed_once(shown):
    rules = event_rows(["2020-03-15"])
    fig = figures.small_multiples({"a": SIMULATED, "b": SIMULATED}, title="Two", unit=UNIT, events=rules)
    publish(fig)
    assert len(shown[0].bundle[figures.FIGURE_MIME]["across"]) == 1


def test_margins_and_bands_of_estimates_are_listed(shown):
    table = pd.DataFrame({"label": ["a"], "value": [1.0], "low": [0.5], "high": [1.5]})
    publish(figures.coefficient_plot(table, title="One", unit="Percent", margin=0.25))
    listed = {"name": "margin set beforehand", "axis": "x", "from": "-0.25", "to": "0.25"}
    assert shown[0].bundle[figures.FIGURE_MIME]["across"] == [listed]


def test_a_value_worked_out_here_says_from_what_where_it_has_no_address(shown, monkeypatch):
    table = pd.DataFrame({"url": [np.nan], "title": ["Sum of two"], "read_from": ["a, b"]}, index=["s"])
    monkeypatch.setattr(publishing.catalog, "sources", lambda ids: table)
    publish(line())
    assert shown[0].bundle[figures.FIGURE_MIME]["series"][0]["address"] == "Sum of two: a, b"


def test_a_missing_cell_of_a_heatmap_is_left_blank():
    matrix = pd.DataFrame({"a": [-3.0, np.nan], "b": [0.0, 2]}, index=["Lima", "Busan"])
    fig = figures.heatmap(matrix, title="Two", unit="Percent")
    written = {(text.get_position(), text.get_text()) for text in fig.axes[0].texts if text.get_text()}
    assert written == {((0.5, 0.5), "\N{MINUS SIGN}3"), ((1.5, 0.5), "0"), ((1.5, 1.5), "2")}
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == ["Lima", "Busan"]


def test_a_heatmap_tells_a_fall_from_an_equal_rise():
    fig = figures.heatmap(pd.DataFrame({"a": [-3.0, 3.0]}), title="Two", unit="Percent")
    picture = fig.axes[0].collections[0]
    fall, rise = picture.get_array().ravel()
    assert picture.norm(fall) + picture.norm(rise) == 1
    assert picture.cmap(picture.norm(fall))[0] > 0.4 > picture.cmap(picture.norm(rise))[0]


@pytest.mark.parametrize(("scale", "written"), [(1.0, ["1", "2", "5"]), (1e24, ["10²⁴", "2×10²⁴", "5×10²⁴"])])
def test_a_log_axis_within_a_decade_has_numbers(scale, written):
    values = pd.Series(np.linspace(1.1, 5.7, 24) * scale, index=SIMULATED.index[:24])
    fig = figures.line_panel({"a": values}, title="One", unit=UNIT, scale="log")
    fig.canvas.draw()
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == written


def test_events_without_any_value_are_refused():
    table = event_rows(["2022-10-07"]).assign(label="a", value=float("nan"))
    with pytest.raises(ValueError, match="No event has a value"):
        figures.event_plot(table, title="Empty", unit="Percent", key="")


def test_an_event_is_drawn_at_its_value_and_second_reading():
    table = event_rows(["2022-10-07"]).assign(label="a", value=-5.0, other=2.0)
    fig = figures.event_plot(table, title="One", unit="Percent", key="", band=(-9, 9))
    hollow, *_ = fig.axes[0].lines
    assert hollow.get_marker() == "o" and hollow.get_xdata().tolist() == [2.0]
    (mark,) = (group for group in fig.axes[0].collections if len(group.get_offsets()) == 1)
    assert mark.get_offsets().tolist() == [[-5.0, 0.0]]
    assert style.event_look("tightening")[:2] == (style.COLOURS["tightening"], "v")


def test_a_background_line_is_gray_in_every_panel():
    panels = {"a": {"Adjusted": SIMULATED, "Raw": SIMULATED + 1}}
    fig = figures.small_multiples(panels, title="One", unit=UNIT, columns=1, background=["Raw"])
    colours = [line.get_color() for line in fig.axes[0].lines if len(line.get_xdata()) > 2]
    assert style.FAINT in colours and len(set(colours)) > 1


def test_an_estimate_outside_its_interval_is_refused():
    table = pd.DataFrame({"label": ["a"], "value": [1.0], "low": [2.0], "high": [3.0]})
    with pytest.raises(ValueError, match="between its low and high"):
        figures.coefficient_plot(table, title="Wrong", unit="Percent")


def test_only_the_group_of_the_headline_has_colour():
    table = pd.DataFrame({"label": ["a", "b", "c"], "value": [0.1, -0.2, 0.3], "group": ["x", "y", "z"]})
    table = table.assign(low=table["value"] - 1, high=table["value"] + 1)
    fig = figures.coefficient_plot(table, title="Few", unit="Percent", logs=True, accent="y")
    colours = [to_hex(colour) for colour in fig.axes[0].collections[0].get_colors()]
    assert colours == [style.FAINT.lower(), style.ACCENT.lower(), style.FAINT.lower()]


@pytest.mark.parametrize(("span", "ticks"), [(0.4, {"−10%", "0%", "+10%"}), (3.0, {"−50%", "0%", "+100%"})])
def test_an_axis_of_logs_has_round_percents(span, ticks):
    table = pd.DataFrame({"label": ["a", "b"], "value": [-span / 2, span / 2], "low": np.nan, "high": np.nan})
    fig = figures.coefficient_plot(table, title="Few", unit="Percent", logs=True)
    assert ticks <= {label.get_text() for label in fig.axes[0].get_xticklabels()}


def test_the_shaded_margin_has_its_limits_and_a_log_axis_its_name():
    table = pd.DataFrame({"label": ["a"], "value": [-0.5], "low": [-0.9], "high": [-0.1]})
    fig = figures.coefficient_plot(table, title="Few", unit="Percent", logs=True, margin=np.log(1.25))
    assert "the margin set beforehand (−20% to +25%)" in fig.get_supylabel()
    assert fig.axes[0].get_xlabel() == "Percent, log scale"


def test_a_first_month_has_its_year():
    months = pd.date_range("2023-05-01", periods=20, freq="MS")
    fig = figures.line_panel({"Lead": pd.Series(range(20), months)}, title="Lead", unit=UNIT)
    fig.canvas.draw()
    words = [label.get_text() for label in fig.axes[0].get_xticklabels()]
    assert words[0].endswith("\n2023") and "Jan\n2024" in words


def test_gray_lines_of_one_panel_differ():
    lines = dict.fromkeys(("Focus", "One", "Two"), SIMULATED)
    fig = figures.line_panel(lines, title="Lines", unit=UNIT, background=["One", "Two"])
    colours = [line.get_color() for line in fig.axes[0].lines if len(line.get_xdata()) > 2]
    assert len(set(colours)) == 3


@pytest.mark.parametrize("seed", range(3))
def test_the_last_bits_of_numbers_show_nowhere(seed, shown):
    """Other processors differ in them; half-way digits are the hard case."""
    rng = np.random.default_rng(seed)
    values = SIMULATED.round(3) + 0.0005
    table = pd.DataFrame({"value": [0.1234565, -2.5], "low": [-1.0, -3], "high": [1.0, 0]})
    for noise in (0.0, 1e-15):
        moved = 1 + noise * rng.uniform(-1, 1, 500)
        rows = (table * moved[:6].reshape(2, 3)).assign(label=["a", "b"])
        drawn = {
            "estimates": figures.coefficient_plot(rows, title="Few", unit="Percent"),
            "chips": line(values * moved[:60], events=event_rows(["2020-03-01", "2020-04-01"])),
        }
        for name, fig in drawn.items():
            publish(fig, name=name)
    for before, after in zip(shown[:2], shown[2:], strict=True):
        assert before.bundle[figures.FIGURE_MIME]["drawn"] == after.bundle[figures.FIGURE_MIME]["drawn"]
        assert before.bundle["image/png"] == after.bundle["image/png"]
        assert before.bundle[figures.FIGURE_MIME]["svg"] == after.bundle[figures.FIGURE_MIME]["svg"]


def test_no_value_is_cut_off_at_zero():
    """Neither in a panel of a shared axis nor of what is drawn later; positive series start at zero."""
    fig = figures.small_multiples({"a": SIMULATED, "b": SIMULATED - 4}, title="Two", unit=UNIT, columns=2)
    assert fig.axes[0].get_ylim()[0] < (SIMULATED - 4).min()
    fig = line(SIMULATED - SIMULATED.min())
    assert fig.axes[0].get_ylim()[0] == 0
    fig.axes[0].plot([MONTHS[3]], [-2.0], marker="o")
    assert fig.axes[0].get_ylim()[0] < -2


def test_bars_with_an_accent_are_gray_but_for_what_the_headline_names():
    counts = pd.DataFrame({"before": [3, 1], "after": [2, 5]}, index=["Lima", "Busan"])
    red, about = matplotlib.colors.to_rgba(style.ACCENT), {"title": "Few", "unit": "Events"}
    one = figures.bars(counts[["after"]], accent=["Busan"], **about)
    assert [bar.get_facecolor() == red for bar in one.axes[0].containers[0]] == [False, True]
    two = figures.bars(counts, accent=["after"], **about)
    colours = [{bar.get_facecolor() for bar in group} for group in two.axes[0].containers]
    assert [colour == {red} for colour in colours] == [False, True]


def test_bars_without_any_event_stand_on_the_axis():
    fig = figures.bars(pd.DataFrame({"before": [0, 0]}, index=["Lima", "Busan"]), title="None", unit="Events")
    assert fig.axes[0].get_ylim() == (0, 1)


def test_every_column_of_panels_has_its_axis_labels():
    fig, panels = style.panels(["a", "b", "c", "d"], 3, 2.0, "Four", UNIT, sharex=True)
    assert [ax.xaxis.get_tick_params()["labelbottom"] for ax in panels] == [False, True, True, True]
    assert len(fig.axes) == 4


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.89, 1.35, ["−10%", "0%", "+10%", "+20%", "+30%"]),
        (0.75, 1.75, ["−20%", "0%", "+20%", "+40%", "+60%"]),
        (0.3, 1.6, ["−50%", "−25%", "0%", "+50%"]),
        (0.2, 5.0, ["−50%", "0%", "+100%"]),
    ],
)
def test_an_axis_of_logs_in_percent_has_round_ticks(low, high, expected):
    fig, ax = figures.new_figure(title="Changes", unit="Percent")
    ax.set_xlim(np.log([low, high]))
    figures.style.percent_axis(ax.xaxis)
    fig.canvas.draw()
    inside = [tick for tick in ax.get_xticks() if np.log(low) <= tick <= np.log(high)]
    assert [figures.style.percent_of_log(tick) for tick in inside] == expected


def test_what_our_typeface_lacks_comes_from_matplotlib_and_not_from_the_machine():
    # Two files of one name differ in a few points: the pictures then had other bytes.
    for weight in (400, 700):
        file = findfont(FontProperties(family="DejaVu Sans", weight=weight))
        assert Path(file).is_relative_to(matplotlib.get_data_path())


def test_a_reduced_picture_shows_every_point_nearly_and_plain_surfaces_exactly():
    fig = figures.line_panel({"Chips": SIMULATED}, title="It rises", unit=UNIT)
    fig.axes[0].axvspan(*fig.axes[0].get_xlim(), color=style.GRID)
    fig.axes[0].imshow(np.arange(400.0).reshape(20, 20), cmap="viridis", extent=(0.4, 0.6, 0.4, 0.6))
    with Image.open(io.BytesIO(publishing._png(fig))) as opened:
        shown = np.asarray(opened.convert("RGB")).astype(int)
    drawn = np.asarray(fig.canvas.buffer_rgba())[..., :3]
    assert abs(shown - drawn).max() <= 40
    areas = pd.Series(list(map(tuple, drawn.reshape(-1, 3)))).value_counts()
    for colour in areas.index[:2]:
        assert (shown[(drawn == colour).all(axis=2)] == colour).all()
