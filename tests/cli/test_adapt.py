from dataclasses import replace

import pytest
import torch
from made_files import write_csv
from safetensors.torch import load_file

from cardiolex.checkpoint import load_checkpoint, save_checkpoint
from cardiolex.nn.measurement_reader import MeasurementReader
from cardiolex.recordings.measurements import NAMES


@pytest.fixture
def labelled(tmp_path):
    """Nine recordings of two rates with a truth table that names patients, and one too short."""
    folder, lines = tmp_path / "records", ["record,patient,atrial fibrillation,sinus rhythm"]
    for number in range(9):
        fast = number % 2
        write_csv(folder / f"r{number}.csv", ["I", "II", "V1"], rate=60 + 60 * fast)
        lines.append(f"r{number}.csv,p{number},{fast},{1 - fast}")
    write_csv(folder / "short.csv", seconds=0.9)
    table = tmp_path / "own.csv"
    table.write_text("\n".join([*lines, "short.csv,p9,1,0"]) + "\n")
    return table, folder


@pytest.fixture
def with_reader(trained, tmp_path):
    torch.manual_seed(0)
    config = MeasurementReader.Config(bins=4, width=16, hidden=8)
    reader = MeasurementReader(config, len(NAMES), trained.text.dim).eval()
    card = "# Card\n\n## Measured\n\nold figures\n\n## Limits\n\nmany\n"
    return save_checkpoint(replace(trained, reader=reader, card=card), tmp_path / "model")


def test_a_model_is_moved_towards_labelled_recordings_and_says_so(
    call, labelled, with_reader, tmp_path
):
    table, folder = labelled
    tokens = (table, "--root", folder, "--model", with_reader, "--folds", 3)
    ended = call("adapt", *tokens, "--output", tmp_path / "moved")
    assert ended.status == 1  # one record was too short
    assert "all leads (2 conditions): 0." in ended.out and "one lead (2 conditions)" in ended.out
    moved = load_checkpoint(tmp_path / "moved")
    assert moved.name.endswith(", adapted") and moved.training["adapted"]["tables"] == ["own"]
    assert "9 patients, 2 conditions" in moved.card
    assert "old figures" not in moved.card and "## Limits" in moved.card
    assert set(moved.seen) >= {"atrial fibrillation", "sinus rhythm"}
    before, after = (load_file(p / "reader.safetensors") for p in (with_reader, tmp_path / "moved"))
    changed = {n for n in before if (before[n].to(after[n].dtype) != after[n]).any()}
    assert changed == {"weigh.2.weight", "weigh.2.bias"}


def test_a_model_without_measurements_is_refused(call, labelled, model_folder, tmp_path):
    table, folder = labelled
    tokens = (table, "--root", folder, "--model", model_folder, "--output", tmp_path / "moved")
    ended = call("adapt", *tokens)
    assert ended.status == 1 and "cardiolex pretrain reader" in ended.err
    assert not (tmp_path / "moved").exists()
