"""What is CPC's and ASTCL's own: order in time, and an adversary that grows."""

import pytest
import torch

from cardiolex.datasets.batches import Batch
from cardiolex.encoders.conv_gru import ConvGRU
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.nn.forecast import Forecast
from cardiolex.nn.noise_views import NoiseViews
from cardiolex.systems.astcl import ASTCL
from cardiolex.systems.cpc import CPC

T = 96


def batch(b: int = 4) -> Batch:
    torch.manual_seed(1)
    lead_mask, sample_mask = torch.ones(b, 12).bool(), torch.ones(b, T).bool()
    names = [str(i) for i in range(b)]
    return Batch(torch.randn(b, 12, T), lead_mask, sample_mask, [], None, torch.zeros(b, 1), names)


def astcl() -> ASTCL:
    torch.manual_seed(0)
    return ASTCL(
        ASTCL.Config(
            encoder=ResNet1D.Config(samples=T, width=2),
            views=NoiseViews.none(),
            forecast=Forecast.Config(width=8, depth=1, heads=2, hidden=8),
            projection=8,
            hidden=8,
            temporal_weight=0.0,
            patient_weight=0.0,
        )
    )


def gradients(system: ASTCL) -> tuple[torch.Tensor, torch.Tensor]:
    system.zero_grad()
    system.losses(batch())["loss"].backward()
    into = system.encoder.network.stages[-1][-1].conv2.weight.grad
    return into.clone(), system.adversary[0].weight.grad.clone()


def test_the_reversed_gradient_grows_and_the_adversary_learns_from_the_start():
    system = astcl()
    nothing, learns = gradients(system)
    assert nothing.abs().max() == 0 and learns.abs().max() > 0
    system.after_step(1.0)
    into, same = gradients(system)
    assert torch.allclose(learns, same)
    straight = astcl()
    straight.config = straight.config.model_copy(update={"adversary_weight": -1.0})
    straight.after_step(1.0)
    assert torch.allclose(into, -0.1 * gradients(straight)[0], rtol=1e-3, atol=1e-9)
    assert "done" in system.state_dict()


@torch.no_grad()
def test_states_know_nothing_of_what_comes():
    torch.manual_seed(0)
    encoder = ConvGRU(ConvGRU.Config(channels=8, width=8, strides=(2, 2, 2, 2))).eval()
    tokens = encoder.tokens(torch.randn(2, 12, T))
    states = encoder.states(tokens)
    changed = tokens.clone()
    changed[:, 4:] += 1
    assert torch.equal(states[:, :4], encoder.states(changed)[:, :4])
    assert not torch.allclose(states[:, 4], encoder.states(changed)[:, 4])


def test_cpc_takes_fewer_steps_of_short_recordings_and_any_length():
    torch.manual_seed(0)
    small = ConvGRU.Config(channels=8, width=8, strides=(4, 2, 2, 2))
    system = CPC(CPC.Config(encoder=small, negatives=16))
    losses = system.losses(batch())  # 3 tokens: 2 steps of 12
    assert torch.isfinite(losses["loss"])
    longer = torch.randn(2, 12, 3 * T)
    masks = torch.ones(2, 12).bool(), torch.ones(2, 3 * T).bool()
    assert system.embed_ecg(longer, *masks).shape == (2, 8)
    with pytest.raises(ValueError, match="give one of each"):
        ConvGRU.Config(kernels=(3, 3))
