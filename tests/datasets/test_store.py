import pickle
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from cardiolex.datasets.batches import collate
from cardiolex.datasets.rows import Truth, rows
from cardiolex.datasets.store import Chosen, Store
from cardiolex.datasets.store_writer import write_store
from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.recordings.recording import Recording
from cardiolex.reports.vocabulary import Vocabulary

PLAIN = Preprocess(fs=100.0, seconds=2.0, highpass_hz=None)
JUDGED = ("atrial fibrillation", "left bundle branch block", "sinus rhythm")
TRUTHS = (
    Truth(("atrial fibrillation",), (), JUDGED),
    Truth((), ("left bundle branch block",), JUDGED),
    Truth(("sinus rhythm",), ("premature atrial complex",), None),
    Truth(("old myocardial infarction",), (), ()),
)


def recording(index: int) -> Recording:
    """Lengths of 1.2 to 4 s, one to twelve leads."""
    rng = np.random.default_rng([1, index])
    leads = LEADS[: 1 + index % 12]
    mv = rng.normal(0, 0.4, (len(leads), 120 + 40 * (index % 8))).astype(np.float32)
    return Recording.from_channels(
        mv, leads, 100.0, unit="mV", id=f"r{index}", report=f"Report {index}", age=60.0 + index
    )


@dataclass(frozen=True)
class Made:
    """Recordings made by number; number 5 cannot be used."""

    count: int = 23
    shard_size: int = 4
    preprocess: Preprocess = PLAIN
    delay: float = 0.0

    def identity(self):
        return {"made": self.count}

    def shards(self):
        return -(-self.count // self.shard_size)

    def shard(self, number, failures):
        for index in range(
            number * self.shard_size, min(self.count, (number + 1) * self.shard_size)
        ):
            time.sleep(self.delay)
            if index == 5:
                failures.append(("r5", "for the test"))
                continue
            yield from rows(recording(index), TRUTHS[index % 4], self.preprocess)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores") / "store"
    assert write_store(folder, Made()) == [("r5", "for the test")]
    return Store(folder)


def expected():
    for index in range(23):
        if index != 5:
            yield from rows(recording(index), TRUTHS[index % 4], PLAIN)


def test_every_window_comes_back_with_all_that_belongs_to_it(store):
    vocabulary = Vocabulary.load()
    wanted = list(expected())
    assert len(store) == len(wanted)
    for example, row in zip(store.__getitems__(range(len(store))), wanted, strict=True):
        assert example.ecg.dtype == np.int16
        assert np.allclose(example.ecg * example.gain, row.ecg, atol=0.00051)
        assert np.array_equal(example.lead_mask, row.lead_mask)
        assert np.array_equal(example.sample_mask, np.arange(200) < row.length)
        truth = row.truth
        labels = vocabulary.label_vector(truth.present, truth.unknown, truth.judged)
        assert np.array_equal(example.labels, labels, equal_nan=True)
        assert (example.id, example.report) == (row.recording.id, row.recording.report)


def test_table_and_manifest_say_what_the_arrays_are(store):
    assert store.preprocess == PLAIN
    assert store.manifest.leads == LEADS
    assert store.manifest.gain_mv == 0.001
    assert store.table["age"][0].as_py() == 60.0
    lengths, starts = store.table["length"].to_pylist(), store.table["start_s"].to_pylist()
    assert max(lengths) == 200 and min(lengths) == 120
    assert max(starts) == 2.0  # the second window of 4 s
    store.verify()


def test_batches_are_float_millivolts(store):
    batch = collate(store.__getitems__([0, 7, 3]))
    assert batch.ecg.dtype.is_floating_point and batch.ecg.shape == (3, 12, 200)
    assert 0.2 < float(batch.ecg[batch.lead_mask].std()) < 0.5
    assert batch.ecg[~batch.lead_mask].abs().max() == 0
    assert batch.reports[0] == "Report 0"


def test_a_store_travels_to_other_processes_without_its_arrays(store):
    store[0]
    data = pickle.dumps(store)
    assert len(data) < 400_000
    assert np.array_equal(pickle.loads(data)[3].ecg, store[3].ecg)
    chosen = Chosen(store, [4, 2])
    assert len(chosen) == 2 and chosen[1].id == store[2].id


def test_rows_outside_the_store_are_an_error(store):
    for index in (-1, len(store)):
        with pytest.raises(IndexError):
            store[index]


def same(a, b) -> bool:
    return a.table.equals(b.table) and a.manifest == b.manifest


def test_parallel_writing_and_division_among_machines_give_the_same_store(store, tmp_path):
    write_store(tmp_path / "two", Made(), processes=2)
    assert same(Store(tmp_path / "two"), store)
    assert write_store(tmp_path / "parts", Made(), part=(0, 2)) == []
    with pytest.raises(CardiolexError, match="no finished store; run the same command again"):
        Store(tmp_path / "parts")
    assert write_store(tmp_path / "parts", Made(), part=(1, 2)) == [("r5", "for the test")]
    assert same(Store(tmp_path / "parts"), store)


SLOW = """
import sys
sys.path.insert(0, sys.argv[2])
from test_store import Made, write_store
write_store(sys.argv[1], Made(delay=0.02))
"""


def test_a_killed_writer_goes_on_and_the_store_is_the_same(store, tmp_path):
    folder = tmp_path / "killed"
    command = [sys.executable, "-c", SLOW, str(folder), str(Path(__file__).parent)]
    process = subprocess.Popen(command)
    limit = time.monotonic() + 60
    while len(list(folder.glob("shards/[!.]*.json"))) < 2:
        assert process.poll() is None and time.monotonic() < limit
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = {path: path.stat().st_mtime_ns for path in folder.glob("shards/[!.]*.json")}
    assert not (folder / "manifest.json").exists()
    (folder / "shards" / ".00009.half.npy").write_bytes(b"half")
    counts = []
    write_store(folder, Made(), progress=lambda *count: counts.append(count))
    assert counts[-1] == (6, 6) and len(counts) == 6 - len(done)
    assert all(path.stat().st_mtime_ns == before for path, before in done.items())
    assert same(Store(folder), store)
    assert not [path for path in folder.rglob("*") if path.name.startswith(".")]


def test_another_source_does_not_continue_a_store(tmp_path):
    write_store(tmp_path, Made(count=4))
    with pytest.raises(CardiolexError, match="other settings or input"):
        write_store(tmp_path, Made(count=8))


def test_damage_is_found(tmp_path):
    write_store(tmp_path, Made(count=8))
    path = tmp_path / "shards" / "00001.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(CardiolexError, match=r"damaged or missing: shards/00001\.npy"):
        Store(tmp_path).verify()
    path.unlink()
    with pytest.raises(CardiolexError, match="cannot be opened"):
        Store(tmp_path)[0]


def test_labels_that_the_vocabulary_lacks_are_an_error(tmp_path):
    write_store(tmp_path, Made(count=4))
    small = Vocabulary.from_dict({"entity": [{"name": "sinus rhythm"}]})
    with pytest.raises(CardiolexError, match="lack"):
        Store(tmp_path, small)[0]


def test_amplitudes_beyond_the_range_are_clipped_not_wrapped(tmp_path):
    @dataclass(frozen=True)
    class Huge(Made):
        def shard(self, number, failures):
            big = Recording.from_channels(
                np.array([[50.0, -50.0] * 100], np.float32), ["I"], 100.0, unit="mV"
            )
            yield from rows(big, Truth(), self.preprocess)

    write_store(tmp_path, Huge(count=1))
    ecg = Store(tmp_path)[0].ecg[0] * 0.001
    assert ecg[0] == pytest.approx(32.767) and ecg[1] == pytest.approx(-32.768)
