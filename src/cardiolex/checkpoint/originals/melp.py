"""MELP's released weights (github.com/HKU-MedAI/MELP 088741d) as our checkpoint.

The released file holds the ECG encoder (ECG-FM's network, fairseq-signals 27d94ba) with both
poolers, their norms and the projection, but no text: it embeds and answers nothing. "ecg_encoder."
may stand before each name; a caption decoder ("text_decoder.") is understood, but cannot write
without its text tower. Sizes are read from the shapes.

The network was trained on I, II, III, aVR, aVF, aVL, V1 … V6 (MIMIC-IV-ECG's order). The input
channels of its first convolution are put in our order here, so that leads go by name from then on.
Weights that the original carries and its forward pass never reads are named in `UNUSED`.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from cardiolex.checkpoint.folder import Checkpoint
from cardiolex.checkpoint.originals import MIMIC_LEADS
from cardiolex.checkpoint.originals.torch_file import load_exactly, read_weights, renamed
from cardiolex.encoders.conv_transformer import SIZES, ConvTransformer
from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.systems.melp import MELP

PREPROCESS = Preprocess(fs=500.0, seconds=10.0, highpass_hz=None, scale="minmax")
HEAD_WIDTH = 64
"""Of an attention head of every published size."""
UNUSED = (
    "ecg_encoder.mask_emb",  # these four: wav2vec's own pre-training, before MELP's
    "ecg_encoder.quantizer.",
    "ecg_encoder.project_q.",
    "ecg_encoder.final_proj.",
    "bn.",  # a batch normalisation that is built and never called
)
"""Beginnings of the names of weights without use."""
LAYER, BLOCK = r"ecg_encoder\.encoder\.layers\.(\d+)", r"encoder.blocks.\1"
ENCODER = (
    (r"ecg_encoder\.feature_extractor\.conv_layers\.(\d+)\.0\.weight",
     r"encoder.features.layers.\1.weight"),
    (r"ecg_encoder\.feature_extractor\.conv_layers\.0\.2\.(\w+)", r"encoder.features.norm.\1"),
    (r"ecg_encoder\.layer_norm\.(\w+)", r"encoder.norm_features.\1"),
    (r"ecg_encoder\.post_extract_proj\.(\w+)", r"encoder.embed.\1"),
    (r"ecg_encoder\.conv_pos\.pos_conv\.0\.(bias|parametrizations\.weight\.original[01])",
     r"encoder.position.conv.\1"),
    (r"ecg_encoder\.conv_pos\.pos_conv\.0\.weight_g",  # torch before 2.0
     r"encoder.position.conv.parametrizations.weight.original0"),
    (r"ecg_encoder\.conv_pos\.pos_conv\.0\.weight_v",
     r"encoder.position.conv.parametrizations.weight.original1"),
    (r"ecg_encoder\.encoder\.layer_norm\.(\w+)", r"encoder.norm.\1"),
    (rf"{LAYER}\.self_attn\.([qkv])_proj\.(\w+)", rf"{BLOCK}.\2.\3"),
    (rf"{LAYER}\.self_attn\.out_proj\.(\w+)", rf"{BLOCK}.out.\2"),
    (rf"{LAYER}\.self_attn_layer_norm\.(\w+)", rf"{BLOCK}.norm1.\2"),
    (rf"{LAYER}\.fc1\.(\w+)", rf"{BLOCK}.expand.\2"),
    (rf"{LAYER}\.fc2\.(\w+)", rf"{BLOCK}.contract.\2"),
    (rf"{LAYER}\.final_layer_norm\.(\w+)", rf"{BLOCK}.norm2.\2"),
)  # fmt: skip
POOLERS = tuple(
    rule
    for old, new in (("contrast", "beat_pooler"), ("caption", "caption_pooler"))
    for rule in (
        (rf"attn_pool_{old}\.query", rf"{new}.query"),
        (rf"attn_pool_{old}\.attn\.([qkv])_proj_weight", rf"{new}.\1.weight"),
        (rf"attn_pool_{old}\.attn\.in_proj_(\w+)", rf"{new}.in.\1"),
        (rf"attn_pool_{old}\.attn\.out_proj\.(\w+)", rf"{new}.out.\1"),
        (rf"attn_pool_{old}\.ln_q\.(\w+)", rf"{new}.norm_query.\1"),
        (rf"attn_pool_{old}\.ln_k\.(\w+)", rf"{new}.norm_tokens.\1"),
        (rf"ln_{old}\.(\w+)", rf"{new}.norm.\1"),
    )
)
HEADS = ((r"proj_contrast", r"beat_projection.weight"), (r"logit_scale", r"logit_scale"))
DECODER = (
    (r"text_decoder\.text_projection", r"decoder.output.weight"),
    (r"text_decoder\.ln_final\.(\w+)", r"decoder.norm.\1"),
    (r"text_decoder\.cross_attn\.(\d+)\.ln_1_kv\.(\w+)", r"decoder.layers.\1.norm_image.\2"),
    *(
        rule
        for old, new in (("resblocks", "text_block"), ("cross_attn", "image_block"))
        for rule in (
            (rf"text_decoder\.{old}\.(\d+)\.ln_([12])\.(\w+)",
             rf"decoder.layers.\1.{new}.norm\2.\3"),
            (rf"text_decoder\.{old}\.(\d+)\.attn\.in_proj_(\w+)",
             rf"decoder.layers.\1.{new}.in.\2"),
            (rf"text_decoder\.{old}\.(\d+)\.attn\.out_proj\.(\w+)",
             rf"decoder.layers.\1.{new}.out.\2"),
            (rf"text_decoder\.{old}\.(\d+)\.mlp\.c_fc\.(\w+)",
             rf"decoder.layers.\1.{new}.expand.\2"),
            (rf"text_decoder\.{old}\.(\d+)\.mlp\.c_proj\.(\w+)",
             rf"decoder.layers.\1.{new}.contract.\2"),
        )
    ),
)  # fmt: skip
RULES = (*ENCODER, *POOLERS, *HEADS, *DECODER)
TRANSPOSED = ("beat_projection.weight", "decoder.output.weight")
"""Matrices that the original multiplies from the right."""
WRITING = ("caption_pooler.", "decoder.")
"""What only writes reports, and is of no use without a text tower."""


def convert(path: str | Path, name: str | None = None) -> Checkpoint:
    """Read a released file: a checkpoint that embeds recordings."""
    system = read_system(read_weights(path), path)
    size = size_name(system.config.encoder)
    return Checkpoint(
        name=name or f"MELP-{size}, released ECG encoder",
        system_name="melp",
        system=system.eval(),
        preprocess=PREPROCESS,
        vocabulary=Vocabulary.load(),
        text=None,
        training={"converted_from": Path(path).name, "source": "MELP (arXiv 2506.21803)"},
        card=_card(size, Path(path).name),
    )


def read_system(weights: dict[str, Tensor], path: str | Path) -> MELP:
    """MELP's ECG side with these weights, without what only writes reports."""
    ours = melp_weights(weights, path)
    ours = {name: value for name, value in ours.items() if not name.startswith(WRITING)}
    encoder = encoder_config(ours, path)
    if "beat_pooler.query" not in ours:
        raise CardiolexError(f"{path}: lacks the weights of beat_pooler.query")
    queries, out = ours["beat_pooler.query"].shape
    config = MELP.Config(encoder=encoder, beats=queries, embedding_dim=out, encoder_only=True)
    system = MELP(config)
    load_exactly(system, ours, path)
    return system


def size_name(encoder: ConvTransformer.Config) -> str:
    """As the authors call it: small, base, large."""
    sizes = {(width, depth): name for name, (width, depth, _) in SIZES.items()}
    return sizes.get((encoder.width, encoder.depth), f"{encoder.width}x{encoder.depth}")


def melp_weights(weights: dict[str, Tensor], path: str | Path) -> dict[str, Tensor]:
    """Weights of `encoder`, `beat_pooler`, `beat_projection`, `caption_pooler`, `logit_scale` and,
    where the file has it, `decoder`; CardiolexError for a weight without a place here.
    """  # fmt: skip
    if "ecg_encoder.proj_contrast" in weights:
        weights = {name.removeprefix("ecg_encoder."): value for name, value in weights.items()}
    used = {name: value for name, value in weights.items() if not name.startswith(UNUSED)}
    ours = renamed(used, RULES, path)
    if "encoder.features.layers.0.weight" not in ours:
        raise CardiolexError(f"{path}: has no first convolution of MELP's ECG encoder")
    return {name: value.float().contiguous() for name, value in _joined(_split(ours)).items()}


def encoder_config(weights: dict[str, Tensor], path: str | Path) -> ConvTransformer.Config:
    """Sizes of the encoder of `melp_weights`."""
    try:
        channels, leads, _ = weights["encoder.features.layers.0.weight"].shape
        width = len(weights["encoder.norm.weight"])
        hidden = len(weights["encoder.blocks.0.expand.weight"])
        _, per_group, kernel = weights[
            "encoder.position.conv.parametrizations.weight.original1"
        ].shape
    except KeyError as error:
        raise CardiolexError(f"{path}: lacks the weights of {error.args[0]}") from error
    return ConvTransformer.Config(
        leads=leads,
        channels=channels,
        stages=_count(weights, "encoder.features.layers."),
        width=width,
        depth=_count(weights, "encoder.blocks."),
        heads=max(1, width // HEAD_WIDTH),
        mlp_ratio=hidden // width,
        position_kernel=kernel,
        position_groups=width // per_group,
    )


def _count(weights: dict[str, Tensor], prefix: str) -> int:
    return len({n.removeprefix(prefix).split(".")[0] for n in weights if n.startswith(prefix)})


def _split(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Query, key and value apart where torch packs them; leads in our order; transposes."""
    order = torch.tensor([MIMIC_LEADS.index(lead) for lead in LEADS])
    result = {}
    for name, value in weights.items():
        layer, _, kind = name.rpartition(".in.")
        if layer:
            for part, piece in zip("qkv", value.chunk(3), strict=True):
                result[f"{layer}.{part}.{kind}"] = piece
        elif name == "encoder.features.layers.0.weight" and value.shape[1] == len(order):
            result[name] = value[:, order]
        else:
            result[name] = value.T if name in TRANSPOSED else value
    return result


def _joined(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Query, key and value as our layers hold them: together, or key with value."""
    result = dict(weights)
    for name in weights:
        layer, _, kind = name.rpartition(".k.")
        if not layer or layer.endswith("_pooler"):
            continue
        together = "qkv" if layer.startswith("encoder.") else "kv"
        names = [f"{layer}.{part}.{kind}" for part in together]
        if set(names) <= set(result):  # else what is missing shows when the network is filled
            result[f"{layer}.{together}.{kind}"] = torch.cat([result.pop(name) for name in names])
    return result


def _card(size: str, file: str) -> str:
    return f"""# MELP-{size}, released ECG encoder

Converted from `{file}`, the ECG encoder that the authors of MELP (arXiv 2506.21803) released.

- Trained by them on MIMIC-IV-ECG.
- Input: 500 Hz, 10 s, scaled together from 0 to 1, as they did; twelve leads by name. Absent leads
  are filled with zeros, as half of the leads were in their training; unlike there, they do not
  take part in the scaling.
- Only the ECG encoder was in the file: embeddings (the mean of the beat vectors), no answers and no
  reports. The pooling for captions is left out, since nothing here could read it.
- Measured by us on: nothing yet; run `cardiolex evaluate`.
- Not a medical device.
"""
