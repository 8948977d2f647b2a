"""MERL's released weights (github.com/cheliu-computation/MERL-ICML2024) as our checkpoint.

`*_ckpt.pth` and `*_total.pth` hold the whole model, its text encoder included; a training state
holds the same with "module." before each name; `*_encoder.pth` holds the ECG encoder alone, which
embeds but answers nothing. Sizes are read from the shapes.

The network was trained on I, II, III, aVR, aVF, aVL, V1 … V6 (MIMIC-IV-ECG's order). The input
channels of its first convolution are put in our order here, so that leads go by name from then on.
The unused ten-class layer of the ResNets is left out.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from cardiolex.checkpoint.folder import Checkpoint
from cardiolex.checkpoint.originals import MIMIC_LEADS
from cardiolex.checkpoint.originals.torch_file import load_exactly, read_torch_file, renamed
from cardiolex.encoders.resnet1d import DEPTHS, ResNet1D
from cardiolex.encoders.text import HuggingFaceText
from cardiolex.encoders.vit import ViT
from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.prompts import benchmark_conditions
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.systems.merl import MERL, SignalMERL

PREPROCESS = Preprocess(fs=500.0, seconds=10.0, highpass_hz=None, scale="minmax")
TEXT = "lm_model."
HEAD_WIDTH = 64
"""Of an attention head of every published ViT."""
UNUSED = ("linear.weight", "linear.bias")
STAGES = tuple(
    rule
    for i in range(4)
    for rule in (
        (rf"layer{i + 1}\.(\d+)\.(conv\d)\.weight", rf"stages.{i}.\1.\2.weight"),
        (rf"layer{i + 1}\.(\d+)\.bn(\d)\.(\w+)", rf"stages.{i}.\1.norm\2.\3"),
        (rf"layer{i + 1}\.(\d+)\.shortcut\.([01]\.\w+)", rf"stages.{i}.\1.shortcut.\2"),
    )
)
ENCODER = (
    (r"conv1\.weight", r"conv.weight"),
    (r"bn1\.(\w+)", r"norm.\1"),
    *STAGES,
    (r"pos_embedding", r"position"),
    (r"to_patch_embedding\.weight", r"embed.weight"),
    (r"block(\d+)\.attn\.norm\.(\w+)", r"blocks.\1.norm1.\2"),
    (r"block(\d+)\.attn\.fn\.to_qkv\.(\w+)", r"blocks.\1.attention.qkv.\2"),
    (r"block(\d+)\.attn\.fn\.to_out\.0\.(\w+)", r"blocks.\1.attention.out.\2"),
    (r"block(\d+)\.ff\.norm\.(\w+)", r"blocks.\1.norm2.\2"),
    (r"block(\d+)\.ff\.fn\.net\.0\.(\w+)", r"blocks.\1.mlp.0.\2"),
    (r"block(\d+)\.ff\.fn\.net\.3\.(\w+)", r"blocks.\1.mlp.2.\2"),
    (r"norm\.(\w+)", r"norm.\1"),
)
HEADS = (
    (r"downconv\.(\w+)", r"head.reduce.\1"),
    (r"att_pool_head\.positional_embedding", r"head.pool.position"),
    (r"att_pool_head\.cls_token", r"head.pool.cls"),
    (r"att_pool_head\.mhsa\.in_proj_(\w+)", r"head.pool.attention.in.\1"),
    (r"att_pool_head\.mhsa\.out_proj\.(\w+)", r"head.pool.attention.out.\1"),
    (r"att_pool_head\.c_proj\.(\w+)", r"head.pool.out.\1"),
    (r"proj_e\.([0134])\.(\w+)", r"head.projector.\1.\2"),
    (r"linear1\.weight", r"views.0.0.weight"),
    (r"linear2\.weight", r"views.1.0.weight"),
    (r"proj_t\.([02])\.(\w+)", r"text_projector.\1.\2"),
)
WHOLE = (*((rf"ecg_encoder\.{old}", rf"encoder.{new}") for old, new in ENCODER), *HEADS)


def convert(path: str | Path, text_encoder: str | Path, name: str | None = None) -> Checkpoint:
    """Read a released file; `text_encoder` (name or folder) is opened if the file needs one.

    Text weights in the file take the place of the encoder's own: they are frozen and thus equal,
    unless someone trained on.
    """
    weights = read_torch_file(path)
    system, whole = read_system(weights, path)
    text = _text(text_encoder, weights, system.config.text_dim, path) if whole else None
    size = size_name(system.config.encoder)
    return Checkpoint(
        name=name or f"MERL-{size}, released weights",
        system_name="merl",
        system=system.eval(),
        preprocess=PREPROCESS,
        vocabulary=Vocabulary.load(),
        text=text,
        default_conditions=benchmark_conditions() if whole else (),
        query_pooling="pooler",
        prompts="enriched",
        training={
            "converted_from": Path(path).name,
            "text_encoder": None if text is None else Path(text.name).name,
            "source": "MERL (arXiv 2403.06659)",
        },
        card=_card(size, Path(path).name, whole),
    )


def read_system(weights: dict[str, Tensor], path: str | Path) -> tuple[SignalMERL, bool]:
    """MERL with these weights, and whether the file has the whole model or the encoder alone."""
    whole = any(key.startswith("ecg_encoder.") for key in weights)
    prefix = "ecg_encoder." if whole else ""
    unused = {prefix + key for key in UNUSED}
    used = {k: v for k, v in weights.items() if k not in unused and not k.startswith(TEXT)}
    ours = renamed(used, WHOLE if whole else ENCODER, path)
    if not whole:
        ours = {f"encoder.{key}": value for key, value in ours.items()}
    ours = _reshaped(ours)
    config = _config(ours, whole, path)
    system = MERL(config) if whole else SignalMERL(config)
    load_exactly(system, ours, path)
    return system, whole


def size_name(encoder: ResNet1D.Config | ViT.Config) -> str:
    """As the authors call it: ResNet18, ViT-tiny."""
    if isinstance(encoder, ResNet1D.Config):
        return f"ResNet{encoder.depth}"
    names = {192: "tiny", 384: "small", 512: "middle", 768: "base"}
    return f"ViT-{names.get(encoder.width, encoder.width)}"


def _reshaped(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Leads in our order; singleton dimensions away; query apart from key and value."""
    order = torch.tensor([MIMIC_LEADS.index(lead) for lead in LEADS])
    result = {}
    for key, value in weights.items():
        if key in ("encoder.conv.weight", "encoder.embed.weight") and value.shape[1] == len(order):
            result[key] = value[:, order]
        elif key in ("encoder.position", "head.pool.position"):
            result[key] = value.squeeze(0)
        elif key == "head.pool.cls":
            result[key] = value.flatten()
        elif key == "head.reduce.weight":
            result[key] = value.squeeze(2)
        elif key.startswith("head.pool.attention.in."):
            kind, width = key.rpartition(".")[2], len(value) // 3
            result[f"head.pool.attention.q.{kind}"] = value[:width]
            result[f"head.pool.attention.kv.{kind}"] = value[width:]
        else:
            result[key] = value
    return result


def _config(weights: dict[str, Tensor], whole: bool, path: str | Path) -> SignalMERL.Config:
    encoder = _encoder_config(weights, path)
    if not whole:
        return SignalMERL.Config(encoder=encoder, contrast_weight=0.0, uni_modal_weight=0.0)
    try:
        embedding, text = (weights[f"text_projector.{i}.weight"].shape for i in (2, 0))
    except KeyError as error:
        raise CardiolexError(f"{path}: lacks the weights of {error.args[0]}") from error
    return SignalMERL.Config(encoder=encoder, text_dim=text[1], embedding_dim=embedding[0])


def _encoder_config(weights: dict[str, Tensor], path: str | Path) -> ResNet1D.Config | ViT.Config:
    samples = PREPROCESS.samples
    if "encoder.embed.weight" in weights:
        width, leads, segment = weights["encoder.embed.weight"].shape
        depth = len({key.split(".")[2] for key in weights if key.startswith("encoder.blocks.")})
        return ViT.Config(
            kind="vit",
            samples=samples,
            leads=leads,
            segment_samples=segment,
            width=width,
            depth=depth,
            heads=max(1, width // HEAD_WIDTH),
        )
    if "encoder.conv.weight" not in weights:
        raise CardiolexError(f"{path}: has no first layer of MERL's ResNet (conv1) or ViT")
    blocks = tuple(
        len({key.split(".")[3] for key in weights if key.startswith(f"encoder.stages.{stage}.")})
        for stage in range(4)
    )
    bottleneck = "encoder.stages.0.0.conv3.weight" in weights
    for depth, counts in DEPTHS.items():
        if counts == blocks and (depth >= 50) == bottleneck:
            width, leads, _ = weights["encoder.conv.weight"].shape
            sizes = {"depth": depth, "samples": samples, "leads": leads, "width": width}
            return ResNet1D.Config.model_validate({"kind": "resnet", **sizes})
    raise CardiolexError(f"{path}: {blocks} residual blocks make none of ResNet {list(DEPTHS)}")


def _text(
    encoder: str | Path, weights: dict[str, Tensor], dim: int, path: str | Path
) -> HuggingFaceText:
    """The text encoder, with the file's weights of it if there are any."""
    text = HuggingFaceText(encoder)
    stored = {k.removeprefix(TEXT): v for k, v in weights.items() if k.startswith(TEXT)}
    stored.pop("embeddings.position_ids", None)  # a constant that older versions stored
    if "pooler.dense.weight" in stored and getattr(text.model, "pooler", None) is None:
        from transformers.models.bert.modeling_bert import BertPooler

        text.model.pooler = BertPooler(text.model.config)  # the file's own is about to fill it
    if stored:
        load_exactly(text.model, stored, f"{path} (text encoder {text.name})")
    if text.dim != dim:
        raise CardiolexError(
            f"{path}: reads text vectors of {dim} numbers, text encoder {text.name} gives "
            f"{text.dim}; name the one that MERL was trained with"
        )
    text.query_pooling = text.report_pooling = "pooler"
    return text


def _card(size: str, file: str, whole: bool) -> str:
    answers = (
        "Answers are cosine similarities divided by 0.07: they rank recordings for one condition "
        "and are no probabilities until `cardiolex calibrate` has fitted them."
        if whole
        else "Only the ECG encoder was in the file: embeddings, no answers."
    )
    return f"""# MERL-{size}, released weights

Converted from `{file}`, the weights that the authors of MERL (arXiv 2403.06659) released.

- Trained by them on MIMIC-IV-ECG; labels of six public sets chose the checkpoint.
- Input: 500 Hz, 10 s, scaled together from 0 to 1, as they did; twelve leads by name. Absent leads
  are filled with zeros, which the network never saw in training.
- {answers}
- Measured by us on: nothing yet; run `cardiolex evaluate`.
- Not a medical device.
"""
