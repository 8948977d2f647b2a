"""The published MELP, rebuilt from its weights: names, lead order, outputs (see data/parity)."""

import parity
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from cardiolex import load
from cardiolex.checkpoint import save_checkpoint
from cardiolex.checkpoint.originals import MIMIC_LEADS
from cardiolex.checkpoint.originals.melp import (
    convert,
    encoder_config,
    melp_weights,
    read_system,
)
from cardiolex.checkpoint.originals.torch_file import load_exactly
from cardiolex.cli import main
from cardiolex.encoders.conv_transformer import ConvTransformer
from cardiolex.errors import CardiolexError
from cardiolex.nn.attentional_pooler import AttentionalPooler
from cardiolex.nn.text_decoder import TextDecoder
from cardiolex.objectives.beat_sentence import beat_sentence_loss
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.recording import Recording


class Parts(nn.Module):
    """What the released file fills, under the names of the system."""

    def __init__(self, encoder: ConvTransformer.Config, vocabulary: int | None) -> None:
        super().__init__()
        self.encoder = ConvTransformer(encoder)
        self.beat_pooler = AttentionalPooler(10, 256, self.encoder.dim)
        self.beat_projection = nn.Linear(256, 256, bias=False)
        self.caption_pooler = AttentionalPooler(128, 768, self.encoder.dim)
        self.logit_scale = nn.Parameter(torch.zeros(()))
        if vocabulary is not None:
            self.decoder = TextDecoder(TextDecoder.Config(), vocabulary)


def published() -> dict[str, torch.Tensor]:
    names = parity.shapes("melp")
    decoder = parity.weights(names["text_decoder"])
    encoder = parity.weights(names["ecg_encoder"])
    return {**encoder, **{f"text_decoder.{name}": value for name, value in decoder.items()}}


def empty(**changes: torch.Tensor) -> dict[str, torch.Tensor]:
    """Weights of the right names and shapes that hold nothing."""
    shapes = parity.shapes("melp")["ecg_encoder"]
    return {**{k: torch.empty(s, device="meta") for k, s in shapes.items()}, **changes}


@pytest.fixture(scope="module")
def stored():
    return published()


@pytest.fixture(scope="module")
def parts(stored):
    weights = melp_weights(stored, "file")
    with torch.device("meta"):
        module = Parts(encoder_config(weights, "file"), vocabulary=1001)
    module.to_empty(device="cpu")
    load_exactly(module, weights, "file")
    return module.eval()


@pytest.fixture(scope="module")
def outputs(parts):
    ours = [MIMIC_LEADS.index(lead) for lead in LEADS]  # leads go by name
    decoder = parity.generator("decoder")
    image, text = (
        torch.from_numpy(decoder.standard_normal(shape).astype("float32"))
        for shape in ((2, 128, 768), (2, 20, 768))
    )
    with torch.no_grad():
        tokens = parts.encoder(parity.ecg(2)[:, ours])
        pooled = parts.beat_pooler(tokens)
        caption = parts.caption_pooler(tokens).values
        logits = parts.decoder(image, text)
        beats = parts.beat_projection(pooled.values)
        return {
            "tokens_mean": tokens.mean(dim=1),
            "tokens_first": tokens[:, 0],
            "beats": beats,
            "rhythm": parts.beat_projection(pooled.mean()),
            "caption_token_0": caption[:, 0],
            "caption_tokens_mean": caption.mean(dim=1),
            "decoder_logits_first_50": logits[..., :50],
            "decoder_logits_mean": logits.mean(dim=2),
        }


@pytest.mark.parametrize(
    "name",
    [
        "tokens_mean",
        "tokens_first",
        "beats",
        "rhythm",
        "caption_token_0",
        "caption_tokens_mean",
        "decoder_logits_first_50",
        "decoder_logits_mean",
    ],
)
def test_outputs_are_those_of_the_original(outputs, name):
    assert parity.relative(outputs[name], parity.expected("melp")[name]) < 1e-5


@torch.no_grad()
def test_the_system_answers_as_the_original(stored):
    system = read_system(stored, "file").eval()
    ours = parity.ecg(2)[:, [MIMIC_LEADS.index(lead) for lead in LEADS]]
    masks = torch.ones(2, 12, dtype=torch.bool), torch.ones(2, 5000, dtype=torch.bool)
    rhythm = parity.expected("melp")["rhythm"]
    unit = nn.functional.normalize(rhythm, dim=1)
    assert parity.relative(system.project_ecg(ours, *masks), unit) < 1e-4
    probe = system.embed_ecg(ours, *masks)
    assert parity.relative(probe @ stored["proj_contrast"], rhythm) < 1e-4


def test_beat_loss_is_that_of_the_original():
    known = parity.expected("melp")
    counts = known["sentence_counts"]
    valid = torch.arange(int(counts.max())) < counts[:, None]
    sentences = torch.zeros(*valid.shape, 256)
    sentences[valid] = known["sentence_vectors"]
    loss = beat_sentence_loss(sentences, valid, known["beat_vectors"])
    assert float(loss) == pytest.approx(float(known["beat_loss"]), rel=1e-5)


def test_leads_go_by_name():
    first = torch.randn(256, 12, 2)
    key = "ecg_encoder.feature_extractor.conv_layers.0.0.weight"
    ours = melp_weights(empty(**{key: first}), "file")["encoder.features.layers.0.weight"]
    for lead in LEADS:
        assert torch.equal(ours[:, LEADS.index(lead)], first[:, MIMIC_LEADS.index(lead)])


def test_sizes_come_from_the_shapes():
    config = encoder_config(melp_weights(empty(), "file"), "file")
    assert config == ConvTransformer.Config.of_size("small")


def test_a_training_state_and_old_names_of_weight_norm_are_understood():
    new = empty()
    place = "ecg_encoder.conv_pos.pos_conv.0."
    old = {
        k.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): v
        for k, v in new.items()
    }
    assert f"{place}weight_v" in old
    wrapped = {f"ecg_encoder.{name}": value for name, value in new.items()}
    expected = {name: value.shape for name, value in melp_weights(new, "file").items()}
    for weights in (old, wrapped):
        ours = melp_weights(weights, "file")
        assert {name: value.shape for name, value in ours.items()} == expected


def test_an_unknown_weight_is_named():
    with pytest.raises(CardiolexError, match=r"best\.pt: .* not know: ecg_encoder\.surprise"):
        melp_weights(empty(**{"ecg_encoder.surprise": torch.zeros(2)}), "best.pt")


@pytest.mark.parametrize(
    "lost, named",
    [
        ("ecg_encoder.encoder.layers.3.fc1.weight", r"encoder\.blocks\.3\.expand\.weight"),
        ("ecg_encoder.encoder.layers.3.self_attn.q_proj.bias", r"encoder\.blocks\.3\.qkv\.bias"),
        ("attn_pool_caption.attn.in_proj_weight", r"caption_pooler\.k\.weight"),
        ("logit_scale", "logit_scale"),
    ],
)
def test_a_missing_weight_is_named(lost, named):
    weights = empty()
    del weights[lost]
    ours = melp_weights(weights, "best.pt")
    with torch.device("meta"):
        module = Parts(encoder_config(ours, "best.pt"), vocabulary=None)
    with pytest.raises(CardiolexError, match=rf"best\.pt: lacks the weights of {named}"):
        load_exactly(module, ours, "best.pt")


@pytest.mark.parametrize(
    "lost, named",
    [
        ("ecg_encoder.feature_extractor.conv_layers.0.0.weight", "has no first convolution"),
        ("ecg_encoder.encoder.layer_norm.weight", r"lacks the weights of encoder\.norm\.weight"),
    ],
)
def test_a_file_of_something_else_is_refused(lost, named):
    weights = empty()
    del weights[lost]
    with pytest.raises(CardiolexError, match=named):
        encoder_config(melp_weights(weights, "best.pt"), "best.pt")


SHALLOW = 1  # layers of the network that the tests below convert; names and shapes are published


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A released file in both formats, but for its depth."""
    folder = tmp_path_factory.mktemp("released")
    shapes = parity.shapes("melp")["ecg_encoder"]
    layer = "ecg_encoder.encoder.layers."
    kept = {
        name: shape
        for name, shape in shapes.items()
        if not name.startswith(layer) or int(name.removeprefix(layer).split(".")[0]) < SHALLOW
    }
    weights = parity.weights(kept)
    torch.save({"state_dict": weights}, folder / "released.pt")
    save_file(weights, folder / "released.safetensors")
    return folder


def test_a_released_file_becomes_a_model_that_embeds(released, tmp_path):
    checkpoint = convert(released / "released.pt")
    assert checkpoint.name == "MELP-768x1, released ECG encoder"
    model = load(save_checkpoint(checkpoint, tmp_path / "model"), device="cpu")
    mv = parity.ecg(1)[0].numpy() * 3 - 1
    straight = Recording.from_channels(mv, MIMIC_LEADS, 500.0, unit="mV")
    back = Recording.from_channels(mv[::-1].copy(), MIMIC_LEADS[::-1], 500.0, unit="mV")
    vectors = model.embed([straight, back])
    assert vectors.shape == (2, 256)
    assert (vectors[0] == vectors[1]).all()
    for asked in (["sinus rhythm"], None):
        with pytest.raises(CardiolexError, match="understands no words"):
            model.interpret(straight, asked)


def test_the_command_reads_safetensors_and_gives_the_same_weights(released, tmp_path, capsys):
    folder = tmp_path / "model"
    arguments = [str(released / "released.safetensors"), str(folder), "--name", "MELP of a friend"]
    with pytest.raises(SystemExit) as done:
        main(["convert", "melp", *arguments])
    assert not done.value.code
    assert "MELP of a friend; embeddings only, no answers" in capsys.readouterr().err
    stored = load(folder, device="cpu").system.state_dict()
    expected = read_system(torch.load(released / "released.pt")["state_dict"], "file").state_dict()
    assert all(torch.equal(stored[name], value) for name, value in expected.items())


def test_an_unreadable_file_is_named(tmp_path):
    (tmp_path / "cut.safetensors").write_bytes(b"{")
    with pytest.raises(CardiolexError, match=r"cut\.safetensors: cannot be read"):
        convert(tmp_path / "cut.safetensors")
