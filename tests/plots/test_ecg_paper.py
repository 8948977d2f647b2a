import time
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.lines import Line2D
from matplotlib.text import Text

from cardiolex.errors import CardiolexError
from cardiolex.plots.ecg_paper import ecg_paper
from cardiolex.plots.gallery import gallery
from cardiolex.plots.layouts import arrange
from cardiolex.plots.paper import render, save
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.recording import Recording

FS = 500.0


def recording(leads=LEADS, seconds=10.0, r_mv=1.0, fs=FS, **facts):
    """Every lead: a single-sample R wave of `r_mv` at each whole second + 0.5 s, on 0 mV."""
    mv = np.zeros((len(leads), round(seconds * fs)), np.float32)
    mv[:, round(0.5 * fs) :: round(fs)] = r_mv
    return Recording(mv, tuple(leads), fs, id="demo", **facts)


def paper_mm(figure, gid):
    """Points of an artist in millimetres of the printed page, measured through its transform."""
    line = next(a for a in figure.axes[0].get_children() if a.get_gid() == gid)
    assert isinstance(line, Line2D)
    pixels = line.get_transform().transform(np.column_stack(line.get_data(orig=False)))
    return pixels / figure.dpi * 25.4


def gids(figure, start):
    names = [a.get_gid() for a in figure.axes[0].get_children()]
    return [name for name in names if name and name.startswith(start)]


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("dpi", [72, 100, 254])
@pytest.mark.parametrize(("speed", "gain"), [(25.0, 10.0), (50.0, 20.0), (25.0, 5.0)])
def test_one_second_and_one_millivolt_have_their_length_on_paper(dpi, speed, gain):
    figure = ecg_paper(recording(), layout="12x1", speed_mm_s=speed, gain_mm_mv=gain)
    figure.set_dpi(dpi)
    mm = paper_mm(figure, "trace-0-I")
    peaks = mm[np.argsort(mm[:, 1])[-10:]]
    peaks = peaks[np.argsort(peaks[:, 0])]
    np.testing.assert_allclose(np.diff(peaks[:, 0]), speed, atol=1e-6)
    assert np.ptp(mm[:, 1]) == pytest.approx(gain, abs=1e-5)


def test_calibration_pulse_is_one_millivolt_for_200_ms_on_the_base_line():
    figure = ecg_paper(recording())
    assert len(gids(figure, "pulse")) == 4
    pulse, trace = paper_mm(figure, "pulse-0"), paper_mm(figure, "trace-0-I")
    top = pulse[pulse[:, 1] > pulse[:, 1].min() + 1]
    assert np.ptp(pulse[:, 1]) == pytest.approx(10.0)
    assert np.ptp(top[:, 0]) == pytest.approx(5.0)
    assert pulse[0, 1] == pytest.approx(np.median(trace[:, 1]))
    assert pulse[:, 0].max() < trace[0, 0]


def test_grid_lines_are_one_and_five_millimetres_apart_and_base_lines_lie_on_bold_ones():
    figure = ecg_paper(recording())
    grids = {a.get_gid(): a for a in figure.axes[0].collections}
    for name, step in (("grid-1mm", 1.0), ("grid-5mm", 5.0)):
        segments = np.array(grids[name].get_segments())
        columns = np.unique(segments[segments[:, 0, 0] == segments[:, 1, 0], 0, 0])
        np.testing.assert_allclose(np.diff(columns), step)
    rows = np.unique(segments[segments[:, 0, 1] == segments[:, 1, 1], 0, 1])
    base = paper_mm(figure, "pulse-0")[0, 1]
    assert np.abs(rows - base).min() < 1e-6


def test_columns_follow_each_other_in_time_above_the_rhythm_strip():
    ramp = replace(recording(), mv=np.tile(np.linspace(-1, 1, 5000, dtype=np.float32), (12, 1)))
    figure = ecg_paper(ramp)
    rhythm = paper_mm(figure, "trace-3-II")
    rhythm[:, 1] -= paper_mm(figure, "pulse-3")[0, 1]
    for lead in ("I", "aVR", "V1", "V4"):
        piece = paper_mm(figure, f"trace-0-{lead}")
        piece[:, 1] -= paper_mm(figure, "pulse-0")[0, 1]
        expected = np.interp(piece[:, 0], rhythm[:, 0], rhythm[:, 1])
        np.testing.assert_allclose(piece[:, 1], expected, atol=1e-4)
        assert np.ptp(piece[:, 0]) == pytest.approx(62.5, abs=0.06)


def test_gaps_are_not_bridged():
    ecg = recording(("I",))
    ecg.mv[0, 1000:1500] = np.nan
    mm = paper_mm(ecg_paper(ecg), "trace-0-I")
    gap = np.isnan(mm[:, 1])
    assert gap.sum() == 500
    start = mm[np.flatnonzero(gap)[0] - 1, 0]
    assert mm[np.flatnonzero(gap)[-1] + 1, 0] - start == pytest.approx(25.05, abs=0.01)


def test_leads_not_recorded_keep_their_place_and_are_named():
    ecg = recording(("I", "II", "III", "V1", "V2", "V5", "V6"), derived=frozenset({"III"}))
    figure = ecg_paper(ecg)
    assert texts(figure).count("not recorded") == 5
    assert "III (derived)" in texts(figure)
    assert {"aVR", "V3"} <= set(texts(figure))
    assert not gids(figure, "trace-0-aVR")


def test_a_lead_without_a_sample_is_named_not_drawn():
    ecg = recording(("I", "II"))
    ecg.mv[1] = np.nan
    figure = ecg_paper(ecg)
    assert "no samples" in texts(figure)
    assert gids(figure, "trace") == ["trace-0-I"]


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7, 12])
@pytest.mark.parametrize("layout", ["auto", "3x4+rhythm", "6x2", "12x1", "rows"])
def test_any_number_of_leads_in_any_layout_shows_every_lead(count, layout):
    ecg = recording(LEADS[:count])
    shown = {name.split("-", 2)[2] for name in gids(ecg_paper(ecg, layout=layout), "trace")}
    assert shown == set(LEADS[:count])


def test_long_and_short_recordings_say_what_is_shown():
    long = ecg_paper(recording(seconds=41.0), start_s=20.0)
    assert any("20.0-30.0 s of 41.0 s" in text for text in texts(long))
    assert np.ptp(paper_mm(long, "trace-3-II")[:, 0]) == pytest.approx(250, abs=0.1)
    short = ecg_paper(recording(seconds=7.3))
    assert any("0.0-7.3 s of 7.3 s" in text for text in texts(short))
    assert np.ptp(paper_mm(short, "trace-0-V4")[:, 0]) == pytest.approx(7.3 / 4 * 25, abs=0.1)
    tiny = ecg_paper(recording(seconds=2.0), layout="3x4+rhythm")
    assert any("columns begin together" in text for text in texts(tiny))
    assert np.ptp(paper_mm(tiny, "trace-0-V4")[:, 0]) == pytest.approx(50, abs=0.1)


def test_large_amplitudes_halve_the_gain_and_say_so():
    ecg = recording(r_mv=4.0)
    ecg.mv[:, ::50] = 4.0  # often enough to be no rare spike
    figure = ecg_paper(ecg)
    assert np.ptp(paper_mm(figure, "pulse-0")[:, 1]) == pytest.approx(5.0)
    assert any("5 mm/mV (half gain)" in text for text in texts(figure))
    kept = ecg_paper(ecg, auto_gain=False)
    assert np.ptp(paper_mm(kept, "pulse-0")[:, 1]) == pytest.approx(10.0)
    assert any("cut beyond ±3 mV" in text for text in texts(kept))


def test_neighbouring_rows_do_not_overlap():
    ecg = recording(r_mv=2.5)
    ecg.mv[:, 100::500] = -2.5
    figure = ecg_paper(ecg)
    lowest = [
        np.nanmin(paper_mm(figure, f"trace-{row}-{lead}")[:, 1])
        for row, lead in enumerate(("I", "II", "III", "II"))
    ]
    highest = [
        np.nanmax(paper_mm(figure, f"trace-{row}-{lead}")[:, 1])
        for row, lead in enumerate(("I", "II", "III", "II"))
    ]
    assert all(low > high for low, high in zip(lowest, highest[1:], strict=False))


def test_an_electrode_offset_does_not_move_the_trace_off_its_row():
    ecg = recording()
    moved = replace(ecg, mv=ecg.mv + 40)
    np.testing.assert_allclose(
        paper_mm(ecg_paper(moved), "trace-0-I"), paper_mm(ecg_paper(ecg), "trace-0-I"), atol=1e-3
    )
    assert any("offset > 1 mV taken off" in text for text in texts(ecg_paper(moved)))


def test_text_is_printed_literally_and_unknown_units_are_said():
    ecg = replace(recording(), id="$\\frac{", unit_known=False)
    figure = ecg_paper(ecg, findings="100 $ and 5 $\nsecond line")
    render(figure, "png", dpi=50)
    assert {"$\\frac{", "100 $ and 5 $", "second line"} <= set(texts(figure))
    assert any("unit of the file unknown" in text for text in texts(figure))


def test_files_have_their_format_and_the_same_figure_gives_the_same_bytes(tmp_path):
    starts = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
    for suffix, start in starts.items():
        path = save(ecg_paper(recording()), tmp_path / f"ecg.{suffix}")
        assert path.read_bytes().startswith(start)
        assert path.read_bytes() == render(ecg_paper(recording()), suffix)
    with pytest.raises(CardiolexError, match=r"\.png, \.pdf or \.svg"):
        save(ecg_paper(recording()), tmp_path / "ecg.bmp")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ecg.pdf", "ecg.png", "ecg.svg"]


def test_a_printed_page_has_its_size_in_the_file():
    figure = ecg_paper(recording())
    width = figure.get_size_inches()[0] * 25.4
    image = render(figure, "png", dpi=254)
    assert int.from_bytes(image[16:20], "big") == round(width * 10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layout": "4x3"}, "layout '4x3' is unknown"),
        ({"theme": "neon"}, "theme 'neon' is unknown"),
        ({"start_s": 10.0}, "outside recording 'demo'"),
        ({"seconds": 0}, "positive number of seconds"),
        ({"gain_mm_mv": 0}, "gain_mm_mv"),
        ({"speed_mm_s": -1}, "speed_mm_s"),
        ({"rhythm_lead": "X"}, "no standard lead"),
    ],
)
def test_impossible_requests_are_refused(options, message):
    with pytest.raises(CardiolexError, match=message):
        ecg_paper(recording(), **{"layout": "3x4+rhythm", **options})


def test_rhythm_strip_falls_back_to_a_recorded_lead():
    rhythm = arrange("3x4+rhythm", ("I", "V1", "V2"), 10.0, "II").cells[-1]
    assert (rhythm.lead, rhythm.row, rhythm.seconds) == ("V1", 3, 10.0)


def test_a_picture_takes_a_fraction_of_a_second():
    render(ecg_paper(recording()), dpi=127)
    start = time.process_time()
    render(ecg_paper(recording()), dpi=127)
    assert time.process_time() - start < 1.5


def test_gallery_draws_each_strip_to_scale_and_names_missing_leads():
    figure = gallery([(recording(("II",)), "one lead"), (recording(), "twelve")], columns=2)
    assert {"one lead", "twelve", "not recorded"} <= set(texts(figure))
    assert gids(figure, "strip").count("strip-II") == 2
    assert np.ptp(paper_mm(figure, "strip-II")[:, 0]) == pytest.approx(100, abs=0.1)
    with pytest.raises(CardiolexError, match="at least one recording"):
        gallery([])


def test_the_header_gives_completed_years():
    figure = ecg_paper(recording(age=46.9, sex="male"))
    assert any("46 years   male" in text.get_text() for text in figure.findobj(Text))
