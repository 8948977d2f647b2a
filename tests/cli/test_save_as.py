import json

import pytest

from cardiolex.recordings.readers import read


@pytest.mark.parametrize(("form", "suffix"), [("wfdb", "hea"), ("dicom", "dcm"), ("edf", "edf")])
def test_files_are_written_named_and_read_again(call, sample, tmp_path, form, suffix):
    ended = call("save-as", sample, "--format", form, "--output", tmp_path / "out")
    (path,) = ended.out.splitlines()
    assert (ended.status, path) == (0, str(tmp_path / "out" / f"104.{suffix}"))
    assert read(path).leads == read(sample).leads
    again = call("save-as", sample, "--format", form, "--output", tmp_path / "out")
    assert again.status == 1 and "is there already" in again.err


def test_a_bad_file_is_listed_and_the_rest_is_written_without_names(call, ward, tmp_path):
    out = tmp_path / "out"
    ended = call("save-as", ward, "--format", "dicom", "--output", out, "--deidentify")
    assert ended.status == 1 and "1 of 4 not done" in ended.err
    assert sorted(path.name for path in out.iterdir()) == [f"ecg-000{n}.dcm" for n in (1, 2, 3)]
    chosen = call("save-as", out, "--format", "csv", "--output", tmp_path / "csv", "--leads", "II")
    assert chosen.status == 0
    assert all(read(path).leads == ("II",) for path in (tmp_path / "csv").glob("*.csv"))


def test_inspect_says_what_was_read_and_what_was_not(call):
    from pydicom.data import get_testdata_file

    path = get_testdata_file("waveform_ecg.dcm", download=False)
    text = call("inspect", path).out
    assert "report in the file: RITMO SINUSALE. ECG NORMALE" in text
    assert "not read: multiplex group 2 'MEDIAN BEAT'" in text
    facts = json.loads(call("inspect", path, "--format", "json").out)
    assert facts["details"]["device"] == "Mortara Instrument, Inc. el250"
    assert facts["not_read"][-1] == "the name" and facts["derived_leads"] == []
