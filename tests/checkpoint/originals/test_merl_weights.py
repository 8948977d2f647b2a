"""MERL's released weights: same outputs, same leads, nothing lost, nothing executed."""

import os
import pickle
import shutil

import parity
import pytest
import torch
from torch import nn

from cardiolex import load
from cardiolex.checkpoint import save_checkpoint
from cardiolex.checkpoint.originals import MIMIC_LEADS
from cardiolex.checkpoint.originals.merl import convert, read_system, size_name
from cardiolex.checkpoint.originals.torch_file import read_torch_file
from cardiolex.encoders.text import HuggingFaceText
from cardiolex.errors import CardiolexError
from cardiolex.objectives.contrastive import info_nce
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.recording import Recording

NETWORKS = ["merl_resnet18", "merl_vit_tiny"]
OURS = [MIMIC_LEADS.index(lead) for lead in LEADS]  # row of each of our leads in their input


@pytest.fixture(params=NETWORKS)
def network(request) -> str:
    return request.param


def masks(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.ones(n, 12, dtype=torch.bool), torch.ones(n, 5000, dtype=torch.bool)


@torch.no_grad()
def test_outputs_and_losses_are_those_of_the_original(network):
    system, whole = read_system(parity.weights(parity.shapes(network)), network)
    system.eval()
    assert whole
    want = parity.expected(network)
    parts = (parity.ecg(3)[:, OURS], *masks(3))
    tokens = system.tokens(*parts)
    pooled = system.encoder.pool(tokens)
    shared = system.head.shared(pooled)
    got = {
        "feature": system.embed_ecg(*parts),
        "ecg_embedding": system.head.embedding(tokens, pooled),
        "text_embedding": system.embed_text(want["text_pooled"]),
        "uma_view_1": system.views[0](shared),
        "uma_view_2": system.views[1](shared),
        "clip_loss": info_nce(want["loss_x"], want["loss_y"], 0.07, "sum"),
    }
    for name, value in got.items():
        assert parity.relative(value, want[name]) < 1e-4, name
    unit = nn.functional.normalize(want["ecg_embedding"], dim=1)
    assert parity.relative(system.project_ecg(*parts), unit) < 1e-4
    scores = system.score_queries(*parts, want["text_pooled"])
    assert torch.allclose(scores, unit @ want["text_embedding"].T / 0.07, atol=1e-3)


@torch.no_grad()
def test_a_lead_in_the_wrong_place_is_noticed(network):
    system, _ = read_system(parity.weights(parity.shapes(network)), network)
    as_theirs = system.eval().embed_ecg(parity.ecg(3), *masks(3))
    assert parity.relative(as_theirs, parity.expected(network)["feature"]) > 1e-3


def text_weights(text: HuggingFaceText, scale: float = 1.0) -> dict[str, torch.Tensor]:
    stored = {f"lm_model.{k}": v.clone() * scale for k, v in text.model.state_dict().items()}
    return {**stored, "lm_model.embeddings.position_ids": torch.arange(96)[None]}


@pytest.fixture(scope="module")
def wide_bert(tmp_path_factory):
    """A text encoder of the published width, with a pooler."""
    from tiny_bert import make_bert

    return make_bert(tmp_path_factory.mktemp("wide"), pooler=True, width=768)


@pytest.fixture
def released(network, wide_bert, tmp_path):
    """A file as a training run of the original leaves it."""
    weights = parity.weights(parity.shapes(network))
    weights |= text_weights(HuggingFaceText(wide_bert), 1.5)
    state = {"epoch": 3, "model_state_dict": {f"module.{k}": v for k, v in weights.items()}}
    torch.save({**state, "optimizer_state_dict": {}}, tmp_path / "3_ckpt.pth")
    return tmp_path / "3_ckpt.pth"


def test_a_released_file_becomes_a_model_that_answers(network, released, wide_bert, tmp_path):
    checkpoint = convert(released, wide_bert)
    assert (
        checkpoint.name
        == {
            "merl_resnet18": "MERL-ResNet18, released weights",
            "merl_vit_tiny": "MERL-ViT-tiny, released weights",
        }[network]
    )
    model = load(save_checkpoint(checkpoint, tmp_path / "model"), device="cpu")
    stored = torch.load(released, weights_only=True)["model_state_dict"]
    name = "encoder.layer.1.output.dense.weight"
    assert torch.equal(
        model.checkpoint.text.model.state_dict()[name], stored[f"module.lm_model.{name}"]
    )
    mv = parity.ecg(1)[0].numpy() * 3 - 1
    straight = Recording.from_channels(mv, MIMIC_LEADS, 500.0, unit="mV")
    back = Recording.from_channels(mv[::-1].copy(), MIMIC_LEADS[::-1], 500.0, unit="mV")
    answers = model.score([straight, back], ["atrial fibrillation", "sinus rhythm"])
    assert (answers[0] == answers[1]).all()
    assert len(model.interpret(straight)) > 70  # the classes of the six sets
    scaled = (mv - mv.min()) / (mv.max() - mv.min())
    with torch.no_grad():
        parts = (torch.from_numpy(scaled)[None, OURS], *masks(1))
        feature = checkpoint.system.embed_ecg(*parts)[0].numpy()
    assert model.embed([straight])[0] == pytest.approx(
        feature / (feature**2).sum() ** 0.5, abs=1e-5
    )


def test_a_pooler_that_only_the_file_has_is_taken_from_it(wide_bert, tmp_path):
    from tiny_bert import make_bert

    text = HuggingFaceText(wide_bert)
    weights = parity.weights(parity.shapes("merl_vit_tiny")) | text_weights(text)
    torch.save(weights, tmp_path / "whole.pth")
    bare = make_bert(tmp_path / "bare", seed=3, width=768)
    for file in wide_bert.glob("tokenizer*"):  # training one twice may number pieces otherwise
        shutil.copy(file, bare)
    checkpoint = convert(tmp_path / "whole.pth", bare)
    save_checkpoint(checkpoint, tmp_path / "model")
    stored = load(tmp_path / "model", device="cpu").checkpoint
    words = ["atrial fibrillation"]
    assert torch.equal(stored.encode_queries(words), text.encode(words, "pooler"))


def test_an_encoder_alone_embeds_and_says_that_it_cannot_answer(network, tmp_path):
    weights = parity.weights(parity.shapes(network))
    alone = {k[12:]: v for k, v in weights.items() if k.startswith("ecg_encoder.")}
    torch.save(alone, tmp_path / "encoder.pth")
    folder = save_checkpoint(
        convert(tmp_path / "encoder.pth", "no such encoder"), tmp_path / "model"
    )
    model = load(folder, device="cpu")
    parts = (parity.ecg(3)[:, OURS], *masks(3))
    with torch.no_grad():
        feature = model.system.embed_ecg(*parts)
    assert parity.relative(feature, parity.expected(network)["feature"]) < 1e-4
    recording = Recording.from_channels(parity.ecg(1)[0].numpy(), MIMIC_LEADS, 500.0, unit="mV")
    assert model.embed([recording]).shape == (1, feature.shape[1])
    with pytest.raises(CardiolexError, match="understands no words"):
        model.interpret(recording, ["sinus rhythm"])


@pytest.mark.parametrize("depth", [34, 50, 101])
def test_deeper_networks_are_recognised(depth):
    from cardiolex.encoders.resnet1d import ResNet1D

    torch.manual_seed(0)
    ours = ResNet1D(ResNet1D.Config(depth=depth, width=2))
    system, whole = read_system(original_names(ours.state_dict()), "x")
    assert (size_name(system.config.encoder), whole) == (f"ResNet{depth}", False)
    assert torch.equal(system.encoder.stages[2][5].conv2.weight, ours.stages[2][5].conv2.weight)


def original_names(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The released names of a ResNet's weights."""
    result = {}
    for name, value in weights.items():
        name = name.replace("norm.", "bn1.") if name.startswith("norm.") else name
        name = name.replace("conv.", "conv1.") if name.startswith("conv.") else name
        for stage in range(4):
            name = name.replace(f"stages.{stage}.", f"layer{stage + 1}.")
        result[name.replace(".norm", ".bn")] = value
    return result


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("downconv.bias"), "lacks the weights of head.reduce.bias"),
        (lambda w: w.pop("ecg_encoder.conv1.weight"), "no first layer"),
        (lambda w: w.pop("proj_t.2.weight"), "lacks the weights of text_projector.2.weight"),
        (lambda w: w.update(extra=torch.zeros(2)), "does not know: extra"),
        (lambda w: w.update({"proj_e.0.weight": torch.zeros(2, 2)}), "head.projector.0.weight"),
        (lambda w: w.update({"linear1.weight": torch.zeros(2, 2)}), r"shape \(2, 2\)"),
        (lambda w: w.pop("ecg_encoder.layer3.1.conv1.weight"), "stages.2.1.conv1.weight"),
    ],
)
def test_every_weight_is_used_or_named(change, message):
    weights = parity.weights(parity.shapes("merl_resnet18"))
    change(weights)
    with pytest.raises(CardiolexError, match=f"released.pth: .*{message}"):
        read_system(weights, "released.pth")


def test_a_text_encoder_that_does_not_fit_is_refused(released, bert_folder):
    with pytest.raises(CardiolexError, match="text encoder"):
        convert(released, bert_folder)
    weights = torch.load(released, weights_only=True)["model_state_dict"]
    weights = {k: v for k, v in weights.items() if ".lm_model." not in k}
    torch.save(weights, released)
    with pytest.raises(CardiolexError, match=r"vectors of 768 numbers.* gives 32"):
        convert(released, bert_folder)


class Evil:
    def __reduce__(self):
        return os.system, ("touch executed",)


BAD = {
    "empty": b"",
    "text": b"no weights",
    "pickle": pickle.dumps(Evil(), protocol=2),
    "cut": b"PK\x03\x04 cut",
}


@pytest.mark.parametrize("content", BAD.values(), ids=list(BAD))
def test_files_of_another_kind_are_refused_and_nothing_runs(content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.pth").write_bytes(content)
    with pytest.raises(CardiolexError, match=r"bad.pth: is no torch file"):
        read_torch_file(tmp_path / "bad.pth")
    assert not (tmp_path / "executed").exists()


def test_what_is_no_weight_is_refused(tmp_path):
    for content, message in (([1], "list"), ({"a": 3}, "a: no tensor"), ({}, "not named weights")):
        torch.save(content, tmp_path / "bad.pth")
        with pytest.raises(CardiolexError, match=message):
            read_torch_file(tmp_path / "bad.pth")
    torch.save({"a": Evil()}, tmp_path / "bad.pth")
    with pytest.raises(CardiolexError, match="not opened"):
        read_torch_file(tmp_path / "bad.pth")
    with pytest.raises(CardiolexError, match="cannot be read"):
        read_torch_file(tmp_path / "none.pth")
