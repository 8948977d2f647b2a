"""A small MELP and its training, for tests that run it in processes of their own."""

from pathlib import Path

import torch
from synthetic import Waves
from torch import nn

from cardiolex.encoders.causal_text import CausalText
from cardiolex.encoders.conv_transformer import ConvTransformer
from cardiolex.systems.melp import MELP, Caption
from cardiolex.training.config import TrainerConfig
from cardiolex.training.distributed import Processes, processes
from cardiolex.training.trainer import Trained, Trainer

REPORTS = ("sinus", "left bundle branch block. sinus", "atrial fibrillation", "right bundle")


class Told(Waves):
    """Recordings whose reports have one sentence or two."""

    def __getitem__(self, index: int):
        example = super().__getitem__(index)
        return type(example)(**{**vars(example), "report": REPORTS[int(example.report[-1])]})


def train(folder: Path, bert: Path, group: Processes, **settings) -> tuple[Trained, MELP]:
    """A small MELP without anything random."""
    torch.manual_seed(0)
    plain = {"dropout": 0.0, "attention_dropout": 0.0}
    encoder = ConvTransformer.Config(
        channels=16, width=32, depth=1, heads=2, position_kernel=8, position_groups=4, **plain
    )
    system = MELP(
        MELP.Config(
            encoder=encoder,
            beats=3,
            caption=Caption(tokens=4, layers=1, heads=2),
            text_dim=32,
            embedding_dim=16,
            pooling_heads=2,
            lead_mask_probability=0.0,
        ),
        CausalText(bert),
    )
    for module in system.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    config = TrainerConfig(
        **{"lr": 1e-3, "precision": "fp32", "decayed": "matrices", "log_every": 1, **settings}
    )
    trained = Trainer(system, Told(), config, folder, group, quiet=True).run()
    system.load_state_dict(trained.weights)
    return trained, system


def train_together(folder: Path, bert: Path, settings: dict) -> None:
    """Train as a member of a group; the first writes text encoder and weights to `folder`."""
    with processes("cpu") as group:
        _, system = train(folder, bert, group, **settings)
        if group.first:
            system.text.save(folder / "text")
            torch.save(system.state_dict(), folder / "result.pt")
