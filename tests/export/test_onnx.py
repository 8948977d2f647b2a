"""An exported model answers as its checkpoint does, and needs no torch for it."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from systems.tiny_systems import made

from cardiolex import load, read
from cardiolex.errors import CardiolexError
from cardiolex.export.graphs import token_network
from cardiolex.export.onnx import export_onnx
from cardiolex.export.weights import halve, quantize
from cardiolex.portable.folder import is_exported, load_exported
from cardiolex.portable.interpreter import OnnxInterpreter
from cardiolex.portable.tokens import recorded, score
from cardiolex.recordings.samples import sample_paths

ASKED = ["atrial fibrillation", "left bundle branch block", "sinus rhythm", "purple heart"]
PATHS = sample_paths()[::4]
WITHOUT_TORCH = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers", "onnx", "onnxscript"):
            raise ImportError(name + " is not to be had here")

sys.meta_path.insert(0, Block())
from cardiolex.cli import main

main(sys.argv[1:])
"""


@pytest.fixture(scope="module")
def exported(model_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported") / "onnx"
    parity = export_onnx(model_folder, folder)
    assert parity.logits <= 1e-4
    return folder


@pytest.fixture(scope="module")
def recordings():
    return [read(path) for path in PATHS]


@pytest.mark.parametrize("leads", [None, ["I"], ["I", "II", "V2"], ["II", "aVF"]])
def test_it_answers_as_the_checkpoint_does(exported, model, recordings, leads):
    ours = load(exported).score(recordings, ASKED, leads)
    theirs = model.score(recordings, ASKED, leads)
    assert np.abs(ours - theirs).max() < 1e-4
    assert np.ptp(ours, axis=0).min() > 0.01


def test_the_folder_can_be_told_from_a_checkpoint(exported, model_folder):
    assert is_exported(exported) and not is_exported(model_folder)
    with pytest.raises(CardiolexError, match="an exported model"):
        from cardiolex.checkpoint import load_checkpoint

        load_checkpoint(exported)


def test_the_command_line_reads_it_where_there_is_no_torch(exported, model, recordings):
    call = ["interpret", str(PATHS[0]), "--model", str(exported), "--format", "json"]
    call += ["--conditions", "; ".join(ASKED), "--leads", "I,II"]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *call], capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)
    found = [row["probability"] for row in told["findings"]]
    expected = model.score(recordings[:1], ASKED, ["I", "II"])[0]
    assert np.abs(np.array(found) - expected).max() < 1e-4


def test_evidence_without_gradients(exported, model, recordings):
    short = recordings[0].crop(0, 3)
    ours = load(exported).explain(short, "sinus rhythm", leads=["I", "II"])
    theirs = model.explain(short, "sinus rhythm", leads=["I", "II"], method="occlusion")
    assert np.allclose(ours.relevance, theirs.relevance, atol=1e-3)
    assert np.allclose(ours.deletion.random, theirs.deletion.random, atol=1e-3)
    with pytest.raises(CardiolexError, match="occlusion"):
        load(exported).explain(short, "sinus rhythm", method="attention")


def test_few_leads_and_nearest_terms_are_those_of_the_checkpoint(exported, model, recordings):
    some = recordings[0].select(["I", "II", "V2"]).crop(0, 5)
    ours = load(exported).sufficient_leads(some, "sinus rhythm")
    theirs = model.sufficient_leads(some, "sinus rhythm")
    assert (ours.leads, ours.tried) == (theirs.leads, theirs.tried)
    names = [name for name, _ in load(exported).nearest_terms("purple heart")]
    assert names == [name for name, _ in model.nearest_terms("purple heart")]


def test_damage_is_noticed(exported, tmp_path):
    for name in ("model.onnx", "selftest.npz", "tokenizer.json", "config.json"):
        copy = tmp_path / name
        shutil.copytree(exported, copy)
        whole = (copy / name).read_bytes()
        (copy / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(CardiolexError, match=name.split(".")[0]):
            load(copy)
    copy = tmp_path / "other"
    shutil.copytree(exported, copy)
    with np.load(copy / "selftest.npz") as stored:
        arrays = dict(stored)
    np.savez(copy / "selftest.npz", **{**arrays, "output": arrays["output"] + 0.1})
    with pytest.raises(CardiolexError, match="does not compute here"):
        load(copy)


def test_models_without_tokens_of_leads_are_refused():
    with pytest.raises(CardiolexError, match="only models that ask tokens"):
        token_network(made("merl"), "a MERL")


@pytest.fixture(scope="module")
def in_eight_bits(exported, tmp_path_factory):
    """The exported model with smaller weights, as `export onnx --weights int8` writes it."""
    folder = tmp_path_factory.mktemp("int8") / "onnx"
    shutil.copytree(exported, folder)
    quantize(folder)
    facts = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**facts, "weights": "int8"}))
    return OnnxInterpreter(load_exported(folder, selftest=False))


def test_eight_bit_weights_are_near(exported, in_eight_bits, recordings):
    off = in_eight_bits.score(recordings, ASKED) - load(exported).score(recordings, ASKED)
    assert 1e-6 < np.abs(off).max() < 0.3  # random weights, made sixteen times as large


def test_eight_bit_answers_depend_on_no_other_question_or_window(in_eight_bits, recordings):
    (ecg,) = recordings[:1]
    together = in_eight_bits.score([ecg], ASKED)[0]
    alone = [in_eight_bits.score([ecg], [condition])[0, 0] for condition in ASKED]
    np.testing.assert_allclose(together, alone, atol=1e-5)
    model = in_eight_bits.model
    window = model.preprocess.windows(ecg.crop(0, 10))
    visible = recorded(window.lead_mask, window.sample_mask, model.segment_samples).repeat(2, 0)
    two = np.concatenate([window.ecg, 3 * window.ecg])
    queries = in_eight_bits.vectors(ASKED)
    each = [model.score(two[k : k + 1], visible[k : k + 1], queries)[0] for k in (0, 1)]
    np.testing.assert_allclose(model.score(two, visible, queries), each, atol=1e-4)
    assert np.abs(score(model.network, two, visible, queries) - each).max() > 1e-3  # not alone


def test_half_precision_halves_the_files_and_hardly_changes_answers(exported, recordings, tmp_path):
    shutil.copytree(exported, tmp_path / "half")
    halve(tmp_path / "half")
    for name in ("model.onnx", "text.onnx"):
        sizes = [(folder / name).stat().st_size for folder in (tmp_path / "half", exported)]
        assert sizes[0] < 0.85 * sizes[1]  # of so small a model the graph itself is much
    model = OnnxInterpreter(load_exported(tmp_path / "half", selftest=False))
    off = model.score(recordings[:1], ASKED) - load(exported).score(recordings[:1], ASKED)
    assert 1e-7 < np.abs(off).max() < 0.05  # weights sixteen times too large
