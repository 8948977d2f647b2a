import pytest
import torch

from cardiolex.encoders.conv_transformer import ConvTransformer
from cardiolex.errors import CardiolexError

TINY = {"channels": 8, "width": 32, "depth": 2, "heads": 4, "position_kernel": 8,
        "position_groups": 4}  # fmt: skip


def small(**changes) -> ConvTransformer:
    torch.manual_seed(0)
    return ConvTransformer(ConvTransformer.Config(**{**TINY, **changes})).eval()


def count(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def first(n: int, length: int = 400) -> torch.Tensor:
    """Mask of two recordings, the first with `n` real samples, the second without padding."""
    return torch.arange(length) < torch.tensor([[n], [length]])


def test_published_small_size_has_its_numbers_of_parameters():
    with torch.device("meta"):
        model = ConvTransformer(ConvTransformer.Config())
    assert count(model.features) == 399_872
    assert count(model.norm_features) + count(model.embed) == 512 + 197_376
    assert count(model.position) == 4_719_488
    assert count(model.norm) + count(model.blocks) == 56_704_512
    assert model.dim == 768


def test_sizes():
    with torch.device("meta"):
        base, large = (
            ConvTransformer(ConvTransformer.Config.of_size(name)) for name in ("base", "large")
        )
    per_layer = 12 * 768**2 + 13 * 768
    assert count(base) == 62_021_760 + 4 * per_layer
    assert (large.dim, len(large.blocks)) == (1024, 24)
    with pytest.raises(CardiolexError, match="no size 'huge'; there are small, base, large"):
        ConvTransformer.Config.of_size("huge")


@pytest.mark.parametrize("samples", [16, 31, 400, 777])
def test_any_length_gives_a_token_for_each_whole_patch(samples):
    assert small()(torch.randn(2, 12, samples)).shape == (2, samples // 16, 32)


def test_tokens_are_unit_normalised_by_the_last_layer_norm():
    tokens = small()(torch.randn(2, 12, 400))
    assert torch.allclose(tokens.mean(dim=2), torch.zeros(2, 25), atol=1e-5)
    assert torch.allclose(tokens.std(dim=2, correction=0), torch.ones(2, 25), atol=1e-3)


@pytest.mark.parametrize("n", [16, 129, 240, 399])
def test_padding_and_neighbours_cannot_matter(n):
    model, ecg, mask = small(), torch.randn(2, 12, 400), first(n)
    with torch.no_grad():
        alone = model(ecg[:1, :, :n])
        together = model(ecg, mask)
        ecg[0, :, n:] = 1e3
        again = model(ecg, mask)
        neighbour = model(ecg[1:])
    assert torch.allclose(together[:1, : n // 16], alone, atol=1e-5)
    assert torch.equal(again, together)
    assert torch.allclose(together[1:], neighbour, atol=1e-5)
    assert not together[0, n // 16 :].any()


def test_the_mask_of_tokens_goes_with_them():
    model = small()
    assert model.real(first(129)).sum(dim=1).tolist() == [8, 25]
    assert model.real(first(400)) is None
    assert model.real(None) is None


def test_a_recording_without_a_whole_patch_is_an_error():
    with pytest.raises(CardiolexError, match=r"recording\(s\) \[0\] .* no 16 real samples"):
        small()(torch.randn(2, 12, 400), first(15))


@pytest.mark.parametrize("shape", [(1, 8, 400), (1, 12, 15)])
def test_other_leads_and_too_short_windows_are_errors(shape):
    with pytest.raises(CardiolexError, match="takes 12 leads and at least 16 samples"):
        small()(torch.randn(shape))


def test_the_original_sees_padding_as_signal():
    ecg = torch.randn(2, 12, 400)
    ecg[0, :, 200:] = 0
    model = small(see_padding=True)
    assert torch.equal(model(ecg, first(200)), model(ecg))
    assert not torch.allclose(model(ecg)[:1, :12], model(ecg[:1, :, :200]), atol=1e-3)


def test_the_gradient_into_the_convolutions_is_a_tenth():
    ecg = torch.randn(2, 12, 400)
    grads = []
    for scale in (1.0, 0.1):
        model = small(conv_gradient=scale)
        model(ecg)[:, :, 0].sum().backward()
        grads.append([p.grad for p in (*model.features.parameters(), *model.embed.parameters())])
    *features_full, w_full, b_full = grads[0]
    *features_tenth, w_tenth, b_tenth = grads[1]
    for full, tenth in zip(features_full, features_tenth, strict=True):
        assert full.abs().max() > 0
        assert torch.allclose(tenth, 0.1 * full, rtol=1e-4, atol=1e-7)
    assert torch.equal(w_full, w_tenth)
    assert torch.equal(b_full, b_tenth)


def test_a_periodic_signal_has_periodic_tokens():
    """There is no table of positions: far from the ends only the surroundings count."""
    ecg = torch.randn(1, 12, 160).repeat(1, 1, 4)  # a period of 10 tokens
    tokens = small(depth=0)(ecg)
    assert torch.allclose(tokens[:, 5:25], tokens[:, 15:35], atol=1e-5)
    assert not torch.allclose(tokens[:, 5:25], tokens[:, 6:26], atol=0.1)


def test_sizes_that_cannot_be_divided_are_errors():
    with pytest.raises(ValueError, match="position_groups = 5"):
        small(position_groups=5)
    with pytest.raises(ValueError, match="heads = 5"):
        small(heads=5)
