"""Losses of two views: closed-form cases, definitions written out, the global batch."""

import math
import os

import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from group_of_processes import run_together

from cardiolex.objectives.contrastive import key_contrast, nt_xent
from cardiolex.objectives.redundancy import barlow_twins
from cardiolex.objectives.similarity import negative_cosine


def pair(b: int = 6, d: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.randn(b, d, requires_grad=True), torch.randn(b, d, requires_grad=True)


def test_nt_xent_is_its_definition():
    a, b = pair()
    z = [F.normalize(row, dim=0) for row in torch.cat([a, b]).detach()]
    total = 0.0
    for i in range(12):
        exps = [math.exp(float(z[i] @ z[k]) / 0.3) if k != i else 0.0 for k in range(12)]
        total -= math.log(exps[(i + 6) % 12] / sum(exps))
    assert float(nt_xent(a, b, 0.3)) == pytest.approx(total / 12, rel=1e-5)


def test_nt_xent_of_orthogonal_pairs_has_a_closed_form():
    eye = torch.eye(4)
    expected = math.log(1 + 6 * math.exp(-1 / 0.5))  # one positive at 1, six negatives at 0
    assert float(nt_xent(eye, 3 * eye, 0.5)) == pytest.approx(expected, rel=1e-5)
    assert float(nt_xent(torch.ones(4, 3), torch.ones(4, 3))) == pytest.approx(math.log(7))


def test_key_contrast_is_its_definition_and_spares_the_keys():
    q, k = pair()
    loss = key_contrast(q, k, 0.2)
    total = 0.0
    for i in range(6):
        cosines = [float(F.cosine_similarity(q[i], k[j], dim=0)) / 0.2 for j in range(6)]
        total -= cosines[i] - math.log(sum(math.exp(c) for c in cosines))
    assert float(loss) == pytest.approx(2 * 0.2 * total / 6, rel=1e-5)
    loss.backward()
    assert k.grad is None and q.grad.abs().sum() > 0


def test_negative_cosine_is_byols_distance_and_spares_the_target():
    p, z = pair()
    loss = negative_cosine(p, z)
    distance = (F.normalize(p, dim=1) - F.normalize(z, dim=1)).square().sum(dim=1).mean()
    assert float(2 + 2 * loss) == pytest.approx(float(distance), rel=1e-5)
    loss.backward()
    assert z.grad is None and p.grad.abs().sum() > 0
    assert float(negative_cosine(z, 5 * z)) == pytest.approx(-1)


def test_barlow_twins_is_its_definition():
    a, b = pair(8, 3)
    total = 0.0
    for i in range(3):
        for j in range(3):
            c = float(torch.corrcoef(torch.stack([a[:, i], b[:, j]]))[0, 1])
            total += (1 - c) ** 2 if i == j else 0.01 * c**2
    assert float(barlow_twins(a, b, 0.01)) == pytest.approx(total, rel=1e-3)


def test_barlow_twins_knows_perfect_and_useless_features():
    signs = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])  # uncorrelated
    assert float(barlow_twins(signs, 4 * signs + 2)) == pytest.approx(0, abs=1e-4)
    same = signs[:, :1].expand(-1, 2)
    assert float(barlow_twins(same, same, 0.25)) == pytest.approx(2 * 0.25, rel=1e-3)
    constant = torch.ones(4, 2)
    assert float(barlow_twins(constant, constant)) == pytest.approx(2)


@pytest.mark.parametrize("loss", [nt_xent, key_contrast, negative_cosine, barlow_twins])
def test_losses_are_float32_under_autocast(loss):
    a, b = pair(32, 16)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = loss(a, b)
    assert mixed.dtype == torch.float32
    assert torch.equal(mixed, loss(a, b))


def losses(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    parts = [loss(a, b) for loss in (nt_xent, key_contrast, negative_cosine, barlow_twins)]
    torch.stack(parts).sum().backward()
    return torch.stack(parts).detach()


def process(folder: str) -> None:
    rank = int(os.environ["RANK"])
    dist.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=2)
    mine = [x.detach()[3 * rank : 3 * rank + 3].clone().requires_grad_() for x in pair()]
    values = losses(*mine)
    torch.save((values, [x.grad for x in mine]), f"{folder}/{rank}.pt")
    dist.destroy_process_group()


def test_two_processes_learn_as_one_with_the_whole_batch(tmp_path):
    run_together(2, process, str(tmp_path))
    parts = [torch.load(tmp_path / f"{rank}.pt") for rank in range(2)]
    whole = pair()
    values = losses(*whole)
    assert torch.allclose((parts[0][0] + parts[1][0]) / 2, values, rtol=1e-5)
    for side in range(2):  # gradients are averaged over processes afterwards
        joined = torch.cat([grads[side] for _, grads in parts]) / 2
        assert torch.allclose(joined, whole[side].grad, rtol=1e-4, atol=1e-6)
