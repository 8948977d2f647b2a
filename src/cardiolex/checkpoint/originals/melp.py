"""Weights of the published MELP under the names and in the lead order that are used here.

The published ECG encoder (HKU-MedAI/MELP 088741d, network of fairseq-signals) has poolers and
projections in the same file; the caption decoder may come with it, its names led by
`text_decoder.`. The original reads leads in MIMIC-IV-ECG's order (aVF before aVL); the inputs of
the first convolution are put into ours. Every number of the file is used, or named in `UNUSED`.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from cardiolex.encoders.conv_transformer import ConvTransformer
from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import LEADS

NATIVE_LEADS = ("I", "II", "III", "aVR", "aVF", "aVL", "V1", "V2", "V3", "V4", "V5", "V6")
"""The order of leads in MIMIC-IV-ECG's files, which the original never changes."""

UNUSED = {
    "ecg_encoder.mask_emb": "mask embedding of wav2vec's own pre-training",
    "ecg_encoder.quantizer.": "quantiser of wav2vec's own pre-training",
    "ecg_encoder.project_q.": "projection of quantised targets in wav2vec's own pre-training",
    "ecg_encoder.final_proj.": "projection of predictions in wav2vec's own pre-training",
    "bn.": "batch normalisation that the original builds and never calls",
}
"""Beginnings of names that the forward pass of the original does not read, and what they are."""

DECODER = "text_decoder."


class Sizes(NamedTuple):
    """What the shapes of the weights say."""

    encoder: ConvTransformer.Config
    beat_queries: int
    beat_dim: int
    caption_queries: int
    caption_dim: int
    decoder_layers: int
    """0 where the file has no decoder."""
    vocabulary: int


class _Original:
    """Weights that are taken one by one, so that what was forgotten is known in the end."""

    def __init__(self, weights: Mapping[str, Tensor], source: str) -> None:
        self.left, self.source = dict(weights), source

    def take(self, name: str) -> Tensor:
        if name not in self.left:
            raise CardiolexError(
                f"{self.source}: lacks {name}; this is no encoder of the published MELP"
            )
        return self.left.pop(name)

    def pair(self, old: str, new: str, names: tuple[str, ...] = ("weight", "bias")) -> "Named":
        """A layer's weight and bias under its new name."""
        return {f"{new}.{name}": self.take(f"{old}.{name}") for name in names}

    def finish(self) -> None:
        unknown = [name for name in self.left if not name.startswith(tuple(UNUSED))]
        if unknown:
            raise CardiolexError(
                f"{self.source}: {len(unknown)} weights have no place here: {', '.join(unknown)}; "
                "this is no encoder of the published MELP"
            )


Named = dict[str, Tensor]


def convert_melp(weights: Mapping[str, Tensor], source: str = "MELP") -> Named:
    """Weights of `encoder`, poolers, projection, `logit_scale` and, if there, `decoder`.

    `source` names the file in errors; CardiolexError for a weight that is missing or unknown.
    """
    original = _Original(weights, source)
    sizes = read_sizes(weights, source)
    named = {
        **_features(original),
        **_transformer(original, sizes.encoder.depth),
        **_pooler(original, "contrast", "beat_pooler"),
        **_pooler(original, "caption", "caption_pooler"),
        "beat_projection.weight": original.take("proj_contrast").T,
        "logit_scale": original.take("logit_scale"),
    }
    if sizes.decoder_layers:
        named.update(_decoder(original, sizes.decoder_layers))
    original.finish()
    return {name: value.detach().float().contiguous() for name, value in named.items()}


def read_sizes(weights: Mapping[str, Tensor], source: str = "MELP") -> Sizes:
    """Depths, widths and counts, from the names and shapes of the weights."""
    original = _Original(weights, source)
    shapes = {
        name: tuple(original.take(name).shape)
        for name in (
            "ecg_encoder.post_extract_proj.weight",
            "attn_pool_contrast.query",
            "attn_pool_caption.query",
        )
    }
    width, channels = shapes["ecg_encoder.post_extract_proj.weight"]
    encoder = ConvTransformer.Config(
        channels=channels,
        width=width,
        depth=_count(weights, r"ecg_encoder\.encoder\.layers\.(\d+)\."),
        heads=width // 64,
    )
    output = weights.get(f"{DECODER}text_projection")
    return Sizes(
        encoder,
        *shapes["attn_pool_contrast.query"],
        *shapes["attn_pool_caption.query"],
        decoder_layers=_count(weights, rf"{re.escape(DECODER)}resblocks\.(\d+)\."),
        vocabulary=0 if output is None else output.shape[1],
    )


def _count(weights: Mapping[str, Tensor], pattern: str) -> int:
    found = (re.match(pattern, name) for name in weights)
    return len({match.group(1) for match in found if match})


def _features(original: _Original) -> Named:
    convolutions = "ecg_encoder.feature_extractor.conv_layers"
    named = original.pair(f"{convolutions}.0.2", "encoder.features.norm")
    for i in range(4):
        weight = original.take(f"{convolutions}.{i}.0.weight")
        if i == 0:
            weight = weight[:, [NATIVE_LEADS.index(lead) for lead in LEADS]]
        named[f"encoder.features.layers.{i}.weight"] = weight
    return named


def _transformer(original: _Original, depth: int) -> Named:
    outer, inner = "ecg_encoder", "ecg_encoder.encoder"
    named = {
        **original.pair(f"{outer}.layer_norm", "encoder.norm_features"),
        **original.pair(f"{outer}.post_extract_proj", "encoder.embed"),
        **_positions(original),
        **original.pair(f"{inner}.layer_norm", "encoder.norm"),
    }
    for i in range(depth):
        old, new = f"{inner}.layers.{i}", f"encoder.blocks.{i}"
        for part in ("weight", "bias"):
            qkv = [original.take(f"{old}.self_attn.{x}_proj.{part}") for x in "qkv"]
            named[f"{new}.qkv.{part}"] = torch.cat(qkv)
        named.update(original.pair(f"{old}.self_attn.out_proj", f"{new}.out"))
        named.update(original.pair(f"{old}.self_attn_layer_norm", f"{new}.norm1"))
        named.update(original.pair(f"{old}.fc1", f"{new}.expand"))
        named.update(original.pair(f"{old}.fc2", f"{new}.contract"))
        named.update(original.pair(f"{old}.final_layer_norm", f"{new}.norm2"))
    return named


def _positions(original: _Original) -> Named:
    """Weight normalisation stores length and direction; torch before 2.0 named them g and v."""
    old, new = "ecg_encoder.conv_pos.pos_conv.0", "encoder.position.conv"
    parts = ("parametrizations.weight.original0", "parametrizations.weight.original1")
    stored = ("weight_g", "weight_v") if f"{old}.weight_g" in original.left else parts
    named = {
        f"{new}.{part}": original.take(f"{old}.{name}")
        for part, name in zip(parts, stored, strict=True)
    }
    return {**named, f"{new}.bias": original.take(f"{old}.bias")}


def _pooler(original: _Original, kind: str, new: str) -> Named:
    old = f"attn_pool_{kind}"
    if f"{old}.attn.in_proj_weight" in original.left:
        weights = original.take(f"{old}.attn.in_proj_weight").chunk(3)
    else:
        weights = tuple(original.take(f"{old}.attn.{x}_proj_weight") for x in "qkv")
    biases = original.take(f"{old}.attn.in_proj_bias").chunk(3)
    return {
        f"{new}.query": original.take(f"{old}.query"),
        **{f"{new}.{x}.weight": w for x, w in zip("qkv", weights, strict=True)},
        **{f"{new}.{x}.bias": b for x, b in zip("qkv", biases, strict=True)},
        **original.pair(f"{old}.attn.out_proj", f"{new}.out"),
        **original.pair(f"{old}.ln_q", f"{new}.norm_query"),
        **original.pair(f"{old}.ln_k", f"{new}.norm_tokens"),
        **original.pair(f"ln_{kind}", f"{new}.norm"),
    }


def _decoder(original: _Original, layers: int) -> Named:
    named = {
        **original.pair(f"{DECODER}ln_final", "decoder.norm"),
        "decoder.output.weight": original.take(f"{DECODER}text_projection").T,
    }
    for i in range(layers):
        new = f"decoder.layers.{i}"
        named.update(_block(original, f"{DECODER}resblocks.{i}", f"{new}.text_block"))
        named.update(_block(original, f"{DECODER}cross_attn.{i}", f"{new}.image_block"))
        named.update(original.pair(f"{DECODER}cross_attn.{i}.ln_1_kv", f"{new}.norm_image"))
    return named


def _block(original: _Original, old: str, new: str) -> Named:
    named = {
        **original.pair(f"{old}.ln_1", f"{new}.norm1"),
        **original.pair(f"{old}.attn.out_proj", f"{new}.out"),
        **original.pair(f"{old}.ln_2", f"{new}.norm2"),
        **original.pair(f"{old}.mlp.c_fc", f"{new}.expand"),
        **original.pair(f"{old}.mlp.c_proj", f"{new}.contract"),
    }
    for part in ("weight", "bias"):
        q, k, v = original.take(f"{old}.attn.in_proj_{part}").chunk(3)
        named[f"{new}.q.{part}"], named[f"{new}.kv.{part}"] = q, torch.cat([k, v])
    return named
