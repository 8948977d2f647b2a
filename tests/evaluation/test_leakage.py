"""Leaks put in on purpose must be found, and nothing else."""

import csv
import json

import numpy as np
import pytest

from cardiolex.cli import main
from cardiolex.datasets.splits import load_split
from cardiolex.evaluation.leakage.alike import _compared, _hashed, alike
from cardiolex.evaluation.leakage.checks import check_prompts
from cardiolex.evaluation.leakage.sides import public_name
from cardiolex.evaluation.leakage.signatures import signature
from cardiolex.recordings.readers import read
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.samples import sample_paths
from cardiolex.reports.extract import Rules
from cardiolex.reports.prompts import prompt


@pytest.fixture(scope="module")
def samples():
    """The bundled real recordings of at least five seconds."""
    return [r for r in map(read, sample_paths()) if r.duration >= 5]


def test_a_copy_is_known_in_any_form_and_others_are_not_taken_for_it(samples):
    signatures = np.stack([signature(recording) for recording in samples])
    products = signatures @ signatures.T
    assert products[~np.eye(len(samples), dtype=bool)].max() < 0.9
    for recording, own in zip(samples, signatures, strict=True):
        coarse = Recording(np.round(recording.mv / 0.005) * 0.005, recording.leads, recording.fs)
        for copy in (recording.resample(100.0), coarse, recording.crop(0.0, 9.0)):
            assert signature(copy) @ own > 0.98
        scaled = Recording(recording.mv * 3 + 0.4, recording.leads, recording.fs)
        assert signature(scaled) @ own > 0.99


def test_what_is_flat_or_short_has_no_signature():
    assert signature(Recording(np.zeros((1, 5000)), ("I",), 500.0)) is None
    assert (
        signature(Recording(np.random.default_rng(0).normal(size=(1, 200)), ("I",), 500.0)) is None
    )


def test_hashing_finds_what_comparing_all_pairs_finds():
    rng = np.random.default_rng(1)
    base = rng.standard_normal((600, 128)).astype(np.float32)
    copies = base[:40] + 0.1 * rng.standard_normal((40, 128)).astype(np.float32)
    every = np.concatenate([base, base[:20], copies])
    every /= np.linalg.norm(every, axis=1, keepdims=True)
    exact = dict(_compared(every, 0.97))
    assert len(exact) == 20 + 40 + 20  # copies of copies too
    assert dict(_hashed(every, 0.97)) == pytest.approx(exact)
    assert [pair[:2] for pair in alike(every)] == sorted(exact)


def test_names_of_copies_are_one_name():
    assert public_name("records500/00000/00017_hr.hea") == "PTB-XL 17"
    assert public_name("g1/HR00017.mat") == public_name("00017_lr.hea") == "PTB-XL 17"
    assert public_name("A0001.mat") == "CPSC2018 A0001"
    assert public_name("17.hea") is None


def write(path, recording, scale=1.0):
    np.save(path, (recording.mv * scale).astype(np.float32))
    facts = {"fs": recording.fs, "leads": list(recording.leads), "unit": "mV"}
    path.with_suffix(".json").write_text(json.dumps(facts))


def truth(path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["record", "patient", "atrial fibrillation"], *rows])


def run(*words):
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", "leakage", *map(str, words)])
    return ended.value.code


def test_the_command_finds_each_kind_of_leak(tmp_path, samples, capsys):
    for name, recording in zip(("a", "b", "c", "d", "e"), samples, strict=False):
        write(tmp_path / f"{name}.npy", recording)
    write(tmp_path / "a_again.npy", samples[0].resample(250.0), 2.0)
    write(tmp_path / "HR00017.npy", samples[5])
    write(tmp_path / "00017_hr.npy", samples[6])
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    truth(train, [["a.npy", "p1", 1], ["b.npy", "p2", 0], ["HR00017.npy", "p3", 0]])
    truth(test, [["a_again.npy", "p4", 1], ["c.npy", "p2", 0], ["00017_hr.npy", "p6", 0]])
    output = tmp_path / "found.json"
    assert run(train, test, "--root", tmp_path, "--output", output) == 1
    found = {one["kind"]: one for one in json.loads(output.read_text())["found"]}
    assert set(found) == {"patient", "record", "signal"}
    assert found["patient"]["first"] == "train: b.npy"
    assert found["record"]["what"] == "PTB-XL 17"
    assert (found["signal"]["first"], found["signal"]["second"]) == (
        "train: a.npy",
        "test: a_again.npy",
    )
    assert "recordings of two parts with the same signal" in capsys.readouterr().out
    clean = tmp_path / "clean.csv"
    truth(clean, [["d.npy", "p7", 1], ["e.npy", "p8", 0]])
    assert run(train, clean, "--root", tmp_path) == 0
    assert run(train) == 1  # a truth table without --root


def test_parts_of_a_store_are_compared(tmp_path):
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).parents[1] / "datasets"))
    import public_layouts as layouts

    from cardiolex.datasets.preparing import prepare_set
    from cardiolex.recordings.preprocess import Preprocess

    root = tmp_path / "in"
    layouts.ptb_xl(root)
    for number, seed in ((1, 3), (8, 4), (9, 3), (10, 5)):  # train and test hold one signal
        file = root / "records500/00000" / f"{number:05d}_hr.dat"
        file.write_bytes(layouts.ecg_like(seed).T.tobytes())
    plain = Preprocess(fs=500.0, seconds=10.0)
    prepare_set("ptb-xl", root, tmp_path / "store", preprocess=plain)
    assert run(tmp_path / "store", "--output", tmp_path / "found.json") == 1
    found = json.loads((tmp_path / "found.json").read_text())["found"]
    assert [
        (one["kind"], one["first"].split("/")[1], one["second"].split("/")[1]) for one in found
    ] == [("signal", "train: records500", "test: records500")]


class Said:
    side, file = "test", "x.hea"
    report = "Sinus rhythm. Left axis deviation with poor R wave progression."


@pytest.fixture(scope="module")
def rules():
    return Rules()


def test_prompts_that_name_another_class_or_repeat_a_report(rules):
    prompts = {
        "atrial flutter": ["sawtooth waves, often seen beside atrial fibrillation"],
        "atrial fibrillation": ["irregular rhythm without P waves"],
        "inferior myocardial infarction": ["an old myocardial infarction of the inferior wall"],
        "myocardial infarction": ["anterior or inferior myocardial infarction"],
        "left axis deviation": ["left axis deviation with poor r wave progression"],
    }
    found = check_prompts(prompts, [Said()], rules)
    assert [(one.first, one.second) for one in found] == [
        ("atrial flutter", "atrial fibrillation"),
        ("left axis deviation", "test: x.hea"),
    ]


def test_the_bundled_prompts_name_no_other_class_of_their_set(rules):
    for name in ("ptbxl_sub", "cpsc2018"):
        asked = {c: [prompt(c, rules.vocabulary, "concise")] for c in load_split(name).conditions}
        assert check_prompts(asked, [], rules) == []
