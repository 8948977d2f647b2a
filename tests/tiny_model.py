"""A tiny K-MERL with random weights and everything that belongs to it."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import torch

from cardiolex.calibration import Calibration, Platt
from cardiolex.checkpoint import Checkpoint
from cardiolex.encoders.lead_vit import LeadViT
from cardiolex.encoders.text import HuggingFaceText
from cardiolex.nn.query_network import QueryNetwork
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.systems.kmerl import KMERL


def make_checkpoint(bert_folder: Path) -> Checkpoint:
    """A model of 10 s windows at 250 Hz, calibrated for atrial fibrillation alone."""
    text = HuggingFaceText(bert_folder)
    vocabulary = Vocabulary.load()
    torch.manual_seed(0)
    config = KMERL.Config(
        encoder=LeadViT.Config(segment_samples=50, width=32, depth=2, heads=2),
        query_network=QueryNetwork.Config(width=32, layers=1, heads=2, hidden=64),
        text_dim=text.dim,
    )
    return Checkpoint(
        name="tiny 1.0",
        system_name="kmerl",
        system=KMERL(config, text.encode(vocabulary.names, "mean")).eval(),
        preprocess=Preprocess(fs=250.0),
        vocabulary=vocabulary,
        text=text,
        calibration=Calibration(conditions={"atrial fibrillation": Platt(scale=2.0)}),
        seen=frozenset({"atrial fibrillation", "arrhythmia"}),
        default_conditions=("atrial fibrillation",),
        query_pooling="mean",
        training={"seed": 3},
        card="# tiny\n",
    )


def sharpened(checkpoint: Checkpoint) -> Checkpoint:
    """The same with larger weights: as initialised, answers hardly depend on the ECG."""
    system = deepcopy(checkpoint.system)
    with torch.no_grad():
        for weight in system.parameters():
            if weight.ndim == 2:
                weight.mul_(16)
    asked = ("atrial fibrillation", "sinus rhythm", "complete left bundle branch block")
    return replace(checkpoint, name="sharp 1.0", system=system, default_conditions=asked)
