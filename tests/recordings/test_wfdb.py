from pathlib import Path

import numpy as np
import pytest
import wfdb
from hypothesis import given, settings
from hypothesis import strategies as st

from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.readers import ReadError, find_recordings, read
from cardiolex.recordings.readers.wfdb_header import parse_header
from cardiolex.recordings.readers.wfdb_signals import read_signals, read_with_wfdb
from cardiolex.recordings.samples import sample_paths

from .making import write_format16

ODD = Path(__file__).parents[1] / "data" / "odd"
HEADERS = [path for path in sample_paths() if path.suffix == ".hea"]
AS_WRITTEN = [path for path in HEADERS if path.parent.name != "ludb"]  # LUDB's gains are repaired


@pytest.mark.parametrize("header", [*AS_WRITTEN, ODD / "00009_lr.hea"], ids=lambda path: path.stem)
def test_own_decoding_equals_the_wfdb_package(header):
    reference = wfdb.rdrecord(str(header.with_suffix("")))
    recording = read(header)
    assert recording.fs == reference.fs and recording.mv.shape[1] == reference.sig_len
    names = [name.lower() for name in reference.sig_name]
    for lead, row in zip(recording.leads, recording.mv, strict=True):
        expected = reference.p_signal[:, names.index(lead.lower())]
        np.testing.assert_allclose(row, expected, atol=1e-6)


@pytest.mark.parametrize("header", HEADERS[:2], ids=lambda path: path.stem)
def test_both_ways_of_decoding_agree(header):
    parsed = parse_header(header)
    fast, _ = read_signals(parsed, keep_truncated=False)
    np.testing.assert_allclose(fast, read_with_wfdb(parsed, parsed.samples), atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["16", "24", "32", "80", "516"]),
    st.floats(50, 5000),
    st.integers(-100, 100),
    st.integers(2, 60),
    st.integers(0, 2**32 - 1),
)
def test_what_the_wfdb_package_writes_comes_back(
    tmp_path_factory, fmt, gain, baseline, samples, seed
):
    folder = tmp_path_factory.mktemp("written")
    reach = 127 if fmt == "80" else 30_000
    counts = np.random.default_rng(seed).integers(-reach, reach, (samples, 2))
    wfdb.wrsamp(
        "r", fs=360, units=["mV", "uV"], sig_name=["V5", "MLII"], d_signal=counts,
        fmt=[fmt] * 2, adc_gain=[gain, 2.0], baseline=[baseline, 7], write_dir=str(folder),
    )  # fmt: skip
    recording = read(folder / "r.hea")
    assert recording.leads == ("II", "V5") and recording.fs == 360
    np.testing.assert_allclose(recording.mv[0], (counts[:, 1] - 7) / 2000, atol=1e-5)
    stated = parse_header(folder / "r.hea").signals[0].gain  # the header holds a rounded gain
    assert stated == pytest.approx(gain, rel=1e-3)
    expected = (counts[:, 0] - baseline) / stated
    np.testing.assert_allclose(recording.mv[1], expected, rtol=1e-5, atol=1e-5)


def test_the_missing_code_is_not_a_number(tmp_path):
    counts = np.array([[1000, -32768, 500]], np.int16)
    recording = read(write_format16(tmp_path, counts, ["II"]))
    np.testing.assert_array_equal(recording.mv, np.float32([[1, np.nan, 0.5]]))


def test_gain_baseline_unit_and_names_of_the_header_count(tmp_path):
    counts = np.array([[10, 20], [30, 40]], np.int16)
    header = write_format16(tmp_path, counts, ["avf", "MDC_ECG_LEAD_I"], gain="2(4)/uV", offset=24)
    recording = read(header)
    assert recording.leads == ("I", "aVF")
    np.testing.assert_allclose(recording.mv * 1000, [[13, 18], [3, 8]], rtol=1e-6)
    assert recording.unit_known


def test_without_a_gain_the_unit_is_unknown(tmp_path):
    np.array([200, 400], "<i2").tofile(tmp_path / "r.dat")
    (tmp_path / "r.hea").write_text("r 1\nr.dat 16\n")
    with pytest.raises(ReadError, match="no channel is a standard ECG lead"):
        read(tmp_path / "r.hea")
    (tmp_path / "r.hea").write_text("r 1 100\nr.dat 16 200/mV 0 0 0 0 0 II\n")
    stated = read(tmp_path / "r.hea")
    assert stated.fs == 100 and stated.mv.tolist() == [[1, 2]]  # length from the file


def test_header_signal_file_and_record_name_are_one_recording():
    header = HEADERS[3]
    stem = header.with_suffix("")
    for path in (header, header.with_suffix(".mat"), stem):
        recording = read(path)
        assert recording.id == stem.name
        np.testing.assert_array_equal(recording.mv, read(header).mv)


def test_comments_of_each_data_set(tmp_path):
    def comments(text):
        return read(write_format16(tmp_path, np.ones((1, 5), np.int16), ["I"], comments=text))

    cinc = comments("#Age: NaN\n# Sex: Female\n#Dx: 251146004,284470004,284470004,Unknown\n")
    assert (cinc.age, cinc.sex) == (None, "female")
    assert cinc.labels == ("251146004", "284470004")
    ludb = comments("#<age>: 64\n#<sex>: M\n#<diagnoses>:\n#Rhythm: Sinus rhythm.\n#LVH. \n")
    assert (ludb.age, ludb.sex) == (64, "male")
    assert ludb.labels == ("Rhythm: Sinus rhythm", "LVH")
    assert ludb.report == "Rhythm: Sinus rhythm. LVH"
    ptb = comments(
        "# age: 81\n# sex: female\n# Diagnose:\n# Reason for admission: Myocardial infarction\n"
        "# Acute infarction (localization): anterior\n# Smoker: no\n# Therapy:\n# Lytic agent: X\n"
    )
    assert ptb.labels == ("Myocardial infarction", "acute infarction (localization): anterior")
    old = comments("#Age: 300\n")
    assert old.age is None and "age 300" in old.notes[0]


def test_an_early_header_with_a_known_error_is_repaired_and_says_so():
    """E00015 states 4880 counts per mV; the final release states 1000 for the same counts."""
    recording = read(ODD / "E00015.hea")
    assert recording.id == "E00015"
    assert any("4880/mV is an error" in note for note in recording.notes)
    assert any("'E00015.mat'" in note for note in recording.notes)
    assert recording.mv[0, 0] == pytest.approx(0.058)
    assert 0.5 < np.abs(recording.mv).max() < 3


def test_a_missing_frank_file_leaves_the_twelve_leads(tmp_path):
    header = write_format16(tmp_path, np.ones((2, 9), np.int16), ["i", "v6"])
    text = header.read_text().replace("rec 2", "rec 4")
    for name in ("vx", "vy"):
        text += f"rec.xyz 16 2000 16 0 0 0 0 {name}\n"
    header.write_text(text)
    recording = read(header)
    assert recording.leads == ("I", "V6")
    assert "rec.xyz is not there: channels vx, vy were left out" in recording.notes
    np.ones(18, "<i2").tofile(tmp_path / "rec.xyz")
    whole = read(header)
    assert set(whole.other) == {"vx", "vy"} and not whole.notes
    np.testing.assert_allclose(whole.other["vx"], 1 / 2000)


def test_zero_leads_were_not_connected(tmp_path):
    counts = np.ones((3, 50), np.int16)
    counts[1] = 0
    recording = read(write_format16(tmp_path, counts, ["I", "V2", "V3"]))
    assert recording.leads == ("I", "V3") and "leads V2 are zero" in recording.notes[0]


def test_cut_files_are_refused_or_kept_on_request(tmp_path):
    header = write_format16(tmp_path, np.arange(40, dtype=np.int16).reshape(2, 20), ["I", "II"])
    data = header.with_suffix(".dat")
    data.write_bytes(data.read_bytes()[:-10])  # two and a half frames
    with pytest.raises(ReadError, match="states 20 samples, but its signal file holds 17"):
        read(header)
    recording = read(header, keep_truncated=True)
    assert (
        recording.mv.shape == (2, 17) and "3 samples at the end are missing" in recording.notes[0]
    )


def segments(folder: Path, layout: bool) -> tuple[Path, np.ndarray]:
    """Write three segments, the middle one a gap; the last lacks lead V1 in a variable layout."""
    counts = np.arange(1, 61, dtype=np.int16).reshape(3, 20)
    write_format16(folder, counts[:, :12], ["I", "II", "V1"], record="m_1")
    last = 3 if not layout else 2
    write_format16(folder, counts[:last, 12:], ["I", "II", "V1"][:last], record="m_2")
    lines = ["m_1 12", "~ 5", "m_2 8"]
    if layout:
        names = "".join(f"~ 0 1000/mV 16 0 0 0 0 {name}\n" for name in ("I", "II", "V1"))
        (folder / "m_layout.hea").write_text(f"m_layout 3 500 0\n{names}")
        lines.insert(0, "m_layout 0")
    header = folder / "m.hea"
    header.write_text(f"m/{len(lines)} 3 500 25\n" + "\n".join(lines) + "\n# Age: 50\n")
    expected = np.full((3, 25), np.nan)
    expected[:, :12] = counts[:, :12]
    expected[:last, 17:] = counts[:last, 12:]
    return header, expected / 1000


@pytest.mark.parametrize("layout", [False, True])
def test_segments_are_joined_and_gaps_are_missing(tmp_path, layout):
    header, expected = segments(tmp_path, layout)
    recording = read(header)
    assert recording.leads == ("I", "II", "V1") and recording.age == 50
    np.testing.assert_allclose(recording.mv, expected, rtol=1e-6)
    assert find_recordings(tmp_path) == [header]


def test_skewed_signals_are_aligned(tmp_path):
    """Skew (header(5)): the signal's samples are stored that many frames late."""
    counts = np.arange(1, 41, dtype=np.int16).reshape(2, 20)
    header = write_format16(tmp_path, counts, ["I", "II"])
    first, second, third = header.read_text().strip().split("\n")
    header.write_text("\n".join([first, second, third.replace(" 16 1000", " 16:5 1000")]) + "\n")
    recording = read(header)
    np.testing.assert_allclose(recording.mv[0] * 1000, counts[0], rtol=1e-6)
    np.testing.assert_allclose(recording.mv[1, :15] * 1000, counts[1, 5:], rtol=1e-6)
    assert np.isnan(recording.mv[1, 15:]).all()


def test_format_212_is_two_samples_in_three_bytes(tmp_path):
    """signal(5): 12 bits each; the second byte holds both high nibbles."""
    counts = np.array([[1, -2, 2047, -1], [300, 5, 0, -2047]], np.int64)
    stream = counts.T.reshape(-1, 2) & 0xFFF
    low, high = stream[:, 0], stream[:, 1]
    packed = np.stack([low & 0xFF, (low >> 8) | (high >> 8 << 4), high & 0xFF], axis=1)
    (tmp_path / "r.dat").write_bytes(packed.astype(np.uint8).tobytes())
    lines = "".join(f"r.dat 212 200/mV 12 0 0 0 0 {name}\n" for name in ("MLII", "V5"))
    (tmp_path / "r.hea").write_text("r 2 360 4\n" + lines)
    recording = read(tmp_path / "r.hea")
    np.testing.assert_allclose(recording.mv, counts / 200, rtol=1e-6)
    assert "torso electrodes" in recording.notes[0]


def test_names_that_the_wfdb_package_refuses(tmp_path):
    header = write_format16(
        tmp_path, np.ones((1, 9), np.int16), ["I"], record="a.b c".replace(" ", "_")
    )
    assert read(header).id == "a.b_c"


def test_every_standard_lead_is_found_in_the_bundled_recordings():
    for header in HEADERS:
        assert set(read(header).leads) <= set(LEADS)
