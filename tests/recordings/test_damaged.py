"""Every damaged file gets an error that names the file and the cause; junk never does worse."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardiolex.recordings.readers import ReadError, find_recordings, read, read_all
from cardiolex.recordings.samples import sample_paths

DAMAGED = Path(__file__).parents[1] / "data" / "damaged"
CAUSES = {
    "absolute_path.hea": "'/etc/passwd'; files must lie in its own folder",
    "bad_json.json": "no column is named after a lead",
    "bad_json.npy": "bad_json.json: is not valid JSON",
    "counts.dat": "its header counts.hea is not beside it",
    "cut.mat": "is a damaged MATLAB file",
    "cut.npy": "is a damaged or unsafe .npy file",
    "cut.npz": "is a damaged or unsafe .npz file",
    "eeg_only.hea": "no channel is a standard ECG lead: 'C3', 'C4'",
    "eleven_leads.mat": "(11, 20) values, but 12 leads",
    "empty.csv": "the file is empty",
    "empty.hea": "the file is empty",
    "empty.npy": "the file is empty",
    "external_link.h5": "'ecg' is a link",
    "external_storage.h5": "'ecg' takes data from other files",
    "feats_without_rate.mat": "without a sampling rate",
    "feats_zero_hz.mat": "curr_sample_rate 0 Hz",
    "fewer_lines.hea": "states 3 signal lines but has 2",
    "gain_word.hea": "the gain of signal 1 is 'high'",
    "huge_claim.hea": "999999999999 samples, beyond the bounds",
    "junk.bin": "",
    "junk.dat": "no known format",
    "junk_hdf5.h5": "is a damaged HDF5 file",
    "junk_matlab.mat": "is a damaged MATLAB file",
    "many_exams.h5": "holds 2 recordings; choose one with index= or exam=",
    "misspelt.json": "no column is named after a lead",
    "misspelt.npy": "misspelt.json: has unknown keys ['sampling_rate']",
    "missing_segment.hea": "nowhere_1.hea is not there",
    "nan_hz.hea": "the sampling rate is 'nan'",
    "negative_gain.hea": "signal 1 states a gain of -200",
    "negative_hz.hea": "a sampling rate of -500 Hz",
    "negative_samples.hea": "states -20 samples",
    "no_ecg.mat": "holds ['x']",
    "no_file.hea": "gone.dat, which is not there",
    "no_leads.csv": "no column is named after a lead",
    "no_rate.csv": "does not state its sampling rate; pass fs=",
    "no_record_line.hea": "the record line",
    "no_samples.csv": "no samples",
    "no_signal.npz": "must be the signal",
    "not_a_header.hea": "the record line",
    "own_segment.hea": "is itself divided",
    "page.xml": "is XML",
    "parent_folder.hea": "files must lie in its own folder",
    "parent_segment.hea": "files must lie in its own folder",
    "pickled.npy": "unsafe .npy file",
    "picture.png": "is a picture",
    "ragged.csv": "is no even table",
    "recording.edf": "the number of signals is '', not a number",
    "scalar.h5": "one table (leads, samples) is expected",
    "segment_sum.hea": "nowhere_1.hea is not there",
    "silent.csv": "every lead is zero or missing",
    "time_backwards.csv": "does not rise",
    "time_gap.csv": "uneven",
    "truncated.hea": "states 5000 samples, but its signal file holds 20; the file is cut off",
    "two_leads_differ.hea": "both lead I but differ",
    "two_tables.h5": "holds ['a', 'b']",
    "unexplained.npy": "does not name its leads; pass leads=",
    "unknown_format.hea": "unknown format 77",
    "unknown_unit.hea": "lead 'I' has the unknown unit 'mmHg'",
    "val_without_header.mat": "put its header val_without_header.hea beside it",
    "version73.mat": "is a MATLAB 7.3 file; save it with -v7",
    "words.csv": "columns ['II'] hold text",
    "wrong_count.json": "no column is named after a lead",
    "wrong_count.npy": "(3, 20) values, but 2 leads",
    "zero_channels.hea": "states 0 signals",
    "zero_gain.hea": "signal 1 states a gain of 0",
    "zero_hz.csv": "0.0 Hz",
    "zero_hz.hea": "a sampling rate of 0 Hz",
}


@pytest.mark.parametrize("name", sorted(CAUSES))
def test_the_error_names_the_file_and_the_cause(name):
    with pytest.raises(ReadError) as raised:
        read(DAMAGED / name)
    message = str(raised.value)
    assert message.startswith(str(DAMAGED)) and CAUSES[name] in message
    assert "\n" not in message and len(message) < 600


def test_no_damaged_file_is_forgotten():
    assert {path.name for path in DAMAGED.iterdir()} == set(CAUSES)


def test_a_batch_reports_each_bad_file_and_reads_the_rest():
    good = sample_paths()[0]
    results = list(read_all([DAMAGED / "zero_hz.hea", good, DAMAGED / "gone.hea"]))
    assert [isinstance(result, ReadError) for _, result in results] == [True, False, True]
    whole = list(read_all([DAMAGED]))
    assert all(isinstance(result, ReadError) for _, result in whole)
    headers = {name for name in CAUSES if name.endswith(".hea")}
    assert {path.name for path, _ in whole} >= headers - {"own_segment.hea"}  # a segment, it says


def test_empty_folders_and_absent_files(tmp_path):
    with pytest.raises(ReadError, match="holds no recording"):
        find_recordings(tmp_path)
    with pytest.raises(ReadError, match="no such file"):
        read(tmp_path / "nothing.hea")
    with pytest.raises(ReadError, match="no such file or folder"):
        find_recordings(tmp_path / "nothing")
    with pytest.raises(ReadError, match="is a folder"):
        read(tmp_path)


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    secret = tmp_path / "secret.dat"
    secret.write_bytes(np.arange(40, dtype="<i2").tobytes())
    folder = tmp_path / "upload"
    folder.mkdir()
    (folder / "r.dat").symlink_to(secret)
    (folder / "r.hea").write_text("r 1 500 40\nr.dat 16 1000/mV 16 0 0 0 0 I\n")
    with pytest.raises(ReadError, match="a link out of its folder"):
        read(folder / "r.hea")


def test_an_endless_or_special_file_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(ReadError, match="is no file"):
        read(tmp_path / "pipe.csv")
    assert find_recordings(sample_paths()[0].parent)  # and a good folder still lists
    with pytest.raises(ReadError, match="holds no recording"):
        find_recordings(tmp_path)


def test_a_sparse_giant_is_refused_by_its_size(tmp_path):
    with (tmp_path / "giant.csv").open("wb") as file:
        file.truncate(3 << 30)
    with pytest.raises(ReadError, match="more than the 2048 MiB allowed"):
        read(tmp_path / "giant.csv")


def test_an_archive_that_claims_more_than_it_holds_is_refused(tmp_path):
    import zipfile

    header = b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, "
    header += b"'shape': (12, 40000000), }"
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w") as archive:
        archive.writestr("ecg.npy", header.ljust(127) + b"\n" + b"\0" * 100)
    with pytest.raises(ReadError, match="more than it holds"):
        read(tmp_path / "bomb.npz", fs=500, leads=["I"], unit="mV")


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["", "r 2 500 20\n", "I,II\n", "\x89HDF\r\n\x1a\n", "\x93NUMPY", "PK\x03\x04"]),
    st.binary(max_size=400),
    st.sampled_from(["x.hea", "x.csv", "x.mat", "x.h5", "x.npy", "x.npz", "x.dat", "x"]),
)
def test_junk_bytes_never_do_worse_than_a_read_error(tmp_path_factory, start, junk, name):
    path = tmp_path_factory.mktemp("junk") / name
    path.write_bytes(start.encode("latin-1") + junk)
    try:
        read(path, fs=500) if not name.endswith(".hea") else read(path)
    except ReadError as error:
        assert name in str(error)


@pytest.mark.parametrize("path", sample_paths()[::2], ids=lambda path: path.name)
@settings(max_examples=30, deadline=None)
@given(st.data())
def test_flipped_and_cut_bytes_never_do_worse_than_a_read_error(tmp_path_factory, path, data):
    folder = tmp_path_factory.mktemp("flipped")
    for file in path.parent.glob(f"{path.stem}.*"):
        content = bytearray(file.read_bytes())
        limit = min(len(content), 2000)
        for place in data.draw(st.lists(st.integers(0, limit - 1), max_size=4)):
            content[place] = data.draw(st.integers(0, 255))
        cut = data.draw(st.integers(0, len(content)))
        (folder / file.name).write_bytes(content[:cut] if data.draw(st.booleans()) else content)
    try:
        recording = read(folder / path.name)
    except ReadError:
        return
    assert recording.mv.shape[0] == len(recording.leads) and recording.fs > 0
