"""Joint-embedding methods: what each has of its own."""

import pytest
import torch

from cardiolex.capabilities import HoldsRates
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.vit import ViT
from cardiolex.nn.views import Views
from cardiolex.systems.byol import BYOL
from cardiolex.systems.moco_v3 import MoCoV3
from cardiolex.systems.random_init import RandomInit
from cardiolex.systems.simsiam import SimSiam
from cardiolex.training.config import TrainerConfig
from cardiolex.training.distributed import Processes
from cardiolex.training.trainer import Trainer

T = 64
COMMON = {
    "encoder": ResNet1D.Config(kind="resnet", samples=T, width=4),
    "views": Views(fs=100.0),
    "projection": 32,
}
VIT = ViT.Config(kind="vit", samples=T, segment_samples=16, width=8, depth=1, heads=2)


def batch(b: int = 32) -> Batch:
    """Noise of twelve leads."""
    torch.manual_seed(0)
    masks = torch.ones(b, 12, dtype=torch.bool), torch.ones(b, T, dtype=torch.bool)
    names = [str(i) for i in range(b)]
    return Batch(torch.randn(b, 12, T), *masks, [""] * b, None, torch.zeros(b, 1), names)


@pytest.mark.parametrize("kind", [BYOL, MoCoV3])
def test_the_slow_copy_follows_after_steps_alone(kind):
    system = kind(kind.Config(**COMMON, hidden=16, momentum=0.5))
    slow = {n: p.clone() for n, p in system.slow_encoder.named_parameters()}
    with torch.no_grad():
        for p in system.encoder.parameters():
            p.add_(1.0)
    system.losses(batch(8))
    now = dict(system.slow_encoder.named_parameters())
    assert all(torch.equal(now[n], value) for n, value in slow.items())
    system.after_step(0.0)
    assert all(torch.allclose(now[n], value + 0.5, atol=1e-6) for n, value in slow.items())
    system.after_step(1.0)  # at the end it stands still
    assert all(torch.allclose(now[n], value + 0.5, atol=1e-6) for n, value in slow.items())


def test_the_embedding_is_that_of_the_fast_encoder():
    system, data = BYOL(BYOL.Config(**COMMON, hidden=16)).eval(), batch(2)
    parts = (data.ecg, data.lead_mask, data.sample_mask)
    with torch.no_grad():
        system.encoder.network.conv.weight.mul_(3.0)
        assert torch.equal(system.embed_ecg(*parts), system.encoder(*parts))
        assert not torch.allclose(system.embed_ecg(*parts), system.slow_encoder(*parts))


@pytest.mark.parametrize("frozen", [True, False])
def test_moco_freezes_the_segments_of_a_vit_if_asked(frozen):
    config = MoCoV3.Config(**{**COMMON, "encoder": VIT}, hidden=16, freeze_segments=frozen)
    system = MoCoV3(config)
    system.losses(batch(8))["loss"].backward()
    network = system.encoder.network
    assert (network.embed.weight.grad is None) == frozen
    assert network.position.grad is not None
    assert len(system.projector) == 8 and len(system.predictor) == 5  # three and two layers


class Recordings:
    """Thirty-two windows."""

    def __len__(self) -> int:
        return 32

    def __getitem__(self, index: int) -> int:
        return index


def trainer(system, folder, **changes) -> Trainer:
    settings = TrainerConfig(batch_size=8, steps=4, lr=1e-3, log_every=1, **changes)
    alone = Processes(0, 1, torch.device("cpu"))
    rows = batch(32)

    def collated(indices) -> Batch:
        chosen = torch.tensor(indices)
        return Batch(
            rows.ecg[chosen], rows.lead_mask[chosen], rows.sample_mask[chosen],
            [""] * len(indices), None, rows.labels[chosen], [str(i) for i in indices],
        )  # fmt: skip

    return Trainer(
        system, Recordings(), settings, folder, alone, collate_examples=collated, quiet=True
    )


def test_simsiams_predictor_keeps_its_learning_rate(tmp_path):
    system = SimSiam(SimSiam.Config(**COMMON, hidden=16))
    assert isinstance(system, HoldsRates)
    run = trainer(system, tmp_path)
    run.run()
    rates = {id(p): g["lr"] for g in run.optimiser.param_groups for p in g["params"]}
    assert {rates[id(p)] for p in system.predictor.parameters()} == {1e-3}
    others = {rates[id(p)] for p in system.encoder.parameters()}
    assert len(others) == 1 and others.pop() < 2e-4


@pytest.mark.parametrize("statistics", [True, False])
def test_random_weights_never_move(statistics, tmp_path):
    system = RandomInit(RandomInit.Config(encoder=COMMON["encoder"], statistics=statistics))
    before = {n: value.clone() for n, value in system.state_dict().items()}
    trainer(system, tmp_path, weight_decay=0.5).run()
    moved = {n for n, value in system.state_dict().items() if not torch.equal(value, before[n])}
    assert not any(n in dict(system.named_parameters()) for n in moved)
    assert bool(moved) == statistics
