import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.units import millivolts_per

from .making import strip

LEAD_ORDERS = st.lists(st.sampled_from(LEADS), min_size=1, unique=True)


def channel(lead: str) -> np.ndarray:
    return LEADS.index(lead) + np.linspace(0, 0.5, 20)


@settings(deadline=None)
@given(LEAD_ORDERS)
def test_channels_in_any_order_give_the_same_recording(names):
    recording = Recording.from_channels([channel(n) for n in names], names, 500)
    assert recording.leads == tuple(lead for lead in LEADS if lead in names)
    for lead, row in zip(recording.leads, recording.mv, strict=True):
        np.testing.assert_allclose(row, channel(lead), rtol=1e-6)


@settings(deadline=None)
@given(st.sampled_from(["V", "mV", "uV", "µV", "μV", "nV", "MV", "microvolt"]), st.floats(-9, 9))
def test_units_come_back_as_millivolts(unit, mv):
    in_unit = np.full((1, 4), mv) / millivolts_per(unit)
    recording = Recording.from_channels(in_unit, ["II"], 500, unit=unit)
    np.testing.assert_allclose(recording.mv, mv, rtol=1e-6, atol=1e-12)


@settings(deadline=None)
@given(
    st.lists(st.integers(-32767, 32767), min_size=2, max_size=40),
    st.floats(0.01, 1e6),
    st.integers(-4000, 4000),
)
def test_counts_are_baseline_and_gain(counts, gain, baseline):
    """header(5): physical = (count - baseline) / gain."""
    recording = Recording.from_channels(
        [counts], ["V1"], 500, unit="uV", gain=gain, baseline=baseline
    )
    expected = (np.array(counts, float) - baseline) / gain / 1000
    np.testing.assert_allclose(recording.mv[0], expected, rtol=1e-5, atol=1e-9)


def test_other_channels_are_kept_aside_with_their_numbers():
    values = np.array([[1.0, 2], [30, 40], [5, 6]])
    recording = Recording.from_channels(values, ["ii", "Resp", "vx"], 250, unit=["uV", "Ohm", "V"])
    assert recording.leads == ("II",)
    np.testing.assert_allclose(recording.mv, [[0.001, 0.002]])
    np.testing.assert_allclose(recording.other["Resp"], [30, 40])
    np.testing.assert_allclose(recording.other["vx"], [5000, 6000])


def test_equal_repeats_are_left_out_and_different_ones_refused():
    same = Recording.from_channels([[1, 2], [1, 2]], ["II", "rhythm II"], 500)
    assert same.leads == ("II",) and "repeats lead II" in same.notes[0]
    with pytest.raises(CardiolexError, match="both lead II but differ"):
        Recording.from_channels([[1, 2], [1, 3]], ["II", "Lead II"], 500)


@pytest.mark.parametrize(
    ("mv", "leads", "fs", "message"),
    [
        (np.zeros((2, 5)), ("I",), 500, "leads, samples"),
        (np.zeros(5), ("I",), 500, "leads, samples"),
        (np.zeros((0, 5)), (), 500, "needs a lead"),
        (np.zeros((1, 0)), ("I",), 500, "needs a lead"),
        (np.zeros((2, 5)), ("II", "I"), 500, "order"),
        (np.zeros((2, 5)), ("I", "I"), 500, "each once"),
        (np.zeros((1, 5)), ("avr",), 500, "standard names"),
        (np.zeros((1, 5)), ("I",), 0, "above 0 Hz"),
        (np.zeros((1, 5)), ("I",), float("nan"), "above 0 Hz"),
        (np.zeros((1, 5)), ("I",), float("inf"), "above 0 Hz"),
    ],
)
def test_what_is_no_recording_is_refused(mv, leads, fs, message):
    with pytest.raises(CardiolexError, match=message):
        Recording(mv, leads, fs)


@pytest.mark.parametrize("gain", [0, -200, float("nan"), float("inf")])
def test_a_gain_must_be_positive(gain):
    with pytest.raises(CardiolexError, match="gain"):
        Recording.from_channels([[1, 2]], ["I"], 500, gain=gain)


def test_zero_ecg_leads_and_unknown_units_are_refused():
    with pytest.raises(CardiolexError, match="no channel is a standard ECG lead: 'C3'"):
        Recording.from_channels([[1, 2]], ["C3"], 500)
    with pytest.raises(CardiolexError, match=r"'V1'.*'mmHg'"):
        Recording.from_channels([[1, 2]], ["V1"], 500, unit="mmHg")
    with pytest.raises(CardiolexError, match="2 units for 1"):
        Recording.from_channels([[1, 2]], ["V1"], 500, unit=["mV", "mV"])


def test_selection_keeps_values_by_name_and_names_what_is_missing():
    whole = strip()
    chosen = whole.select(["v2", "I"])
    assert chosen.leads == ("I", "V2")
    np.testing.assert_array_equal(chosen.mv, whole.mv[[0, 7]])
    with pytest.raises(CardiolexError, match="no lead II, V6"):
        chosen.select(["II", "V6", "I"])


def test_derived_leads_equal_the_recorded_ones_and_are_marked():
    whole = strip()
    two = whole.select(["I", "II", "V5"])
    with pytest.raises(CardiolexError, match="derive=True"):
        two.select(["aVF"])
    full = two.with_derived()
    assert full.leads == (*LEADS[:6], "V5")
    assert full.derived == {"III", "aVR", "aVL", "aVF"}
    np.testing.assert_allclose(full.mv[:6], whole.mv[:6], atol=1e-6)
    assert two.select(["aVL", "V5"], derive=True).derived == {"aVL"}
    assert whole.with_derived() is whole
    assert whole.select(["I", "V1"]).with_derived().leads == ("I", "V1")


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 3000), st.sampled_from([100, 128, 250, 257, 360, 400, 500, 977, 1000]))
def test_resampled_length_follows_the_rates(samples, fs):
    recording = Recording(np.ones((1, samples), np.float32), ("I",), fs)
    result = recording.resample(500)
    assert result.mv.shape[1] == -(-samples * 500 // fs)  # ceil
    np.testing.assert_allclose(result.mv, 1, atol=1e-3)  # a constant stays, to its ends


def test_resampling_keeps_a_sine_and_the_beats_in_place():
    time = np.arange(5000) / 500
    wave = np.sin(2 * np.pi * 3 * time)
    for fs in (100, 360, 1000):
        result = Recording(wave[None], ("I",), 500).resample(fs)
        expected = np.sin(2 * np.pi * 3 * np.arange(result.mv.shape[1]) / fs)
        np.testing.assert_allclose(result.mv[0], expected, atol=0.02)
        assert result.duration == pytest.approx(10, abs=1 / fs)


def test_missing_samples_do_not_spread_when_resampling():
    mv = np.ones((2, 1000), np.float32)
    mv[0, 300:400] = np.nan
    result = Recording(mv, ("I", "II"), 500).resample(250).mv
    assert np.flatnonzero(np.isnan(result[0])).tolist() == list(range(150, 200))
    np.testing.assert_allclose(result[1], 1, atol=1e-3)


def test_absurd_rates_are_refused():
    for fs in (0.1, 1e6, 0, -1, float("nan")):
        with pytest.raises(CardiolexError):
            Recording(np.ones((1, 100)), ("I",), 500).resample(fs)


def test_crop_is_by_seconds_and_never_empty():
    whole = strip()
    part = whole.crop(2, 4)
    np.testing.assert_array_equal(part.mv, whole.mv[:, 1000:2000])
    assert part.duration == 2
    with pytest.raises(CardiolexError, match="it lasts 10 s"):
        whole.crop(10, 12)


def test_repr_tells_what_it_is():
    text = repr(strip().select(["I", "V1"]))
    assert "2 leads I V1" in text and "500 Hz" in text and "10 s" in text
