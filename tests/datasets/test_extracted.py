"""Labels read from reports, joined to recordings: by `prepare`, or given to a store as it is."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from cardiolex.datasets.batches import collate
from cardiolex.datasets.extracted import ExtractedLabels
from cardiolex.datasets.folder import Prepared, prepare_folder
from cardiolex.datasets.names import names_of
from cardiolex.datasets.store import Store
from cardiolex.errors import CardiolexError
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.extract import Rules, bundled_rules
from cardiolex.reports.tables import extract_table, read_reports
from cardiolex.reports.vocabulary import Vocabulary

PLAIN = Preprocess(fs=100.0, seconds=2.0, highpass_hz=None)
STUDIES = {
    "40000001": ("Sinus rhythm", "Possible left ventricular hypertrophy", "No LBBB"),
    "40000002": ("Atrial fibrillation", "Left bundle branch block"),
    "40000003": ("Sinus bradycardia", "Cannot rule out inferior infarct - age undetermined"),
}
V = Vocabulary.load()


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """As MIMIC-IV-ECG lies: files/pNNNN/sSTUDY/STUDY; a fourth study has no report."""
    root = tmp_path / "mimic"
    rng = np.random.default_rng(0)
    for study in (*STUDIES, "40000004"):
        path = root / "files" / "p1000" / f"s{study}" / f"{study}.npy"
        path.parent.mkdir(parents=True)
        np.save(path, rng.normal(0, 0.3, (2, 400)).astype(np.float32))
        facts = {"fs": 100, "leads": ["II", "V1"], "unit": "mV"}
        path.with_suffix(".json").write_text(json.dumps(facts))
    return root


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """MIMIC's table of machine measurements."""
    columns = ["subject_id", "study_id", *(f"report_{n}" for n in range(18)), "rr_interval"]
    rows = [",".join(columns)]
    for study, statements in STUDIES.items():
        cells = [*statements, *[""] * (18 - len(statements))]
        rows.append(",".join([f"1{study}", study, *cells, "800"]))
    path = tmp_path / "machine_measurements.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def extracted(source: Path, folder: Path, vocabulary: Vocabulary = V) -> Path:
    rules = bundled_rules() if vocabulary is V else Rules(vocabulary)
    extract_table(read_reports(source), folder, extractor=rules, vocabulary=vocabulary)
    return folder


def prepared(root: Path, store: Path, **options: Path) -> Prepared:
    return prepare_folder(root, store, preprocess=PLAIN, **options)


def by_study(store: Store, finding: str) -> dict[str, float]:
    place = store.vocabulary.index[finding]
    return {e.id: float(e.labels[place]) for e in (store[n] for n in range(len(store)))}


def grown() -> Vocabulary:
    rows = [*V.to_dict()["entity"], {"name": "brand new finding", "is_a": ["abnormal ecg"]}]
    return Vocabulary.from_dict({**V.to_dict(), "entity": rows, "version": "grown"})


def test_findings_join_by_study_present_absent_and_unknown(
    recordings: Path, machine: Path, tmp_path: Path
) -> None:
    folder = extracted(machine, tmp_path / "labels")
    result = prepared(recordings, tmp_path / "store", metadata=machine, labels=folder)
    assert result.unlabelled == ("files/p1000/s40000004/40000004.npy",)
    assert result.failures == ()
    store = Store(tmp_path / "store")
    assert len(store) == 8  # two windows of each
    one, two, three, four = (f"4000000{n}" for n in range(1, 5))
    nan = pytest.approx(np.nan, nan_ok=True)
    assert by_study(store, "atrial fibrillation") == {one: 0, two: 1, three: 0, four: nan}
    assert by_study(store, "left ventricular hypertrophy") == {
        one: nan,
        two: 0,
        three: 0,
        four: nan,
    }
    assert by_study(store, "inferior myocardial infarction")[three] == nan
    assert by_study(store, "myocardial infarction")[three] == nan, "a superclass may hold too"
    assert by_study(store, "bundle branch block") == {one: 0, two: 1, three: 0, four: nan}
    assert store[0].report == "Sinus rhythm. Possible left ventricular hypertrophy. no lbbb."
    assert store.table["patient"].to_pylist()[0] == "140000001"


def test_labels_of_an_extraction_equal_those_in_its_file(
    recordings: Path, machine: Path, tmp_path: Path
) -> None:
    folder = extracted(machine, tmp_path / "labels")
    prepared(recordings, tmp_path / "with", labels=folder)
    prepared(recordings, tmp_path / "without")
    stored, joined = Store(tmp_path / "with"), Store(tmp_path / "without", labels=folder)
    plain = Store(tmp_path / "without")
    labels = ExtractedLabels(folder).labels.of([*STUDIES, "40000004"], V)
    for row in range(len(stored)):
        assert np.array_equal(stored[row].labels, labels[row // 2], equal_nan=True)
        assert np.array_equal(joined[row].labels, labels[row // 2], equal_nan=True)
        assert np.isnan(plain[row].labels).all()
    assert joined.positives(range(8)) == stored.positives(range(8))
    assert {"atrial fibrillation", "bundle branch block"} <= joined.positives(range(8))
    assert joined.positives([0, 1]) >= {"sinus rhythm"}
    assert "left ventricular hypertrophy" not in joined.positives([0, 1])
    again = pickle.loads(pickle.dumps(joined))  # as data workers get it
    batch = collate([again[0], again[2]])
    assert np.array_equal(batch.labels.numpy(), labels[[0, 1]], equal_nan=True)


def test_a_store_of_an_older_vocabulary_takes_labels_of_a_new_one(
    recordings: Path, machine: Path, tmp_path: Path
) -> None:
    prepared(recordings, tmp_path / "store", labels=extracted(machine, tmp_path / "old"))
    new = grown()
    old_labels = Store(tmp_path / "store", new)
    assert np.isnan(old_labels[0].labels[new.index["brand new finding"]]), "nobody looked for it"
    folder = extracted(machine, tmp_path / "new", new)
    store = Store(tmp_path / "store", new, labels=folder)
    assert store[0].labels[new.index["brand new finding"]] == 0
    assert store[2].labels[new.index["atrial fibrillation"]] == 1
    names = [{"name": "sinus rhythm"}, {"name": "atrial fibrillation"}]
    smaller = Vocabulary.from_dict({"version": "two names", "entity": names})
    with pytest.raises(CardiolexError, match="or with labels extracted with this one"):
        Store(tmp_path / "store", smaller)[0]
    folder = extracted(machine, tmp_path / "small", smaller)
    assert Store(tmp_path / "store", smaller, labels=folder)[2].labels.tolist() == [0, 1]


def test_labels_of_another_vocabulary_are_refused_with_the_remedy(
    recordings: Path, machine: Path, tmp_path: Path
) -> None:
    prepared(recordings, tmp_path / "store")
    folder = extracted(machine, tmp_path / "labels")
    with pytest.raises(CardiolexError, match=r"labels/vocabulary\.json, or extract"):
        Store(tmp_path / "store", grown(), labels=folder)
    own = Vocabulary.load(folder / "vocabulary.json")
    assert Store(tmp_path / "store", own, labels=folder)[2].labels[V.index["arrhythmia"]] == 1


def test_labels_of_other_recordings_are_an_error(recordings: Path, tmp_path: Path) -> None:
    prepared(recordings, tmp_path / "store")
    (tmp_path / "r.csv").write_text("id,report\nsomebody else,Sinus rhythm\n")
    folder = extracted(tmp_path / "r.csv", tmp_path / "labels")
    store = Store(tmp_path / "store", labels=folder)
    with pytest.raises(
        CardiolexError, match=r"none of the recordings .* 'somebody else'.*40000001"
    ):
        store[0]


@pytest.mark.parametrize("content", [None, b"no archive"])
def test_folders_without_labels_are_an_error(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "labels.npz").write_bytes(content)
    with pytest.raises(CardiolexError, match=r"labels\.npz"):
        _ = ExtractedLabels(tmp_path).labels


def test_other_labels_do_not_go_on_with_a_store(
    recordings: Path, machine: Path, tmp_path: Path
) -> None:
    prepared(recordings, tmp_path / "store", labels=extracted(machine, tmp_path / "labels"))
    other = extracted(machine, tmp_path / "other", grown())
    with pytest.raises(CardiolexError, match="other settings or input"):
        prepared(recordings, tmp_path / "store", labels=other)


def test_a_recording_answers_to_its_names() -> None:
    assert "40689238" in names_of("files/p1000/p10000032/s40689238/40689238.hea", "x")
    assert names_of("records500/00000/00017_hr.hea", "00017_hr")[-1] == "17"
    assert "records500/00000/00017_hr" in names_of("records500/00000/00017_hr.hea", "")
    assert names_of("a/00017.hea", "7")[-1] == "7"
