"""SCP-ECG against an encoder written apart from the reader (see `made_scp`)."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.readers import ReadError, read
from cardiolex.recordings.readers.scp_huffman import decode, parse_tables
from cardiolex.recordings.readers.scp_rhythm import expand, summed
from cardiolex.recordings.samples import sample_paths

from . import made_scp as made

REAL = read(next(path for path in sample_paths() if path.stem == "00010_hr"))  # 1 uV a count
EIGHT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("huffman", [True, False])
def test_a_real_recording_comes_back_exactly(tmp_path, order, huffman):
    mv = REAL.mv[:, :1200]
    (tmp_path / "x.scp").write_bytes(made.scp(mv, LEADS, order=order, huffman=huffman))
    recording = read(tmp_path / "x.scp")
    assert recording.leads == LEADS and recording.fs == 500
    np.testing.assert_allclose(recording.mv, mv, atol=1e-6)


def test_person_device_statements_and_what_was_not_read(tmp_path):
    sections = {
        1: made.person(),
        2: struct.pack("<H", 19999),
        3: made.leads(["II"], 1, 500),
        6: made.rhythm([made.encode(np.arange(500) % 40, 2)]),
        7: bytes(20),
        8: made.statements([b"SINUS RHYTHM.", b"NORMAL ECG"]),
        130: bytes(8),
    }
    (tmp_path / "x").write_bytes(made.record(sections))
    recording = read(tmp_path / "x")
    assert (recording.patient, recording.age, recording.sex) == ("P-17", 61, "female")
    assert recording.report == "SINUS RHYTHM. NORMAL ECG"
    assert recording.details == {
        "device": "Maker CART1",
        "recorded": "2020-05-17 13:14:15",
        "indication": "chest pain",
        "filters": "high-pass 0.05 Hz, low-pass 150 Hz",
        "report status": "confirmed",
    }
    assert recording.unread == (
        "the name",
        "section 7 (global measurements)",
        "section 130 (reserved or of the manufacturer)",
    )
    assert "Surname" not in str(recording.details)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=60), st.sampled_from([0, 1, 2]))
def test_any_counts_survive_the_default_table_and_the_differences(tmp_path_factory, counts, order):
    steps = made.differences(np.array(counts), order)
    bits = "".join(made.default_code(max(-32768, min(32767, step))) for step in steps)
    path = tmp_path_factory.getbasetemp() / "x"
    tables = parse_tables(path, struct.pack("<H", 19999))
    found = decode(path, made.pack(bits), tables, len(counts))
    if all(-32768 <= step <= 32767 for step in steps):
        assert summed(found, order).tolist() == counts


def test_tables_of_the_file_and_switches_between_them(tmp_path):
    # table 1: 0 is 0, 10 is +5, 11 leads to table 2; table 2: 0 and 6 bits literal, 1 leads back
    def entry(prefix, bits, mode, value):
        reversed_code = int(prefix[::-1], 2)
        return struct.pack("<BBBhI", len(prefix), bits, mode, value, reversed_code)

    first = [entry("0", 1, 1, 0), entry("10", 2, 1, 5), entry("11", 2, 0, 2)]
    second = [entry("0", 7, 1, 0), entry("1", 1, 0, 1)]
    section = struct.pack("<H", 2)
    for table in (first, second):
        section += struct.pack("<H", len(table)) + b"".join(table)
    words = {0: "0", 5: "10", -31: "11" + "0" + format(-31 & 63, "06b") + "1"}
    values = [0, 5, -31, 5, 0, 0, -31, 0] * 20
    sections = {
        2: section,
        3: made.leads(["V2"], 1, len(values)),
        6: made.rhythm([made.pack("".join(words[v] for v in values))], order=0),
    }
    (tmp_path / "x").write_bytes(made.record(sections))
    np.testing.assert_allclose(read(tmp_path / "x").mv[0] * 1000, values, atol=1e-4)


def beats_record(mv, names, bimodal: bool):
    """Subtract one reference beat at every R peak; decimate by 4 outside QRS if `bimodal`."""
    counts = np.round(mv * 1000).astype(int)
    total, length, fiducial = counts.shape[1], 300, 120
    high = counts[1]
    peaks = [
        n for n in range(130, total - 190)
        if high[n] == high[max(0, n - 150) : n + 151].max() and high[n] > high.max() / 2
    ]  # fmt: skip
    reference = np.round(counts[:, peaks[0] - fiducial : peaks[0] - fiducial + length]).astype(int)
    residual = counts.copy()
    zones, areas = [], []
    for peak in peaks:
        first, last = peak - fiducial, peak - fiducial + length - 1  # from 0
        residual[:, first : last + 1] -= reference
        zones.append(struct.pack("<HIII", 0, first + 1, peak + 1, last + 1))
        areas.append((peak - 40 + 1, peak + 40 + 1))
    section4 = struct.pack("<HHH", length * 2, fiducial + 1, len(peaks)) + b"".join(zones)
    section4 += b"".join(struct.pack("<II", *area) for area in areas)
    stored, micros = residual, 2000
    if bimodal:
        inside = np.zeros(total, bool)
        for first, last in areas:
            inside[first - 1 : last] = True
        stored, micros = decimate(residual, inside), 8000
    sections = {
        2: struct.pack("<H", 19999),
        3: made.leads(names, 1, total, flags=0b101),
        4: section4,
        5: made.rhythm([made.encode(row, 2) for row in reference], order=2),
        6: made.rhythm([made.encode(row, 1) for row in stored], 1000, micros, 1, int(bimodal)),
    }
    return made.record(sections), peaks


def decimate(rows, inside):
    """Average runs of four samples outside the protected areas, counting anew in each stretch."""
    kept, n, total = [], 0, rows.shape[1]
    while n < total:
        if inside[n]:
            kept.append(rows[:, n])
            n += 1
            continue
        stop = n + 1
        while stop < total and stop < n + 4 and not inside[stop]:
            stop += 1
        kept.append(np.round(rows[:, n:stop].mean(axis=1)).astype(int))
        n = stop
    return np.array(kept).T


def test_reference_beats_are_added_back_exactly(tmp_path):
    mv = REAL.select(EIGHT).mv[:, :3000]
    data, _ = beats_record(mv, EIGHT, bimodal=False)
    (tmp_path / "x.scp").write_bytes(data)
    recording = read(tmp_path / "x.scp")
    np.testing.assert_allclose(recording.mv, mv, atol=1e-6)
    assert "reference beats" in recording.notes[0] and not recording.unread


def test_bimodal_records_are_exact_in_qrs_and_close_between(tmp_path):
    mv = REAL.select(EIGHT).mv[:, :3000].astype(float)
    low_pass = np.ones(12) / 12  # as the encoder must filter
    smooth = np.array([np.convolve(row, low_pass, "same") for row in mv]).round(3)
    data, peaks = beats_record(smooth, EIGHT, bimodal=True)
    (tmp_path / "x.scp").write_bytes(data)
    recording = read(tmp_path / "x.scp")
    assert recording.fs == 500 and recording.mv.shape == (8, 3000)
    assert "decimated by 4" in recording.notes[1]
    for peak in peaks:
        near = slice(peak - 40, peak + 41)
        np.testing.assert_allclose(recording.mv[:, near], smooth[:, near], atol=1e-6)
    assert np.abs(recording.mv - smooth).mean() < 0.004
    assert np.percentile(np.abs(recording.mv - smooth), 99) < 0.03


def test_straight_lines_survive_decimation():
    line = np.arange(60.0)[None]
    inside = np.zeros(60, bool)
    inside[20:31] = True
    found = expand(decimate(line * 8, inside)[0].astype(float), 60, 4, [(21, 31)])
    wrong = np.abs(found - line[0] * 8)
    assert wrong[20:31].max() == 0 and np.delete(wrong, np.s_[20:31]).max() <= 12  # ends are held


def test_leads_recorded_one_group_after_the_other(tmp_path):
    mv = REAL.mv[:2, :1000]
    counts = np.round(mv * 1000).astype(int)
    entries = struct.pack("<IIB", 1, 500, 1) + struct.pack("<IIB", 501, 1000, 2)
    sections = {
        2: struct.pack("<H", 19999),
        3: bytes([2, 0b1000]) + entries,
        6: made.rhythm([made.encode(counts[0, :500], 2), made.encode(counts[1, 500:], 2)]),
    }
    (tmp_path / "x").write_bytes(made.record(sections))
    recording = read(tmp_path / "x")
    assert recording.mv.shape == (2, 1000) and np.isnan(recording.mv[0, 500:]).all()
    np.testing.assert_allclose(recording.mv[1, 500:], mv[1, 500:], atol=1e-6)


def test_a_wrong_crc_is_an_error_where_the_signal_is_and_a_note_elsewhere(tmp_path):
    data = bytearray(made.scp(REAL.mv[:2, :600], LEADS[:2]))
    spoilt = data.copy()
    spoilt[-8] ^= 1  # section 8 is the last
    (tmp_path / "text").write_bytes(spoilt)
    assert any("section 8 has a wrong CRC" in note for note in read(tmp_path / "text").notes)
    place = struct.unpack_from("<HII", data, 22 + 60)[2] - 1 + 16 + 40
    data[place] ^= 1
    (tmp_path / "signal").write_bytes(data)
    with pytest.raises(ReadError, match="section 6 has a wrong CRC"):
        read(tmp_path / "signal")


def test_universal_codes_and_records_without_the_mark(tmp_path):
    codes = made.statements([b"\x01NSR\0PVC", b"\x02Abnormal ECG"], status=2)
    sections = {
        3: made.leads(["II"], 1, 100),
        6: made.rhythm([made.encode(np.arange(100), 1, huffman=False)], order=1),
        11: codes,
    }
    data = bytearray(made.record(sections))
    data[16:22] = bytes(6)  # older records have no mark in section 0
    data[6:8] = struct.pack("<H", made.crc(data[8:142]))
    (tmp_path / "x").write_bytes(data)
    recording = read(tmp_path / "x")
    assert recording.source.startswith("SCP-ECG") and recording.labels == (
        "NSR PVC",
        "Abnormal ECG",
    )
    np.testing.assert_allclose(recording.mv[0] * 1000, np.arange(100), atol=1e-4)
