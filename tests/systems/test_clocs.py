"""CLOCS: which parts of a recording are compared, and how a recording is put together again."""

import pytest
import torch

from cardiolex.datasets.batches import Batch
from cardiolex.encoders.conv_blocks import ConvBlocks
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.systems import clocs
from cardiolex.systems.clocs import CLOCS

T = 100
SMALL = ConvBlocks.Config.clocs().model_copy(update={"samples": T, "strides": (1, 1, 1), "flat": 8})


def made(**settings) -> CLOCS:
    torch.manual_seed(0)
    return CLOCS(CLOCS.Config(**{"encoder": SMALL, **settings})).eval()


def parts(b: int = 3) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    lead_mask = torch.ones(b, 12, dtype=torch.bool)
    sample_mask = torch.ones(b, T, dtype=torch.bool)
    return torch.randn(b, 12, T), lead_mask, sample_mask


@pytest.mark.parametrize(
    ("views", "shape"), [("cmsc", (12, 2)), ("cmlc", (2, 12)), ("cmsmlc", (1, 24))]
)
def test_views_are_leads_and_frames(views, shape, monkeypatch):
    seen = {}

    def loss(z, there, patients, temperature):
        seen.update(z=z, there=there)
        return z.sum()

    monkeypatch.setattr(clocs, "patient_contrast", loss)
    system, (ecg, lead_mask, sample_mask) = made(views=views), parts()
    names = ["a", "b", "c"]
    system.losses(Batch(ecg, lead_mask, sample_mask, [], None, torch.zeros(3, 1), names))
    assert seen["z"].shape == (3, *shape, 8) and seen["there"].shape == (3, *shape)
    frame = ecg[1:2, 4:5, 50:]  # aVL, later frame
    alone = system.encoder(frame, torch.ones(1, 1).bool(), torch.ones(1, 50).bool())[0]
    where = {"cmsc": (4, 1), "cmlc": (1, 4), "cmsmlc": (0, 9)}[views]
    assert torch.allclose(seen["z"][(1, *where)], alone, atol=1e-5)


@torch.no_grad()
def test_a_recording_is_the_mean_of_its_present_leads_and_frames():
    system, (ecg, lead_mask, sample_mask) = made(), parts()
    lead_mask[0] = False
    lead_mask[0, [1, 7]] = True
    sample_mask[0, 75:] = False  # half of the later frame
    whole = system.embed_ecg(ecg, lead_mask, sample_mask)[0]
    total, weight = torch.zeros(8), 0.0
    for lead in (1, 7):
        for start, real in ((0, 50), (50, 25)):
            frame = ecg[:1, lead : lead + 1, start : start + 50].clone()
            mask = torch.arange(50)[None] < real
            total = total + real * system.encoder(frame, torch.ones(1, 1).bool(), mask)[0]
            weight += real
    assert torch.allclose(whole, total / weight, atol=1e-5)


@torch.no_grad()
def test_rescaling_takes_voltage_and_offset_away():
    ecg, lead_mask, sample_mask = parts()
    system = made(rescale=True)
    sample_mask[1, 80:] = False
    changed = ecg * torch.tensor([1.0, 3.0, 0.2])[:, None, None] + 0.7
    a, b = (system.embed_ecg(x, lead_mask, sample_mask) for x in (ecg, changed))
    assert torch.allclose(a, b, atol=1e-4)
    assert not torch.allclose(
        *(made().embed_ecg(x, lead_mask, sample_mask) for x in (ecg, changed))
    )


def test_twelve_leads_at_once_know_no_leads_to_compare():
    twelve = ResNet1D.Config(samples=T, width=2)
    assert CLOCS.Config(encoder=twelve).views == "cmsc"
    with pytest.raises(ValueError, match=r"set encoder.leads = 1, or views = 'cmsc'"):
        CLOCS.Config(encoder=twelve, views="cmlc")
    with pytest.raises(ValueError, match="set 1 or 12"):
        CLOCS.Config(encoder=ResNet1D.Config(samples=T, width=2, leads=3))
    system = CLOCS(CLOCS.Config(encoder=twelve)).eval()
    assert system.embed_ecg(*parts()).shape == (3, system.encoder.dim)


def test_the_published_network():
    encoder = CLOCS(CLOCS.Config.original()).encoder.network
    assert encoder.tokens == 10 and encoder.dim == 128
    assert encoder(torch.zeros(2, 1, 2500)).shape == (2, 10, 32)
    blocks = ConvBlocks(ConvBlocks.Config.ts_tcc())
    assert blocks(torch.zeros(2, 12, 5000)).shape == (2, blocks.tokens, 128)
    with pytest.raises(ValueError, match="nothing is left of 100 samples"):
        ConvBlocks.Config(**{**ConvBlocks.Config.clocs().model_dump(), "samples": 100})
    with pytest.raises(ValueError, match="one entry for each block"):
        ConvBlocks.Config(strides=(1,))
