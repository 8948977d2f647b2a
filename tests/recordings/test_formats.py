"""MATLAB, HDF5, tables and NumPy arrays; the format is found whatever the name."""

import json
import shutil

import h5py
import numpy as np
import pytest
import scipy.io
from hypothesis import given, settings
from hypothesis import strategies as st

from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.readers import ReadError, find_recordings, read, read_all
from cardiolex.recordings.readers.mat5 import read_mat5
from cardiolex.recordings.readers.table import split_unit
from cardiolex.recordings.samples import sample_paths

from .making import beats_like

MV = beats_like(seconds=3)[0] + np.float32(0.05)  # (12, 1500)


def notes(recording) -> str:
    return " | ".join(recording.notes)


# MATLAB


def test_cpsc2018_has_millivolts_at_500_hz(tmp_path):
    struct = {"sex": "Female", "age": 48, "data": MV.astype(float)}
    scipy.io.savemat(tmp_path / "A1.mat", {"ECG": struct})
    recording = read(tmp_path / "A1.mat")
    assert (recording.age, recording.sex, recording.fs) == (48, "female", 500)
    assert recording.leads == LEADS and recording.unit_known
    np.testing.assert_array_equal(recording.mv, MV)
    assert "order I … V6 as CPSC2018 documents it" in notes(recording)


@pytest.mark.parametrize("given", [{"fs": 250}, {"unit": "uV"}, {"leads": LEADS}])
def test_what_a_layout_settles_cannot_be_stated_otherwise(tmp_path, given):
    scipy.io.savemat(tmp_path / "A1.mat", {"ECG": {"sex": "Male", "age": 48.0, "data": MV}})
    with h5py.File(tmp_path / "part.hdf5", "w") as file:
        file["tracings"] = np.moveaxis(MV[None].astype(np.float32), 1, 2)
    with h5py.File(tmp_path / "A2.h5", "w") as file:
        file["ecg"] = MV.astype(np.float16)
    (name,) = given
    with pytest.raises(ReadError, match=f"A1.mat: {name} cannot be stated: CPSC2018"):
        read(tmp_path / "A1.mat", **given)
    if name == "unit":
        assert read(tmp_path / "part.hdf5", **given).unit_known
    else:
        with pytest.raises(ReadError, match=f"{name} cannot be stated: CODE-15% .* at 400 Hz"):
            read(tmp_path / "part.hdf5", **given)
    if name != "leads":
        with pytest.raises(ReadError, match=f"{name} cannot be stated: SPH"):
            read(tmp_path / "A2.h5", **given)


def test_ecg_fm_states_a_rate_but_no_unit(tmp_path):
    scipy.io.savemat(tmp_path / "x.mat", {"feats": MV, "curr_sample_rate": 400, "idx": 3})
    recording = read(tmp_path / "x.mat")
    assert recording.fs == 400 and not recording.unit_known
    assert "unit unknown" in notes(recording)
    stated = read(tmp_path / "x.mat", unit="uV")
    assert stated.unit_known and "unit unknown" not in notes(stated)
    np.testing.assert_allclose(stated.mv * 1000, MV, rtol=1e-5)


@pytest.mark.parametrize("compressed", [False, True])
def test_the_matlab_reader_equals_scipys(tmp_path, compressed):
    variables = {
        "a": np.arange(24.0).reshape(4, 6),
        "b": np.arange(6, dtype=np.int16).reshape(3, 2),
        "c": "Grüße",
        "s": {"x": 5, "word": "Male", "deep": {"y": np.ones((2, 3), np.uint8)}},
        "skipped": np.array([{"k": 1}, "cell"], dtype=object),
    }
    path = tmp_path / "x.mat"
    scipy.io.savemat(path, variables, do_compression=compressed)
    mine, reference = read_mat5(path), scipy.io.loadmat(path, simplify_cells=True)
    for name in "ab":
        np.testing.assert_array_equal(mine[name], reference[name])
    assert mine["c"] == reference["c"] and "skipped" not in mine
    assert mine["s"]["word"] == "Male" and mine["s"]["x"] == 5
    np.testing.assert_array_equal(mine["s"]["deep"]["y"], np.ones((2, 3)))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 255)), max_size=5), st.booleans())
def test_damaged_matlab_files_are_refused_or_read_but_never_crash(
    tmp_path_factory, changes, compressed
):
    path = tmp_path_factory.mktemp("mat") / "x.mat"
    content = {"ECG": {"sex": "Male", "age": 60, "data": MV[:, :10].astype(float)}}
    scipy.io.savemat(path, content, do_compression=compressed)
    data = bytearray(path.read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    path.write_bytes(data)
    try:
        assert read(path).mv.shape == (12, 10)
    except ReadError as error:
        assert "x.mat" in str(error)


# HDF5


def test_sph_is_half_precision_millivolts_at_500_hz(tmp_path):
    with h5py.File(tmp_path / "A1.h5", "w") as file:
        file["ecg"] = MV.astype(np.float16)
    recording = read(tmp_path / "A1.h5")
    assert recording.fs == 500 and recording.unit_known and recording.leads == LEADS
    np.testing.assert_allclose(recording.mv, MV, atol=1e-3)


@pytest.fixture
def code15(tmp_path):
    path = tmp_path / "exams_part0.hdf5"
    tracings = np.zeros((3, 4096, 12), np.float32)
    tracings[0, 581:3515] = np.tile(MV, 2)[:, :2934].T + 1
    tracings[1] = np.tile(MV, 3)[:, :4096].T + 1
    with h5py.File(path, "w") as file:
        file["tracings"], file["exam_id"] = tracings, np.array([1169160, 2873686, 5])
    return path


def test_code15_exams_are_chosen_by_row_or_id_and_their_padding_is_cut(code15):
    recording = read(code15, exam=1169160)
    assert recording.id == "1169160" and recording.fs == 400 and not recording.unit_known
    assert recording.mv.shape == (12, 2934)
    assert "1162 samples of zero padding" in notes(recording)
    np.testing.assert_array_equal(recording.mv, read(code15, index=0).mv)
    whole = read(code15, index=1)
    assert whole.duration == 10.24 and "padding" not in notes(whole)
    for wrong in ({"index": 3}, {"index": -1}, {"exam": 6}, {}):
        with pytest.raises(ReadError):
            read(code15, **wrong)


def test_a_file_of_many_exams_is_read_one_by_one(code15):
    results = [result for _, result in read_all([code15.parent])]
    assert [result.id for result in results[:2]] == ["1169160", "2873686"]
    assert isinstance(results[2], ReadError) and "zero throughout" in str(results[2])


def test_other_hdf5_tables_need_their_facts(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["signals"] = MV[:2].T.astype(np.float64)
    with pytest.raises(ReadError, match="does not name its leads"):
        read(path)
    recording = read(path, fs=250, leads=["V1", "I"], unit="mV")
    assert recording.leads == ("I", "V1")
    np.testing.assert_allclose(recording.mv, MV[[1, 0]])


# Tables


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from(LEADS), min_size=1, max_size=6, unique=True),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["titles", "row", "comment", "call"]),
    st.sampled_from(["mV", "uV"]),
    st.sampled_from(["time", "comment", "call"]),
)
def test_every_way_to_state_unit_and_rate(tmp_path_factory, names, delimiter, how, unit, rate):
    path = tmp_path_factory.mktemp("table") / "x.txt"
    size = 1 if unit == "mV" else 1000
    values = MV[[LEADS.index(n) for n in names], :40].astype(np.float64) * size
    titles = [f"{n} ({unit})" if how == "titles" else n for n in names]
    rows = [[f"{v:.6f}" for v in column] for column in values.T]
    below = [unit] * len(names)
    if rate == "time":
        titles, below = ["time", *titles], ["s", *below]
        rows = [[f"{n / 250:.4f}", *row] for n, row in enumerate(rows)]
    head = ["# fs: 250"] * (rate == "comment") + [f"# unit = {unit}"] * (how == "comment")
    lines = [*head, delimiter.join(titles)] + [delimiter.join(below)] * (how == "row")
    path.write_text("\n".join(lines + [delimiter.join(row) for row in rows]))
    stated = {"fs": 250} if rate == "call" else {}
    recording = read(path, **stated, **({"unit": unit} if how == "call" else {}))
    assert recording.fs == 250 and recording.unit_known
    assert recording.leads == tuple(lead for lead in LEADS if lead in names)
    rows_of = [LEADS.index(lead) for lead in recording.leads]
    np.testing.assert_allclose(recording.mv, MV[rows_of, :40], atol=2e-6)


def test_a_table_without_a_unit_says_so(tmp_path):
    (tmp_path / "x.csv").write_text("I,II\n1,2\n3,4\n")
    recording = read(tmp_path / "x.csv", fs=500)
    assert not recording.unit_known and "unit not stated" in notes(recording)
    np.testing.assert_array_equal(recording.mv, [[1, 3], [2, 4]])


def test_empty_cells_are_missing_and_decimal_commas_are_read(tmp_path):
    (tmp_path / "x.csv").write_text("time (ms);II_mV\n0;0,5\n2;\n4;-1,25\n")
    recording = read(tmp_path / "x.csv")
    assert recording.fs == 500
    np.testing.assert_array_equal(recording.mv, [[0.5, np.nan, -1.25]])


def test_rounded_times_give_the_round_rate(tmp_path):
    times = np.round(np.arange(3600) / 360, 3)
    rows = "\n".join(f"{t:.3f},{n % 7}" for n, t in enumerate(times))
    (tmp_path / "x.csv").write_text("Time,V2_uV\n" + rows)
    assert read(tmp_path / "x.csv").fs == 360


def test_titles_with_units():
    titles = ["II (mV)", "V1_uV", "time [ms]", "aVR", "I [µV]", "V5 mV", "aVL_mV"]
    assert [split_unit(t) for t in titles] == [
        ("II", "mV"), ("V1", "uV"), ("time", "ms"), ("aVR", None), ("I", "µV"), ("V5", "mV"),
        ("aVL", "mV"),
    ]  # fmt: skip


def test_the_sidecar_and_the_call_complete_a_table_and_the_call_wins(tmp_path):
    (tmp_path / "x.csv").write_text("I,II\n1,2\n3,4\n")
    facts = {"fs": 100, "unit": "uV", "age": 71, "sex": "F", "labels": ["af"], "patient": "p"}
    (tmp_path / "x.json").write_text(json.dumps(facts))
    recording = read(tmp_path / "x.csv", fs=200)
    assert (recording.fs, recording.age, recording.sex) == (200, 71, "female")
    assert (recording.labels, recording.patient) == (("af",), "p")
    np.testing.assert_allclose(recording.mv, [[0.001, 0.003], [0.002, 0.004]])
    assert find_recordings(tmp_path) == [tmp_path / "x.csv"]


# NumPy


@pytest.mark.parametrize("transposed", [False, True])
def test_npy_with_sidecar(tmp_path, transposed):
    counts = np.round(MV[:3] * 200 + 50).astype(np.int16)
    np.save(tmp_path / "x.npy", counts.T if transposed else counts)
    facts = {"fs": 500, "leads": ["V1", "ii", "I"], "unit": "mV", "gain": 200, "baseline": 50}
    (tmp_path / "x.json").write_text(json.dumps(facts))
    recording = read(tmp_path / "x.npy")
    assert recording.leads == ("I", "II", "V1")
    np.testing.assert_allclose(recording.mv, MV[[2, 1, 0]], atol=0.0026)


def test_npz_explains_itself(tmp_path):
    np.savez(tmp_path / "x.npz", mv=MV[:2], fs=500.0, leads=["I", "II"], age=50)
    recording = read(tmp_path / "x.npz")
    assert (recording.fs, recording.age, recording.unit_known) == (500, 50, True)
    np.testing.assert_array_equal(recording.mv, MV[:2])


# Any


def test_the_name_of_a_file_does_not_decide_its_format(tmp_path):
    scipy.io.savemat(tmp_path / "a", {"feats": MV, "curr_sample_rate": 400})
    np.savez(tmp_path / "b.npz", mv=MV, fs=500.0, leads=LEADS)
    sph = next(path for path in sample_paths() if path.suffix == ".h5")
    shutil.move(
        tmp_path / "a.mat" if (tmp_path / "a.mat").exists() else tmp_path / "a", tmp_path / "a.csv"
    )
    shutil.move(tmp_path / "b.npz", tmp_path / "b.hdf5")
    shutil.copy(sph, tmp_path / "c.npy")
    (tmp_path / "d.dat").write_text("# fs: 500\nI_mV,II_mV\n1,2\n3,4\n")
    sources = [read(tmp_path / name).source for name in ("a.csv", "b.hdf5", "c.npy", "d.dat")]
    assert [source.split()[0] for source in sources] == ["MATLAB", "NPZ", "HDF5", "table"]


def test_statements_that_contradict_the_file_are_refused():
    header = sample_paths()[0]
    for stated in ({"fs": 250}, {"unit": "uV"}, {"leads": ["I"]}, {"index": 2}, {"exam": 1}):
        with pytest.raises(ReadError, match="leave"):
            read(header, **stated)


def test_a_folder_lists_recordings_and_nothing_else():
    root = sample_paths()[0].parents[1]
    assert sorted(find_recordings(root)) == sorted(sample_paths())
    recordings = dict(read_all([root]))
    assert len(recordings) == len(sample_paths())
    assert not any(isinstance(recording, ReadError) for recording in recordings.values())
