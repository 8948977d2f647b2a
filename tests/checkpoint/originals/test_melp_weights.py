"""The published MELP, rebuilt from its weights: names, lead order, outputs (see data/parity)."""

import parity
import pytest
import torch
from torch import nn

from cardiolex.checkpoint.originals.melp import MIMIC_LEADS, encoder_config, melp_weights
from cardiolex.checkpoint.originals.torch_file import load_exactly
from cardiolex.encoders.conv_transformer import ConvTransformer
from cardiolex.errors import CardiolexError
from cardiolex.nn.attentional_pooler import AttentionalPooler
from cardiolex.nn.text_decoder import TextDecoder
from cardiolex.objectives.beat_sentence import beat_sentence_loss
from cardiolex.recordings.leads import LEADS


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
def parts():
    weights = melp_weights(published(), "file")
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
