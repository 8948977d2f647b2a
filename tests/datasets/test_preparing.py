"""A data set to a store: the same bytes however the work is divided or interrupted."""

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import public_layouts as layouts
import pytest

from cardiolex.datasets.on_ray import on_ray
from cardiolex.datasets.preparing import prepare_set
from cardiolex.datasets.simulated import simulate_to_store
from cardiolex.datasets.split_files import write_truth_tables
from cardiolex.datasets.store import Store
from cardiolex.errors import CardiolexError
from cardiolex.evaluation.truth import read_truth
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.simulation import Settings

PLAIN = Preprocess(fs=100.0, seconds=2.0, highpass_hz=None)


@pytest.fixture(scope="module")
def georgia(tmp_path_factory):
    """Twelve recordings, one of them cut off."""
    root = tmp_path_factory.mktemp("georgia")
    codes = ("426783006", "164889003", "427084000,164934002")
    layouts.challenge(root, {f"g{n % 2}/E{n:05d}": codes[n % 3] for n in range(12)})
    signal_file = root / "g1" / "E00005.mat"
    signal_file.write_bytes(signal_file.read_bytes()[:5000])
    return root


def prepare(root, store, **options):
    options = {"preprocess": PLAIN, "shard_size": 4, **options}
    return prepare_set("georgia", root, store, **options)


def content(store: Path) -> dict[str, bytes]:
    return {p.relative_to(store).as_posix(): p.read_bytes() for p in sorted(store.rglob("*.*"))}


@pytest.fixture(scope="module")
def whole(georgia, tmp_path_factory):
    """The store of one process at one go."""
    store = tmp_path_factory.mktemp("whole") / "store"
    return prepare(georgia, store), store


def test_what_cannot_be_read_is_listed_with_its_reason(whole):
    result, store = whole
    assert (result.recordings, result.windows) == (12, 11)
    assert [name for name, _ in result.failures] == ["g1/E00005.hea"]
    with (store / "failures.csv").open() as file:
        listed = list(csv.DictReader(file))
    assert listed[0]["record"] == "g1/E00005.hea"
    assert "holds" in listed[0]["reason"]
    table = Store(store).table
    assert "E00005" not in table["id"].to_pylist()
    assert table["codes"].to_pylist()[2] == ["427084000", "164934002"]
    labels = Store(store)[1].labels
    assert labels[Store(store).vocabulary.index["atrial fibrillation"]] == 1
    assert labels[Store(store).vocabulary.index["sinus rhythm"]] == 0


def test_processes_and_parts_give_the_same_bytes(georgia, whole, tmp_path):
    prepare(georgia, tmp_path / "two", processes=2)
    assert content(tmp_path / "two") == content(whole[1])
    for index in (1, 0, 2):
        result = prepare(georgia, tmp_path / "parts", part=(index, 3))
    assert result.finished
    assert content(tmp_path / "parts") == content(whole[1])


KILLED = """
import sys, time
import cardiolex.datasets.store_writer as writer
from cardiolex.datasets.preparing import prepare_set
from cardiolex.datasets.simulated import simulate_to_store
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.simulation import Settings
write = writer.write_shard
def slow(*arguments):
    number = write(*arguments)
    print(number, flush=True)
    time.sleep(0.4)
    return number
writer.write_shard = slow
plain = Preprocess(fs=100.0, seconds=2.0, highpass_hz=None)
prepare_set("georgia", sys.argv[1], sys.argv[2], preprocess=plain, shard_size=4)
"""


def test_a_kill_costs_the_shard_in_work_and_nothing_else(georgia, whole, tmp_path):
    store = tmp_path / "store"
    call = [sys.executable, "-c", KILLED, str(georgia), str(store)]
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().strip() == "0"
        os.kill(process.pid, signal.SIGKILL)
    assert not (store / "manifest.json").exists()
    first = (store / "shards" / "00000.npy").stat().st_mtime_ns
    result = prepare(georgia, store)
    assert content(store) == content(whole[1])
    assert (store / "shards" / "00000.npy").stat().st_mtime_ns == first
    assert result.failures == whole[0].failures


def test_a_download_that_went_on_is_not_mixed_into_an_old_store(georgia, tmp_path):
    layouts.challenge(tmp_path / "in", {"E00001": "426783006"})
    prepare(tmp_path / "in", tmp_path / "store")
    before = content(tmp_path / "store")
    layouts.challenge(tmp_path / "in", {"E00002": "426783006"})
    with pytest.raises(CardiolexError, match="begun with other tables or another set of files"):
        prepare(tmp_path / "in", tmp_path / "store")
    assert content(tmp_path / "store") == before


def test_a_ray_cluster_of_two_nodes_gives_the_same_bytes(georgia, whole, tmp_path, monkeypatch):
    ray = pytest.importorskip("ray", reason="the cluster extra is not installed")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_worker_niceness", "0")
    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    try:
        cluster.add_node(num_cpus=1)
        paths = [str(Path(__file__).parents[2] / "src"), *sys.path]
        environment = {"env_vars": {"PYTHONPATH": os.pathsep.join(paths)}}
        ray.init(address=cluster.address, log_to_driver=False, runtime_env=environment)
        cluster.wait_for_nodes()
        assert len([node for node in ray.nodes() if node["Alive"]]) == 2
        prepare(georgia, tmp_path / "store", engine=on_ray)
        simulated(tmp_path / "there", engine=on_ray)
    finally:
        ray.shutdown()
        cluster.shutdown()
    assert content(tmp_path / "store") == content(whole[1])
    simulated(tmp_path / "here")
    assert content(tmp_path / "there") == content(tmp_path / "here")


def simulated(folder, **options):
    settings = Settings(fs=100.0, seconds=5.0)
    preprocess = Preprocess(fs=100.0, seconds=5.0)
    simulate_to_store(folder, 4, preprocess=preprocess, settings=settings, shard_size=2, **options)


def test_training_never_sees_the_test_part(tmp_path):
    from cardiolex.recipes.on_store import split

    layouts.ptb_xl(tmp_path / "in")
    prepare_set("ptb-xl", tmp_path / "in", tmp_path / "store", preprocess=PLAIN)
    store = Store(tmp_path / "store")
    training, held_out = split(store, 0.5, reports=False)
    parts = store.table["split"].to_pylist()
    assert {parts[row] for row in training} == {"train"}
    assert {parts[row] for row in held_out} == {"val"}


def test_prepared_labels_become_truth_tables_of_the_parts(georgia, whole, tmp_path):
    result, store = whole
    assert [path.name for path in result.truths] == ["truth-all.csv"]
    table = read_truth(store / "truth-all.csv", georgia)
    assert "g1/E00005.hea" not in table.records and len(table.records) == 11
    found = dict(zip(table.records, table.labels, strict=True))["g0/E00004.hea"]
    told = dict(zip(table.conditions, found, strict=True))
    assert told["atrial fibrillation"] == 1 and told["sinus rhythm"] == 0
    assert "t wave abnormality" in told and "atrial flutter" not in told  # nobody has it

    layouts.challenge(
        tmp_path / "csn", {f"JS{n:05d}": "426177001,427393009" for n in (18048, 44279, 8246)}
    )
    parts = prepare_set("csn", tmp_path / "csn", tmp_path / "store", preprocess=PLAIN).truths
    assert [path.name for path in parts] == ["truth-test.csv", "truth-train.csv", "truth-val.csv"]


def test_truth_tables_of_what_is_there_go_to_evaluation(tmp_path):
    layouts.ptb_xl(tmp_path / "in")
    counts = write_truth_tables("ptbxl_super", tmp_path / "in", tmp_path / "truth")
    assert counts["val"] == (2, 2144)
    table = read_truth(tmp_path / "truth" / "val.csv", tmp_path / "in")
    assert table.records[0] == "records500/00000/00008_hr.hea"
    assert table.conditions[int(np.flatnonzero(table.labels[0])[0])] == "myocardial infarction"
    slow = write_truth_tables("ptbxl_super", tmp_path / "in", tmp_path / "slow", rate=100)
    assert slow == counts
    assert read_truth(tmp_path / "slow" / "val.csv", tmp_path / "in").records[0] == (
        "records100/00000/00008_lr.hea"
    )
    with pytest.raises(CardiolexError, match="none of the recordings of CSN is there"):
        write_truth_tables("csn", tmp_path / "in", tmp_path / "none")


def test_the_command_lists_failures_and_says_so(georgia, tmp_path, capsys):
    from cardiolex.cli import main

    with pytest.raises(SystemExit) as ended:
        main(["prepare", "georgia", str(georgia), str(tmp_path / "store"), "--processes", "1"])
    said = capsys.readouterr()
    assert ended.value.code == 1
    assert "11 windows of 12 recordings" in said.out
    assert "g1/E00005.hea" in said.err
    assert "1 not used, listed in" in said.err
    with pytest.raises(SystemExit) as ended:
        main(["prepare", "georgia", str(georgia), str(tmp_path / "x"), "--shard-index", "3"])
    assert ended.value.code == 2
