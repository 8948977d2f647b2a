import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from cardiolex.checkpoint import load_checkpoint, revise, save_checkpoint
from cardiolex.errors import CardiolexError

QUESTIONS = ["atrial fibrillation", "purple heart"]


@pytest.fixture(scope="module")
def saved(trained, tmp_path_factory):
    return save_checkpoint(trained, tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def copy(saved, tmp_path):
    shutil.copytree(saved, tmp_path / "copy")
    return tmp_path / "copy"


def answers(checkpoint):
    torch.manual_seed(1)
    leads, samples = torch.ones(2, 12, dtype=torch.bool), torch.ones(2, 2500, dtype=torch.bool)
    with torch.no_grad():
        return checkpoint.score(torch.randn(2, 12, 2500), leads, samples, QUESTIONS)


def test_everything_comes_back(trained, saved):
    loaded = load_checkpoint(saved)
    for field in ("name", "system_name", "preprocess", "calibration", "seen", "card", "training"):
        assert getattr(loaded, field) == getattr(trained, field)
    assert loaded.default_conditions == trained.default_conditions
    assert loaded.query_pooling == "mean"
    assert loaded.vocabulary.fingerprint == trained.vocabulary.fingerprint
    assert torch.equal(answers(loaded), answers(trained))
    assert not loaded.system.training


def test_a_folder_holds_the_promised_files_and_nothing_executable(saved):
    names = {path.relative_to(saved).as_posix() for path in saved.rglob("*") if path.is_file()}
    assert names >= {
        "config.json",
        "model.safetensors",
        "preprocess.json",
        "vocabulary.json",
        "calibration.json",
        "selftest.npz",
        "README.md",
        "text/model.safetensors",
    }
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pkl", ".py"))]
    assert [path.name for path in saved.parent.iterdir()] == ["tiny"]
    assert {(saved / name).stat().st_mode & 0o777 for name in names} == {0o644}


@pytest.mark.parametrize("weights", ["float16", "bfloat16"])
def test_half_precision_halves_the_file_and_is_read_as_float32(trained, saved, tmp_path, weights):
    folder = save_checkpoint(trained, tmp_path / weights, weights=weights)
    for part in ("model.safetensors", "text/model.safetensors"):
        assert (folder / part).stat().st_size < 0.6 * (saved / part).stat().st_size
    loaded = load_checkpoint(folder)
    assert {p.dtype for p in loaded.system.parameters()} == {torch.float32}
    assert torch.allclose(answers(loaded), answers(trained), atol=0.05)


def test_a_folder_that_moved_still_loads_and_saving_again_replaces_it(trained, copy):
    (copy / "stray.txt").write_text("left over")
    save_checkpoint(trained, copy)
    assert not (copy / "stray.txt").exists()
    moved = copy.rename(copy.with_name("elsewhere"))
    assert load_checkpoint(moved).name == "tiny 1.0"


def test_a_failed_save_leaves_the_old_folder_alone(trained, copy, monkeypatch):
    before = (copy / "model.safetensors").read_bytes()
    monkeypatch.setattr("cardiolex.checkpoint.folder.write_selftest", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save_checkpoint(trained, copy)
    assert (copy / "model.safetensors").read_bytes() == before
    assert [path.name for path in copy.parent.iterdir()] == ["copy"]


def edit(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_missing_extra_and_misshapen_weights_are_errors(copy):
    path = copy / "model.safetensors"
    weights = load_file(path)
    key = "encoder.norm.weight"
    without = {k: v for k, v in weights.items() if k != key}
    for wrong, message in (
        (without, "Missing key"),
        ({**weights, "surplus": torch.zeros(1)}, "Unexpected key"),
        ({**weights, key: torch.zeros(7)}, "size mismatch"),
    ):
        save_file(wrong, path)
        with pytest.raises(CardiolexError, match=message):
            load_checkpoint(copy)


def test_changed_weights_do_not_pass_the_selftest(copy):
    path = copy / "model.safetensors"
    weights = load_file(path)
    weights["query_network.classifier.bias"] += 0.1
    save_file(weights, path)
    with pytest.raises(CardiolexError, match="does not compute here what it did"):
        load_checkpoint(copy)


def test_a_changed_text_encoder_does_not_pass_either(copy):
    path = copy / "text" / "model.safetensors"
    weights = load_file(path)
    weights["embeddings.word_embeddings.weight"] *= -1
    save_file(weights, path, {"format": "pt"})
    with pytest.raises(CardiolexError, match="does not compute here what it did"):
        load_checkpoint(copy)


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("config.json", lambda c: c.update(schema=99), "schema 99"),
        ("config.json", lambda c: c.update(system="os.system"), "unknown system 'os.system'"),
        ("config.json", lambda c: c["settings"].update(layers=3), "layers"),
        ("config.json", lambda c: c.pop("seen"), "lacks seen"),
        ("config.json", lambda c: c.update(digests=3), "preprocess.json: is not the one"),
        ("preprocess.json", lambda c: c.update(gain=2), "unknown \\['gain'\\]"),
        ("preprocess.json", lambda c: c.update(highpass_hz=0.05), "preprocess.json: is not the"),
        ("vocabulary.json", lambda c: c["entity"][0]["synonyms"].append("x y"), "y.json: is not"),
        ("vocabulary.json", lambda c: c["entity"].pop(), "size mismatch"),
    ],
)
def test_edited_files_are_refused(copy, file, change, message):
    edit(copy / file, change)
    with pytest.raises(CardiolexError, match=message):
        load_checkpoint(copy)


def test_a_folder_of_before_there_were_digests_loads_and_gets_them_when_revised(copy, tmp_path):
    edit(copy / "config.json", lambda config: config.pop("digests"))
    load_checkpoint(copy)
    revised = revise(copy, tmp_path / "revised", card="# new\n")
    assert load_checkpoint(revised).card == "# new\n"
    edit(revised / "preprocess.json", lambda content: content.update(highpass_hz=0.05))
    for use in (load_checkpoint, lambda folder: revise(folder, folder)):
        with pytest.raises(CardiolexError, match=r"preprocess\.json: is not the one"):
            use(revised)
    (revised / "config.json").write_text("{")
    with pytest.raises(CardiolexError, match=r"config\.json: is not valid JSON"):
        revise(revised, revised)


def test_spacing_and_line_ends_are_no_change(copy):
    for name in ("preprocess.json", "vocabulary.json"):
        content = json.loads((copy / name).read_text())
        (copy / name).write_bytes(json.dumps(content, indent=4).replace("\n", "\r\n").encode())
    load_checkpoint(copy)


@pytest.mark.parametrize(
    "file",
    ["config.json", "model.safetensors", "preprocess.json", "vocabulary.json", "selftest.npz"],
)
def test_missing_and_garbled_files_are_named(copy, file):
    content = (copy / file).read_bytes()
    (copy / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(CardiolexError, match=file.split(".")[0]):
        load_checkpoint(copy)
    (copy / file).unlink()
    with pytest.raises(CardiolexError, match=file):
        load_checkpoint(copy)


def test_no_folder_is_an_error_and_calibration_is_optional(copy, tmp_path):
    with pytest.raises(CardiolexError, match="no such checkpoint folder"):
        load_checkpoint(tmp_path / "nowhere")
    (copy / "calibration.json").unlink()
    assert not load_checkpoint(copy).calibration.conditions
