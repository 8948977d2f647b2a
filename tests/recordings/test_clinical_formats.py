"""Files of carts, monitors and watches; each written by other means than our readers.

Where the layout comes from stands in `made_scp`, `made_ishne` and `made_xml`; DICOM and EDF are
written by pydicom and edfio; one DICOM file is a real one of a Mortara cart (pydicom's test data).
"""

import struct
import warnings

import edfio
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset

from cardiolex.recordings.leads import DERIVABLE, LEADS
from cardiolex.recordings.readers import ReadError, find_recordings, read, read_all
from cardiolex.recordings.readers.lead_codes import LEAD_OF_NUMBER
from cardiolex.recordings.samples import sample_paths

from .made_ishne import ishne
from .made_xml import EIGHT, aecg, apple, muse, philips

REAL = read(next(path for path in sample_paths() if path.stem == "00010_hr"))  # 1 uV a count
MV = REAL.mv


def rows(*names):
    return REAL.mv[[LEADS.index(name) for name in names]]


def off_by(recording, mv=MV):
    return float(np.abs(recording.mv - mv).max())


# DICOM


def code(value, scheme, meaning):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def group(mv, sources, *, sensitivity=2.5, correction=1.0, baseline=0.0, unit="uV", **fields):
    """One item of a Waveform Sequence of (L, T) millivolts, as PS3.3 C.10.9 lays it out."""
    per_mv = {"uV": 1000, "mV": 1}[unit]
    counts = np.round((mv * per_mv - baseline) / (sensitivity * correction)).astype("<i2")
    item = Dataset()
    item.WaveformOriginality = "ORIGINAL"
    item.NumberOfWaveformChannels, item.NumberOfWaveformSamples = mv.shape
    item.SamplingFrequency = 500
    item.ChannelDefinitionSequence = []
    for source in sources:
        channel = Dataset()
        channel.ChannelSourceSequence = [source]
        channel.ChannelSensitivity = sensitivity
        channel.ChannelSensitivityUnitsSequence = [code(unit, "UCUM", "unit")]
        channel.ChannelSensitivityCorrectionFactor = correction
        channel.ChannelBaseline = baseline
        channel.WaveformBitsStored = 16
        item.ChannelDefinitionSequence.append(channel)
    item.WaveformBitsAllocated, item.WaveformSampleInterpretation = 16, "SS"
    item.add_new(0x54001010, "OW", counts.T.tobytes())
    for name, value in fields.items():
        setattr(item, name, value)
    return item


def write_dicom(path, groups, **fields):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.9.1.1"
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    data = FileDataset(str(path), {}, file_meta=meta, preamble=bytes(128))
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, "1.2.3"
    data.PatientID, data.PatientAge, data.PatientSex = "D-1", "018M", "F"
    data.WaveformSequence = groups
    for name, value in fields.items():
        setattr(data, name, value)
    data.save_as(path, enforce_file_format=True)
    return path


def mdc(leads):
    return [code(f"2:{n}", "MDC", "") for n in numbers(leads)]


def numbers(leads):
    return [next(n for n, lead in LEAD_OF_NUMBER.items() if lead == name) for name in leads]


def test_a_real_dicom_file_is_read_as_pydicom_scales_it():
    path = get_testdata_file("waveform_ecg.dcm", download=False)
    recording = read(path)
    reference = pydicom.dcmread(path).waveform_array(0).T / 1000  # uV, order I II III aVR …
    np.testing.assert_allclose(recording.mv, reference, atol=1e-6)
    assert recording.leads == LEADS and recording.fs == 1000
    assert recording.report == "RITMO SINUSALE. ECG NORMALE" and recording.sex == "female"
    assert recording.age == 42 and "el250" in recording.details["device"]
    assert (
        any("MEDIAN BEAT" in what for what in recording.unread) and "the name" in recording.unread
    )
    assert "Anonymous" not in str(recording.details)


def test_lead_codes_are_those_of_dicom():
    from pydicom.sr.codedict import codes

    meanings = {
        c.value: c.meaning for c in (getattr(codes.CID3001, k) for k in codes.CID3001.dir())
    }
    for number, lead in LEAD_OF_NUMBER.items():
        meaning = meanings.get(f"2:{number}", "")
        if lead in LEADS:
            assert meaning.startswith((f"Lead {lead}", lead)), (number, lead, meaning)


@pytest.mark.parametrize("scheme", ["MDC", "SCPECG", "meaning", "label"])
def test_dicom_leads_come_from_codes_in_any_order(tmp_path, scheme):
    names = ["V6", "aVR", "I", "III"]
    sources = {
        "MDC": mdc(names),
        "SCPECG": [code(f"5.6.3-9-{n}", "SCPECG", "") for n in numbers(names)],
        "meaning": [code("x", "99X", f"Lead {n} (Einthoven)") for n in names],
        "label": [code("x", "99X", "unknown") for n in names],
    }[scheme]
    one = group(rows(*names), sources)
    if scheme == "label":
        for channel, name in zip(one.ChannelDefinitionSequence, names, strict=True):
            channel.ChannelLabel = f"LEAD {name.upper()}"
    recording = read(write_dicom(tmp_path / "x", [one]))
    assert recording.leads == ("I", "III", "aVR", "V6") and recording.age == 1.5
    assert off_by(recording, rows(*recording.leads)) < 0.0013


def test_dicom_sensitivity_correction_and_baseline_are_applied(tmp_path):
    names = ["I", "V1"]
    one = group(
        rows(*names), mdc(names), sensitivity=0.002, correction=1.25, baseline=-0.4, unit="mV"
    )
    path = write_dicom(tmp_path / "x.dcm", [one])
    np.testing.assert_allclose(read(path).mv, rows(*names), atol=0.0013)
    np.testing.assert_allclose(read(path).mv, pydicom.dcmread(path).waveform_array(0).T, atol=1e-6)


def test_dicom_groups_of_a_paper_layout_come_onto_one_time_axis(tmp_path):
    limb, chest = ["I", "II", "III"], ["V1", "V2", "V3"]
    groups = [
        group(rows(*limb)[:, :1250], mdc(limb), MultiplexGroupTimeOffset=0),
        group(rows(*chest)[:, 1250:2500], mdc(chest), MultiplexGroupTimeOffset=2500),
        group(rows(*limb)[:, :600], mdc(limb), WaveformOriginality="DERIVED"),
    ]
    recording = read(write_dicom(tmp_path / "x.dcm", groups))
    assert recording.mv.shape == (6, 2500)
    assert np.isnan(recording.mv[:3, 1250:]).all() and np.isnan(recording.mv[3:, :1250]).all()
    np.testing.assert_allclose(recording.mv[3:, 1250:], rows(*chest)[:, 1250:2500], atol=0.0013)
    assert any("group 3" in what for what in recording.unread)


def test_dicom_padding_is_missing_and_sources_without_a_lead_may_be_named(tmp_path):
    mv = rows("II").copy()
    one = group(mv, [code("x", "99X", "watch")])
    counts = np.frombuffer(one.WaveformData, "<i2").copy()
    counts[10:20] = -32768
    one.add_new(0x54001010, "OW", counts.tobytes())
    one.add_new(0x5400100A, "OW", struct.pack("<h", -32768))
    path = write_dicom(tmp_path / "x.dcm", [one])
    with pytest.raises(
        ReadError, match=r"names no standard lead \(channels: 'watch'\); pass leads="
    ):
        read(path)
    recording = read(path, leads="II")
    assert np.isnan(recording.mv[0, 10:20]).all() and np.isfinite(recording.mv[0, 20:]).all()
    (tmp_path / "x.json").write_text('{"leads": ["II"]}')
    assert read(path).leads == ("II",)


def test_dicom_without_sensitivity_has_no_unit(tmp_path):
    one = group(rows("I"), mdc(["I"]))
    del one.ChannelDefinitionSequence[0].ChannelSensitivity
    recording = read(write_dicom(tmp_path / "x.dcm", [one]))
    assert not recording.unit_known and "no sensitivity" in " ".join(recording.notes)


# EDF


def edf_signal(mv, label, fs=500, unit="mV", **keywords):
    scale = {"mV": 1, "uV": 1000, "bpm": 1}[unit]
    return edfio.EdfSignal(
        mv.astype(float) * scale, fs, label=label, physical_dimension=unit,
        physical_range=(-5 * scale, 5 * scale), **keywords,
    )  # fmt: skip


def test_edf_leads_units_rates_and_person(tmp_path):
    import datetime

    resp = np.sin(np.arange(1000) / 100)
    signals = [
        edf_signal(MV[1], "ECG II", unit="uV", prefiltering="HP:0.05Hz"),
        edf_signal(MV[0], "EKG I"),
        edf_signal(resp, "Resp", fs=100, unit="bpm"),
        edf_signal(MV[6, ::2], "V1", fs=250),
    ]
    edfio.Edf(
        signals,
        patient=edfio.Patient(
            code="E-9", sex="F", birthdate=datetime.date(1959, 4, 1), name="Jane_Roe"
        ),
        recording=edfio.Recording(startdate=datetime.date(2020, 5, 17), equipment_code="Holter_7"),
        starttime=datetime.time(13, 14, 15),
        annotations=[edfio.EdfAnnotation(2.5, None, "palpitations")],
    ).write(tmp_path / "x.edf")
    recording = read(tmp_path / "x.edf")
    assert recording.leads == ("I", "II", "V1") and recording.fs == 500
    assert off_by(recording.select(["I", "II"]), MV[:2]) < 1e-4
    assert float(np.abs(recording.mv[2, ::2] - MV[6, ::2]).max()) < 0.05  # resampled from 250 Hz
    assert list(recording.other) == ["Resp"] and recording.other["Resp"].size == 5000
    assert "V1 (250 Hz)" in recording.notes[0] and "Resp (100 Hz)" in recording.notes[0]
    assert (recording.patient, recording.sex, recording.age) == ("E-9", "female", 61)
    assert recording.details["annotations"] == "2.5 s palpitations"
    assert recording.details["device"] == "Holter 7" and recording.unread == ("the name",)
    assert "Jane" not in str(recording.details)


def test_edf_window_equals_the_cut_whole_and_bdf_is_read_alike(tmp_path):
    edfio.Edf([edf_signal(row, name) for row, name in zip(MV, LEADS, strict=True)]).write(
        tmp_path / "x.edf"
    )
    whole = read(tmp_path / "x.edf")
    for start, seconds in ((0, 2.5), (3.3, 1.0), (9.5, 100)):
        part = read(tmp_path / "x.edf", start_s=start, seconds=seconds)
        np.testing.assert_array_equal(part.mv, whole.crop(start, start + seconds).mv)
    with pytest.raises(ReadError, match="lasts 10 s: nothing from 11 s"):
        read(tmp_path / "x.edf", start_s=11)
    scale = {"physical_dimension": "mV", "physical_range": (-5, 5)}
    signals = [
        edfio.BdfSignal(row.astype(float), 500, label=name, **scale)
        for row, name in zip(MV, LEADS, strict=True)
    ]
    edfio.Bdf(signals).write(tmp_path / "x.bdf")
    recording = read(tmp_path / "x.bdf")
    assert recording.source.startswith("BDF") and off_by(recording) < 1e-6


def discontinuous(path, gap_s=3):
    """EDF+D: the data records from the fifth on start later, as their time stamps say."""
    edf = edfio.Edf([edf_signal(MV[1], "II")], annotations=[], data_record_duration=1)
    data = bytearray(edf.to_bytes())
    data[192:197] = b"EDF+D"
    for second in reversed(range(4, 10)):
        old, new = f"+{second}\x14".encode(), f"+{second + gap_s}\x14".encode()
        place = data.index(old + b"\x14")
        data[place : place + len(new)] = new
        data[place + len(new)] = 0x14
    path.write_bytes(data)
    return path


def test_gaps_of_edf_plus_d_are_missing_samples(tmp_path):
    recording = read(discontinuous(tmp_path / "x.edf", gap_s=2))
    assert recording.duration == 12 and "one time axis" in " ".join(recording.notes)
    assert np.isnan(recording.mv[0, 2000:3000]).all()
    np.testing.assert_allclose(recording.mv[0, 3000:], MV[1, 2000:], atol=1e-4)
    part = read(tmp_path / "x.edf", start_s=6, seconds=1)
    np.testing.assert_array_equal(part.mv[0], recording.mv[0, 3000:3500])


def test_a_cut_edf_is_an_error_unless_what_is_there_is_wanted(tmp_path):
    path = tmp_path / "x.edf"
    edfio.Edf([edf_signal(MV[0], "I")], data_record_duration=1).write(path)
    path.write_bytes(path.read_bytes()[:-2500])
    with pytest.raises(ReadError, match="states 10 data records, but holds 7"):
        read(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recording = read(path, keep_truncated=True)
    assert recording.duration == 7 and "3 data records are missing" in " ".join(recording.notes)


# XML


def test_muse_restores_the_limb_leads_from_the_rhythm(tmp_path):
    (tmp_path / "x.xml").write_text(muse(rows(*EIGHT)), encoding="latin-1")
    recording = read(tmp_path / "x.xml")
    assert recording.leads == LEADS and recording.derived == set(DERIVABLE)
    assert off_by(recording, MV) < 2 * 4.88e-3
    np.testing.assert_allclose(recording.mv[2], recording.mv[1] - recording.mv[0], atol=1e-6)
    assert recording.report == "Normal sinus rhythm with PVCs. Abnormal ECG"
    assert (recording.patient, recording.age, recording.sex) == ("M-7", 61, "female")
    assert recording.details["the cart's QRSDuration"] == "92 ms"
    assert recording.unread == ("Median waveform", "OriginalDiagnosis", "the name")
    assert "Surname" not in str(recording.details)


def test_muse_with_all_leads_derives_none(tmp_path):
    (tmp_path / "x.xml").write_text(muse(MV, LEADS), encoding="latin-1")
    recording = read(tmp_path / "x.xml")
    assert not recording.derived and off_by(recording) <= 4.88e-3 / 2 + 1e-6


def test_aecg_scale_person_and_statements(tmp_path):
    text = aecg([(MV, LEADS, "20200517131415.000")], beats=(MV[:, :500] * 2, LEADS))
    (tmp_path / "x.xml").write_text(text)
    recording = read(tmp_path / "x.xml")
    assert recording.leads == LEADS and recording.fs == 500 and off_by(recording) <= 0.00126
    assert (recording.patient, recording.age, recording.sex) == ("SUBJ-1", 61, "male")
    assert recording.report == "Sinus rhythm" and recording.details["device"] == "EL250"
    assert recording.details["the device's heart rate"] == "72 /min"
    assert recording.unread == (
        "1 series of representative beats",
        "1 annotations (waves, measurements)",
    )


def test_aecg_sequence_sets_follow_their_times_across_midnight(tmp_path):
    limb, chest = ("I", "II"), ("V1", "V2")
    sets = [
        (rows(*limb)[:, :1250], limb, "20191231235959.000"),
        (rows(*chest)[:, 1250:2500], chest, "20200101000001.500"),
    ]
    (tmp_path / "x.xml").write_text(aecg(sets))
    recording = read(tmp_path / "x.xml")
    assert recording.mv.shape == (4, 2500) and np.isnan(recording.mv[:2, 1250:]).all()
    np.testing.assert_allclose(recording.mv[2:, 1250:], rows(*chest)[:, 1250:2500], atol=0.0013)


def test_philips_in_utf_8_and_without_a_pulse_is_whole(tmp_path):
    text = philips(MV[:, :600], pulse=False).replace("UTF-16", "UTF-8")
    (tmp_path / "x.xml").write_text(text)
    recording = read(tmp_path / "x.xml")
    assert recording.mv.shape == (12, 600) and off_by(recording, MV[:, :600]) <= 0.0026


def test_philips_is_cut_before_the_calibration_pulse(tmp_path):
    (tmp_path / "x.xml").write_text(philips(MV), encoding="utf-16")
    recording = read(tmp_path / "x.xml")
    assert recording.mv.shape == (12, 5000) and off_by(recording) <= 0.0026
    assert "calibration pulse" in recording.notes[0] and not recording.derived
    assert (recording.patient, recording.age, recording.sex) == ("PH-3", 61, "female")
    assert recording.report == "Sinus rhythm normal P axis"
    assert recording.details["the cart's QRS duration, ms"] == "92"


def test_philips_without_the_library_says_how_to_get_it(tmp_path, monkeypatch):
    (tmp_path / "x.xml").write_text(philips(MV[:, :600], pulse=False), encoding="utf-16")
    monkeypatch.setattr("cardiolex.recordings.readers.philips.find_spec", lambda name: None)
    with pytest.raises(ReadError, match=r"needs sierraecg; pip install cardiolex\[formats\]"):
        read(tmp_path / "x.xml")


# ISHNE


def test_ishne_leads_resolution_person_and_window(tmp_path):
    names = ("V5", "I", "bipolar")
    mv = np.concatenate([rows("V5", "I"), np.full((1, 5000), 0.25)])
    (tmp_path / "x.ecg").write_bytes(ishne(mv, names, nanovolts=2500, block=b"notes of the nurse"))
    recording = read(tmp_path / "x.ecg")
    assert recording.leads == ("I", "V5") and off_by(recording, rows("I", "V5")) <= 0.00126
    np.testing.assert_allclose(recording.other["bipolar"], 0.25, atol=0.00126)
    assert (recording.patient, recording.sex, recording.age) == ("H-0042", "male", 70)
    assert recording.details == {
        "device": "digital",
        "recorded": "2020-05-17 08:30:00",
        "pacemaker": "dual chamber, unipolar",
    }
    assert recording.unread == ("variable block of 18 bytes", "the name")
    part = read(tmp_path / "x.ecg", start_s=4, seconds=2)
    np.testing.assert_array_equal(part.mv, recording.mv[:, 2000:3000])


def test_ishne_heads_that_count_all_leads_together(tmp_path):
    (tmp_path / "x.ecg").write_bytes(ishne(MV[:3], LEADS[:3], total=15000))
    recording = read(tmp_path / "x.ecg")
    assert recording.duration == 10 and "all leads together" in recording.notes[0]


def test_a_window_of_a_day_of_holter_needs_no_memory_for_the_day(tmp_path):
    import tracemalloc

    seconds = 24 * 3600
    with (tmp_path / "day.ecg").open("wb") as file:
        file.write(ishne(MV[:3], LEADS[:3], total=500 * seconds)[:522])
        file.truncate(522 + 2 * 3 * 500 * seconds)  # sparse
        file.seek(522 + 2 * 3 * 500 * (seconds - 10))
        file.write(np.round(MV[:3] * 1000).astype("<i2").T.tobytes())
    tracemalloc.start()
    part = read(tmp_path / "day.ecg", start_s=seconds - 10)
    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()
    np.testing.assert_allclose(part.mv, MV[:3], atol=1e-6)


# Apple Health


@pytest.mark.parametrize(
    ("language", "age", "fs", "words"),
    [
        ("en", 61, 512, "Sinus Rhythm"),
        ("de", 61, 512, "Sinusrhythmus"),
        ("pt", None, 511.297, "Ritmo sinusal"),
    ],
)
def test_apple_exports_in_any_language(tmp_path, language, age, fs, words):
    (tmp_path / "ecg_2020-05-17.csv").write_text(apple(MV[0], language), encoding="utf-8")
    recording = read(tmp_path / "ecg_2020-05-17.csv")
    assert recording.source.startswith("Apple") and recording.leads == ("I",)
    assert recording.fs == fs and off_by(recording, MV[:1]) < 1e-5
    assert (recording.age, recording.report) == (age, words)
    assert recording.details["device"].startswith("Watch") and "Roe" not in str(recording.details)


# All


def test_a_folder_of_all_formats_is_found_by_content_alone(tmp_path):
    edfio.Edf([edf_signal(MV[0], "I")]).write(tmp_path / "a.bin")
    write_dicom(tmp_path / "b.xml", [group(MV[:2], mdc(LEADS[:2]))])
    (tmp_path / "c").write_text(aecg([(MV[:2], LEADS[:2], "20200517131415.000")]))
    (tmp_path / "d.dcm").write_text(muse(rows(*EIGHT)), encoding="latin-1")
    (tmp_path / "e.csv").write_bytes(ishne(MV[:2], LEADS[:2]))
    (tmp_path / "f.edf").write_text(apple(MV[0], "de"), encoding="utf-8")
    (tmp_path / "other.xml").write_text("<html><body>I,II</body></html>")
    found = dict(read_all(find_recordings(tmp_path)))
    kinds = [recording.source.split()[0] for recording in found.values()]
    assert kinds == ["EDF", "DICOM", "aECG", "MUSE", "ISHNE", "Apple"]


@pytest.mark.parametrize("stated", [{"fs": 250}, {"unit": "uV"}])
def test_what_a_clinical_file_says_cannot_be_stated_otherwise(tmp_path, stated):
    (tmp_path / "x.ecg").write_bytes(ishne(MV[:2], LEADS[:2]))
    with pytest.raises(ReadError, match="stand in the file"):
        read(tmp_path / "x.ecg", **stated)


def test_aecg_generated_leads_and_relative_times(tmp_path):
    text = aecg([(rows("II"), ("II",), "0")]).replace("TIME_ABSOLUTE", "TIME_RELATIVE")
    text = text.replace("GLIST_TS", "GLIST_PQ")
    ramp = (
        '<component><sequence><code code="MDC_ECG_LEAD_V1"/><value xsi:type="GLIST_PB">'
        '<head value="100" unit="uV"/><increment value="2" unit="uV"/><period value="50"/></value>'
        "</sequence></component></sequenceSet>"
    )
    (tmp_path / "x").write_text(text.replace("</sequenceSet>", ramp))
    recording = read(tmp_path / "x")
    assert recording.leads == ("II", "V1") and recording.fs == 500
    np.testing.assert_allclose(recording.mv[1], 0.1 + 0.002 * (np.arange(5000) % 50), atol=1e-6)


def test_a_part_can_be_read_of_any_format(tmp_path):
    (tmp_path / "x.xml").write_text(muse(rows(*EIGHT)), encoding="latin-1")
    whole = read(tmp_path / "x.xml")
    part = read(tmp_path / "x.xml", start_s=2, seconds=3)
    np.testing.assert_array_equal(part.mv, whole.mv[:, 1000:2500])
    for wrong in ({"start_s": -1}, {"seconds": 0}, {"seconds": float("nan")}):
        with pytest.raises(ReadError, match="seconds"):
            read(tmp_path / "x.xml", **wrong)
