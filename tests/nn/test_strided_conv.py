import pytest
import torch
import torch.nn.functional as F

from cardiolex.nn.strided_conv import ChannelNorm, StridedConv, scale_gradient, whole


def features(stages: int = 3) -> StridedConv:
    torch.manual_seed(0)
    layers = StridedConv(leads=2, channels=6, stages=stages).eval()
    torch.nn.init.normal_(layers.norm.weight)
    torch.nn.init.normal_(layers.norm.bias)
    return layers


def test_a_patch_is_written_out_by_hand():
    layers = features(stages=2)
    ecg = torch.randn(1, 2, 8)
    first = torch.stack([
        sum(layers.layers[0].weight[:, lead, i] * ecg[0, lead, t + i]
            for lead in range(2) for i in range(2))
        for t in range(0, 8, 2)
    ])  # (4, C)  # fmt: skip
    standard = (first - first.mean(dim=0)) / (first.var(dim=0, correction=0) + 1e-5).sqrt()
    first = F.gelu(standard * layers.norm.weight + layers.norm.bias)
    second = layers.layers[1].weight
    by_hand = [F.gelu(second[..., 0] @ first[i] + second[..., 1] @ first[i + 1]) for i in (0, 2)]
    assert torch.allclose(layers(ecg)[0], torch.stack(by_hand), atol=1e-5)


@pytest.mark.parametrize("samples", [8, 15, 16, 17, 63])
def test_samples_that_fill_no_patch_are_left_out(samples):
    assert features()(torch.randn(2, 2, samples)).shape == (2, samples // 8, 6)


@pytest.mark.parametrize("real", [24, 29, 30])
def test_padding_leaves_no_trace(real):
    layers, ecg = features(), torch.randn(2, 2, 48)
    mask = torch.arange(48).expand(2, -1) < real
    ecg[:, :, real:] = torch.nan
    alone = layers(ecg[:, :, :real])
    padded = layers(ecg, mask)
    assert torch.allclose(padded[:, : real // 8], alone, atol=1e-5)
    assert not padded.isnan().any()


def test_norm_with_everything_real_is_group_norm():
    torch.manual_seed(0)
    norm, x = ChannelNorm(5), 3 * torch.randn(2, 5, 40) + 1
    torch.nn.init.normal_(norm.weight)
    everything = torch.ones(2, 40, dtype=torch.bool)
    assert torch.allclose(norm(x, everything), norm(x), atol=1e-5)


def test_norm_keeps_the_number_format_but_computes_in_float32():
    norm = ChannelNorm(3)
    x = (torch.randn(1, 3, 500) + 100).bfloat16()
    exact = norm(x.float())
    with torch.autocast("cpu", torch.bfloat16):
        y = norm(x)
    assert y.dtype == torch.bfloat16
    assert torch.equal(y, exact.bfloat16())


def test_whole_pieces_have_no_padding_at_all():
    mask = torch.tensor([[1, 1, 1, 0, 1, 1, 1]]).bool()
    assert whole(mask, 2).tolist() == [[True, False, True]]


def test_only_the_gradient_is_scaled():
    x = torch.randn(4, requires_grad=True)
    y = scale_gradient(x, 0.1)
    assert torch.equal(y, x)
    y.square().sum().backward()
    assert torch.allclose(x.grad, 0.2 * x)
