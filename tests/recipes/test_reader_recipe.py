import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from cardiolex import load, read
from cardiolex.checkpoint import load_checkpoint, save_checkpoint
from cardiolex.errors import CardiolexError
from cardiolex.interpreter import Interpreter
from cardiolex.recipes.reader import ReaderRun, hide, train_reader
from cardiolex.recordings.measurements.windows import measure_windows
from cardiolex.recordings.samples import sample_paths

SMALL = {
    "recordings": 12,
    "processes": 1,
    "reader": {"width": 16, "hidden": 8, "blocks": 1, "bins": 4, "share": 0.5},
    "trainer": {"steps": 6, "batch_size": 8, "warmup_steps": 0, "log_every": 3, "average": None},
}
ASKED = ["atrial fibrillation", "left bundle branch block"]


@pytest.fixture(scope="module")
def run_folder(model_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reader")
    config = ReaderRun.model_validate({"model": model_folder, "output": folder, **SMALL})
    assert train_reader(config) == folder / "model"
    return folder


@pytest.fixture
def copy(run_folder, tmp_path):
    shutil.copytree(run_folder / "model", tmp_path / "copy")
    return tmp_path / "copy"


def test_the_answer_is_the_weighted_mean_of_signal_and_measurements(run_folder):
    both = load(run_folder / "model", device="cpu")
    recordings = [read(path) for path in sample_paths()[:3]]
    checkpoint = both.checkpoint
    signal = Interpreter(replace(checkpoint, reader=None)).logits(recordings, ASKED)
    vectors = checkpoint.encode_queries([q.text for q in both.questions(ASKED)])
    for recording, alone, fused in zip(
        recordings, signal, both.logits(recordings, ASKED), strict=True
    ):
        values = measure_windows(checkpoint.preprocess.windows(recording), checkpoint.preprocess.fs)
        with torch.no_grad():
            read_ = checkpoint.reader(torch.from_numpy(values), vectors).numpy().mean(axis=0)
        assert np.allclose(fused, 0.5 * alone + 0.5 * read_, atol=2e-4)
        assert np.abs(fused - alone).max() > 0.05


def test_training_is_recorded_and_the_former_calibration_is_gone(model_folder, run_folder):
    before, after = load_checkpoint(model_folder), load_checkpoint(run_folder / "model")
    assert after.training["reader"]["data"]["simulated"]["count"] == 12
    assert after.training["reader"]["views"] == 36 and after.training["reader"]["steps"] == 6
    assert "## Measurements" in after.card and "12 further simulated recordings" in after.card
    assert before.calibration.conditions and not after.calibration.conditions
    assert after.seen >= before.seen
    assert (after.reader.edges.diff(dim=1) > 0).all()  # as stored


def test_the_same_call_goes_on_and_another_is_refused(model_folder, run_folder):
    config = {"model": model_folder, "output": run_folder, **SMALL}
    before = (run_folder / "model" / "reader.safetensors").read_bytes()
    train_reader(ReaderRun.model_validate(config))
    assert (run_folder / "model" / "reader.safetensors").read_bytes() == before
    with pytest.raises(CardiolexError, match=r"unmeasured was 0\.05, is 0\.2"):
        train_reader(ReaderRun.model_validate({**config, "unmeasured": 0.2}))


def test_damaged_readers_are_refused(copy):
    weights = load_file(copy / "reader.safetensors")
    save_file({**weights, "norm.weight": weights["norm.weight"] * 1.5}, copy / "reader.safetensors")
    with pytest.raises(CardiolexError, match="does not compute here"):
        load_checkpoint(copy)
    (copy / "reader.safetensors").unlink()
    with pytest.raises(CardiolexError, match=r"reader\.safetensors: cannot be read"):
        load_checkpoint(copy)
    config = json.loads((copy / "config.json").read_text())
    config["reader"]["values"][0] = "pulse"
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(CardiolexError, match="knows other measurements"):
        load_checkpoint(copy)


def test_a_model_without_millivolts_cannot_have_a_reader(trained, run_folder, tmp_path):
    from dataclasses import replace

    reader = load_checkpoint(run_folder / "model").reader
    scaled = replace(trained.preprocess, scale="minmax")
    with pytest.raises(CardiolexError, match="measurements need millivolts"):
        save_checkpoint(replace(trained, preprocess=scaled, reader=reader), tmp_path / "m")


def test_hidden_values_are_a_random_share_that_differs_by_row():
    torch.manual_seed(0)
    lacking = hide(torch.zeros(400, 300), 0.1).isnan().float().mean(dim=1)
    assert abs(float(lacking.mean()) - 0.1) < 0.01
    assert lacking.min() < 0.03 and lacking.max() > 0.17
