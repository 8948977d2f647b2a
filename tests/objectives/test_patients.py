"""Losses of patients against their definition, entry by entry, and closed-form cases."""

import math
from itertools import combinations

import torch

from cardiolex.objectives.patients import patient_contrast, patient_cosine
from cardiolex.objectives.similarity import negative_cosine

ALL = torch.ones(5, 1, 3, dtype=torch.bool)


def views(b: int = 5, g: int = 1, v: int = 3, d: int = 6) -> torch.Tensor:
    torch.manual_seed(3)
    return torch.randn(b, g, v, d)


def by_definition(a, b, patients, temperature=0.1) -> float:
    """The loss of one pair of views, written with loops."""
    n = len(a)
    cosine = [
        [float(torch.cosine_similarity(a[i], b[j], dim=0)) for j in range(n)] for i in range(n)
    ]
    s = [[math.exp(c / temperature) for c in row] for row in cosine]
    rows = [sum(s[i]) for i in range(n)]
    columns = [sum(s[i][j] for i in range(n)) for j in range(n)]
    terms = []
    for wanted in (lambda i, j: i == j, lambda i, j: i != j and patients[i] == patients[j]):
        entries = [(i, j) for i in range(n) for j in range(n) if wanted(i, j)]
        if entries:
            terms.append(sum(-math.log(s[i][j] / rows[i]) for i, j in entries) / len(entries))
            terms.append(sum(-math.log(s[i][j] / columns[j]) for i, j in entries) / len(entries))
    return sum(terms) / len(terms)


def test_three_views_give_the_mean_of_their_three_pairs():
    x, patients = views(), torch.tensor([7, 8, 7, 9, 7])
    wanted = [by_definition(x[:, 0, a], x[:, 0, b], patients) for a, b in combinations(range(3), 2)]
    assert math.isclose(float(patient_contrast(x, ALL, patients)), sum(wanted) / 3, rel_tol=1e-4)


def test_the_order_of_recordings_does_not_matter():
    x, patients = views(), torch.tensor([7, 8, 7, 9, 7])
    order = torch.tensor([4, 2, 0, 1, 3])
    assert torch.allclose(
        patient_contrast(x, ALL, patients), patient_contrast(x[order], ALL, patients[order])
    )


def test_names_of_lone_patients_do_not_matter_and_shared_ones_do():
    x = views()
    alone = patient_contrast(x, ALL, torch.arange(5))
    assert torch.allclose(alone, patient_contrast(x, ALL, 10 * torch.arange(5) + 3))
    assert not torch.allclose(alone, patient_contrast(x, ALL, torch.tensor([0, 0, 1, 2, 3])))


def test_equal_embeddings_leave_the_logarithm_of_the_batch():
    same = torch.ones(5, 1, 3, 4)
    for patients in (torch.arange(5), torch.zeros(5, dtype=torch.long)):
        assert torch.allclose(patient_contrast(same, ALL, patients), torch.tensor(math.log(5)))


def test_what_is_not_there_is_as_if_left_out():
    x, patients = views(), torch.tensor([7, 8, 7, 9, 7])
    there = ALL.clone()
    there[3] = False
    there[4, 0, 2] = False  # takes part in one pair of three
    kept = [0, 1, 2]
    wanted = [
        by_definition(x[[0, 1, 2, 4], 0, 0], x[[0, 1, 2, 4], 0, 1], patients[[0, 1, 2, 4]]),
        by_definition(x[kept, 0, 0], x[kept, 0, 2], patients[kept]),
        by_definition(x[kept, 0, 1], x[kept, 0, 2], patients[kept]),
    ]
    x.requires_grad_(True)
    loss = patient_contrast(x, there, patients)
    assert math.isclose(float(loss.detach()), sum(wanted) / 3, rel_tol=1e-4)
    loss.backward()
    assert torch.isfinite(x.grad).all() and x.grad[3].abs().max() == 0


def test_groups_are_contrasted_each_on_its_own():
    x, patients = views(g=2), torch.tensor([7, 8, 7, 9, 7])
    both = patient_contrast(x, ALL.expand(-1, 2, -1), patients)
    each = [patient_contrast(x[:, g : g + 1], ALL, patients) for g in (0, 1)]
    assert torch.allclose(both, sum(each) / 2)
    half = torch.stack([ALL[:, 0], ~ALL[:, 0]], dim=1)
    assert torch.allclose(patient_contrast(x, half, patients), each[0])


def test_nothing_there_is_no_loss():
    x = views().requires_grad_(True)
    loss = patient_contrast(x, ~ALL, torch.arange(5))
    loss.backward()
    assert float(loss.detach()) == 0 and x.grad.abs().max() == 0


def test_cosine_of_lone_patients_is_that_of_pairs():
    p, z = views()[:, 0, 0], views()[:, 0, 1]
    assert torch.allclose(patient_cosine(p, z, torch.arange(5)), negative_cosine(p, z))
    shared = patient_cosine(p, z, torch.tensor([1, 1, 2, 3, 4]))
    cosine = torch.nn.functional.normalize(p, dim=1) @ torch.nn.functional.normalize(z, dim=1).T
    wanted = -(2 * cosine[:2, :2].mean() + cosine.diagonal()[2:].sum()) / 5
    assert torch.allclose(shared, wanted)


def test_no_gradient_reaches_the_targets():
    p, z = (views()[:, 0, i].requires_grad_(True) for i in (0, 1))
    patient_cosine(p, z, torch.arange(5)).backward()
    assert z.grad is None and p.grad.abs().max() > 0
