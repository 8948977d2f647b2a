"""Round trips through our writers, and what other libraries make of the files."""

import json
from dataclasses import replace

import edfio
import numpy as np
import pydicom
import pytest
import wfdb
from hypothesis import given, settings
from hypothesis import strategies as st

from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.readers import read
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.samples import sample_paths
from cardiolex.recordings.writers import write_recording

from .making import beats_like

FORMATS = ["wfdb", "csv", "dicom", "edf"]


def person(**changes) -> Recording:
    mv = np.round(beats_like(seconds=4)[0], 3)
    facts = {"patient": "P 1/2", "age": 92, "sex": "female", "labels": ("af", "lbbb")}
    facts |= {"report": "Atrial fibrillation. Left bundle branch block", "id": "w1/ecg 7"}
    facts |= {"details": {"device": "Cart 5", "recorded": "2020-05-17 13:14:15"}}
    return Recording(mv, LEADS, 500.0, **(facts | changes))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("path", sample_paths()[::3], ids=lambda path: path.stem)
def test_real_recordings_come_back_within_the_resolution(tmp_path, form, path):
    recording = read(path)
    back = read(write_recording(recording, tmp_path, form))
    assert (back.leads, back.fs, back.sex) == (recording.leads, recording.fs, recording.sex)
    assert (back.report, back.labels) == (recording.report, recording.labels)
    assert back.unit_known and np.abs(back.mv - recording.mv).max() <= 0.0000501
    if form != "edf":  # EDF has a birthday, no age
        assert back.age == recording.age


@pytest.mark.parametrize("form", FORMATS)
def test_derived_leads_stay_marked(tmp_path, form):
    recording = person().select(["I", "II", "V1"]).with_derived()
    back = read(write_recording(recording, tmp_path, form))
    assert back.derived == recording.derived and len(back.derived) == 4


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["wfdb", "csv", "dicom"]),
    st.integers(0, 2**32 - 1),
    st.sampled_from([50, 250, 257.5, 1000]),
    st.floats(0.01, 300),
)
def test_any_values_rates_and_gaps_come_back(tmp_path_factory, form, seed, fs, size):
    random = np.random.default_rng(seed)
    mv = random.normal(0, size / 4, (3, 40)).clip(-size, size).astype(np.float32)
    mv[random.random(mv.shape) < 0.1] = np.nan
    mv[:, 0] = size  # no lead is empty
    recording = Recording(mv, ("II", "aVR", "V6"), fs, id="x")
    folder = tmp_path_factory.mktemp("written")
    back = read(write_recording(recording, folder, form))
    assert back.fs == fs and back.leads == recording.leads
    np.testing.assert_array_equal(np.isnan(back.mv), np.isnan(mv))
    step = next(1 / g for g in (10000, 5000, 2000, 1000, 500, 200, 100) if size * g <= 32767)
    np.testing.assert_allclose(back.mv, mv, atol=0.51 * step + 1e-6 * size)


def test_wfdb_reads_what_we_write(tmp_path):
    recording = person()
    path = write_recording(recording, tmp_path, "wfdb")
    assert path.name == "w1-ecg-7.hea"
    record = wfdb.rdrecord(str(path.with_suffix("")))
    assert record.sig_name == list(LEADS) and set(record.units) == {"mV"}
    np.testing.assert_allclose(record.p_signal.T, recording.mv, atol=1e-6)
    header = wfdb.rdheader(str(path.with_suffix("")))
    digital = wfdb.rdrecord(str(path.with_suffix("")), physical=False)
    assert [c % 65536 for c in header.checksum] == [int(c) for c in digital.calc_checksum()]
    assert header.comments[:2] == ["Age: 92", "Sex: Female"]


def test_dicom_is_what_the_standard_asks_of_a_12_lead_ecg(tmp_path):
    data = pydicom.dcmread(write_recording(person(), tmp_path, "dicom"))
    assert data.SOPClassUID.name == "12-lead ECG Waveform Storage" and data.Modality == "ECG"
    assert data.AcquisitionDateTime == "20200517131415" and data.PatientAge == "092Y"
    assert str(data.PatientName) == "" and data.PatientBirthDate == ""
    group = data.WaveformSequence[0]
    codes = [c.ChannelSourceSequence[0].CodeValue for c in group.ChannelDefinitionSequence]
    assert codes[:4] == ["2:1", "2:2", "2:61", "2:62"] and codes[-1] == "2:8"
    np.testing.assert_allclose(data.waveform_array(0).T / 1000, person().mv, atol=1e-6)


@pytest.mark.parametrize(
    ("fs", "samples", "kind"),
    [(500, 16384, "12-lead"), (500, 16385, "General"), (100, 900, "Ambulatory")],
)
def test_the_dicom_class_fits_the_bounds_of_the_standard(tmp_path, fs, samples, kind):
    recording = Recording(np.ones((1, samples)), ("I",), fs, id="x")
    assert kind in pydicom.dcmread(write_recording(recording, tmp_path, "dicom")).SOPClassUID.name


def test_edfio_reads_what_we_write(tmp_path):
    recording = person()
    edf = edfio.read_edf(write_recording(recording, tmp_path, "edf"))
    assert edf.labels == tuple(f"ECG {lead}" for lead in LEADS)
    np.testing.assert_allclose([s.data for s in edf.signals], recording.mv, atol=1e-6)
    assert (edf.patient.code, edf.patient.sex, edf.patient.name) == ("P_1/2", "F", "X")
    assert str(edf.recording.startdate) == "2020-05-17" and edf.recording.equipment_code == "Cart_5"


@pytest.mark.parametrize("form", FORMATS)
def test_without_identity_no_file_names_anybody(tmp_path, form):
    recording = person(details={"device": "Cart 5", "recorded": "2020-05-17 13:14:15"})
    path = write_recording(recording, tmp_path, form, name="ecg-0001", deidentify=True)
    for file in tmp_path.iterdir():
        content = file.read_bytes().decode("latin-1")
        assert file.stem == "ecg-0001"
        for secret in (
            "P 1",
            "P_1",
            "bundle",
            "Cart",
            "20200517",
            "2020-05",
            "w1",
            "17-MAY",
            "Age",
        ):
            assert secret not in content, (secret, file)
    back = read(path)
    assert (back.patient, back.report, back.age) == (None, None, None)
    assert back.sex == "female" and back.labels == ("af", "lbbb")
    if form == "dicom":
        data = pydicom.dcmread(path)
        assert data.PatientIdentityRemoved == "YES" and "PatientAge" not in data


def test_nothing_is_written_that_could_not_be_read_again(tmp_path):
    gaps = person().mv.copy()
    gaps[3, 5:9] = np.nan
    with pytest.raises(CardiolexError, match="4 samples are missing, which EDF cannot say"):
        write_recording(replace(person(), mv=gaps), tmp_path, "edf")
    for form in ("wfdb", "dicom", "edf"):
        with pytest.raises(CardiolexError, match="its unit is not known"):
            write_recording(person(unit_known=False), tmp_path, form)
    with pytest.raises(CardiolexError, match="DICOM ECGs have 50 to 1000 Hz"):
        write_recording(replace(person(), fs=2000.0), tmp_path, "dicom")
    with pytest.raises(CardiolexError, match="more than 16 bits hold"):
        write_recording(replace(person(), mv=person().mv * 1e6), tmp_path, "wfdb")
    with pytest.raises(CardiolexError, match="do not divide into data records"):
        write_recording(replace(person(), fs=499.9991), tmp_path, "edf")
    with pytest.raises(CardiolexError, match="unknown format 'xml'"):
        write_recording(person(), tmp_path, "xml")
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_is_kept_unless_told_otherwise(tmp_path):
    path = write_recording(person(), tmp_path, "csv")
    first = path.read_bytes()
    with pytest.raises(CardiolexError, match="is there already"):
        write_recording(replace(person(), mv=person().mv * 2), tmp_path, "csv")
    assert path.read_bytes() == first
    write_recording(replace(person(), mv=person().mv * 2), tmp_path, "csv", overwrite=True)
    assert path.read_bytes() != first


def test_an_unknown_unit_stays_unknown_in_csv(tmp_path):
    path = write_recording(person(unit_known=False), tmp_path, "csv")
    assert not read(path).unit_known
    assert json.loads(path.with_suffix(".json").read_text())["patient"] == "P 1/2"
