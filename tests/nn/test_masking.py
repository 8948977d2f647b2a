import math

import pytest
import torch

from cardiolex.nn.masking import drop_leads, mask_leads, mask_segments


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_number_of_masked_leads_is_one_per_batch_and_uniform():
    everything = torch.ones(8, 12, dtype=torch.bool)
    generator = seeded(0)
    counts = []
    for _ in range(600):
        kept = mask_leads(everything, (9, 10, 11), generator=generator).sum(dim=1)
        assert (kept == kept[0]).all()
        counts.append(int(kept[0]))
    share = torch.tensor(counts).bincount(minlength=4)[1:] / len(counts)
    assert torch.allclose(share, torch.full((3,), 1 / 3), atol=0.08)


def test_identity_of_leads_is_uniform_and_per_recording():
    kept = mask_leads(torch.ones(6000, 12, dtype=torch.bool), (9,), generator=seeded(1))
    assert (kept.sum(dim=1) == 3).all()
    assert torch.allclose(kept.float().mean(dim=0), torch.full((12,), 0.25), atol=0.03)
    assert len(torch.unique(kept, dim=0)) == math.comb(12, 3)


def test_weights_choose_the_number():
    everything = torch.ones(2, 12, dtype=torch.bool)
    generator = seeded(2)
    kept = {int(mask_leads(everything, (0, 11), (0.0, 1.0), generator)[0].sum()) for _ in range(30)}
    assert kept == {1}


def test_recordings_with_few_leads_keep_what_they_have():
    mask = torch.zeros(3, 12, dtype=torch.bool)
    mask[0, 1] = True
    mask[1, [0, 6]] = True
    mask[2] = True
    kept = mask_leads(mask, (9,), generator=seeded(3))
    assert torch.equal(kept[:2], mask[:2])
    assert kept[2].sum() == 3


def test_numbers_drawn_per_recording_differ_within_a_batch():
    everything = torch.ones(64, 12, dtype=torch.bool)
    kept = mask_leads(everything, (9, 10, 11), generator=seeded(4), per="sample").sum(dim=1)
    assert set(kept.tolist()) == {1, 2, 3}


def test_each_lead_keeps_38_of_50_segments_independently():
    real = torch.zeros(200, 12, 50, dtype=torch.bool)
    real[:, [1, 7]] = True
    kept = mask_segments(real, 0.25, generator=seeded(5))
    assert (kept[:, [1, 7]].sum(dim=2) == 38).all()
    assert not kept[:, [0, 2, 11]].any()
    assert not torch.equal(kept[:, 1], kept[:, 7])
    share = kept[:, 1].float().mean(dim=0)
    assert torch.allclose(share, torch.full((50,), 0.76), atol=0.15)


def test_masking_over_all_tokens_keeps_their_number_but_not_per_lead():
    real = torch.ones(20, 3, 50, dtype=torch.bool)
    kept = mask_segments(real, 0.25, over="all", generator=seeded(6))
    assert (kept.sum(dim=(1, 2)) == math.ceil(0.75 * 150)).all()
    assert kept.sum(dim=2).unique().numel() > 1


def test_only_real_segments_are_kept_and_counted():
    real = torch.zeros(1, 12, 50, dtype=torch.bool)
    real[0, 0, :20] = True
    kept = mask_segments(real, 0.25, generator=seeded(7))
    assert kept.sum() == 15
    assert not kept[0, 0, 20:].any()


@pytest.mark.parametrize("ratio", [0.0, 0.25])
def test_masks_are_a_function_of_the_generator(ratio):
    real = torch.ones(4, 12, 50, dtype=torch.bool)
    first = mask_segments(real, ratio, generator=seeded(8))
    assert torch.equal(first, mask_segments(real, ratio, generator=seeded(8)))
    assert (ratio == 0) == torch.equal(first, real)


def test_leads_are_dropped_one_by_one_and_never_all():
    present = torch.ones(4000, 12, dtype=torch.bool)
    present[:2000, 2:] = False
    kept = drop_leads(present, 0.5, seeded(9))
    assert not (kept & ~present).any()
    assert (kept.sum(dim=1) >= 1).all()
    assert abs(kept[2000:].float().mean() - 0.5) < 0.01
    assert len(kept[2000:].sum(dim=1).unique()) > 8  # not the same number each time
    both = kept[:2000, :2]  # of two leads one in four would vanish: one of them stays
    assert abs((both.sum(dim=1) == 2).float().mean() - 0.25) < 0.04
    assert abs(both.float().mean(dim=0)[0] - 0.625) < 0.04
    assert torch.equal(drop_leads(present, 0.0, seeded(9)), present)
    assert (drop_leads(present, 1.0, seeded(9)).sum(dim=1) == 1).all()
