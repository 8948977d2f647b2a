import json

import numpy as np
import pytest

from cardiolex.datasets.folder import prepare_folder
from cardiolex.datasets.metadata import Metadata
from cardiolex.datasets.store import Store
from cardiolex.errors import CardiolexError
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.vocabulary import Vocabulary

PLAIN = Preprocess(fs=100.0, seconds=2.0, highpass_hz=None)


@pytest.fixture
def folder(tmp_path):
    """Three recordings in two folders, a damaged one, and a text that is none."""
    root = tmp_path / "source"
    rng = np.random.default_rng(0)
    for name in ("a", "b", "deep/c", "deep/broken"):
        path = root / f"{name}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, rng.normal(0, 0.3, (2, 200)).astype(np.float32))
        facts = {"fs": 100, "leads": ["II", "V1"], "unit": "mV"}
        path.with_suffix(".json").write_text(json.dumps(facts))
    (root / "deep" / "broken.npy").write_bytes(b"\x93NUMPY no")
    (root / "readme.txt").write_text("not a recording")
    return root


def prepared(folder, tmp_path, text: str | None = None, **options):
    csv = None
    if text is not None:
        csv = tmp_path / "about.csv"
        csv.write_text(text, encoding="utf-8")
    result = prepare_folder(folder, tmp_path / "store", preprocess=PLAIN, metadata=csv, **options)
    return result, Store(tmp_path / "store")


def labels(store, row: int) -> dict[str, float]:
    found = store[row].labels
    names = ("atrial fibrillation", "left bundle branch block", "bundle branch block", "arrhythmia")
    return {name: float(found[store.vocabulary.index[name]]) for name in names}


def test_every_readable_file_is_stored_and_the_others_are_named(folder, tmp_path):
    result, store = prepared(folder, tmp_path)
    assert result.windows == len(store) == 3
    assert [name for name, _ in result.failures] == ["deep/broken.npy"]
    assert store.table["source"].to_pylist() == ["a.npy", "b.npy", "deep/c.npy"]
    assert store[0].lead_mask.nonzero()[0].tolist() == [1, 6]
    assert np.isnan(store[0].labels).all()  # nobody said anything about findings


def test_a_csv_brings_people_reports_and_findings(folder, tmp_path):
    text = (
        "record,patient,age,sex,report,LBBB,device\n"
        "a,p1,71,female,Sinus rhythm today,1,X\n"
        "deep/c.npy,p2,,male,,0,Y\n"
        "b,p1,40,,,,Z\n"
        "gone,p9,,,,1,Z\n"
    )
    result, store = prepared(folder, tmp_path, text, processes=2, shard_size=2)
    assert result.ignored_columns == ("device",)
    assert [name for name, _ in result.failures] == ["deep/broken.npy", "gone"]
    assert store.table["patient"].to_pylist() == ["p1", "p1", "p2"]
    assert store.table["age"].to_pylist() == [71.0, 40.0, None]
    assert store[0].report == "Sinus rhythm today"
    assert labels(store, 0)["left bundle branch block"] == 1
    assert labels(store, 0)["bundle branch block"] == 1
    assert np.isnan(labels(store, 1)["left bundle branch block"])
    assert labels(store, 2)["left bundle branch block"] == 0
    assert np.isnan(labels(store, 2)["atrial fibrillation"])


def test_listed_labels_are_absent_where_not_listed(folder, tmp_path):
    text = "id,labels\na,AFIB; LBBB\nb,\nc,LBBB\n"
    _, store = prepared(folder, tmp_path, text)
    assert [labels(store, row)["atrial fibrillation"] for row in range(3)] == [1, 0, 0]
    assert [labels(store, row)["left bundle branch block"] for row in range(3)] == [1, 0, 1]
    assert np.isnan(store[0].labels).sum() > 100  # what no row lists was not looked for


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,labels\na,AFIB\n", "needs a column 'record'"),
        ("record,labels\na,purple heart\n", "line 2: label 'purple heart' is not in"),
        ("record,LBBB\na,2\n", "line 2: 'LBBB' is '2'"),
        ("record,age\na,old\n", "line 2: age 'old' is no number"),
        ("record,age\na,4\na,5\n", "line 3: record 'a' is blank or stands there twice"),
        ("record,age\n", "has no rows"),
    ],
)
def test_a_csv_that_cannot_be_meant_is_refused(tmp_path, text, message):
    path = tmp_path / "about.csv"
    path.write_text(text)
    with pytest.raises(CardiolexError, match=message):
        Metadata.read(path, Vocabulary.load())


def test_an_empty_folder_is_an_error(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CardiolexError, match="no recording"):
        prepare_folder(tmp_path / "empty", tmp_path / "store", preprocess=PLAIN)


def test_a_folder_that_changed_is_not_mixed_into_an_old_store(folder, tmp_path):
    prepared(folder, tmp_path)
    (folder / "b.npy").unlink()
    with pytest.raises(CardiolexError, match="other settings or input"):
        prepared(folder, tmp_path)
