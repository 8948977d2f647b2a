"""K-MERL without one of its parts; what it does with both is in test_contract.py."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor

from cardiolex.capabilities import Aligns, ExplainsQueries, ScoresQueries
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.lead_vit import LeadViT
from cardiolex.errors import CardiolexError
from cardiolex.nn.query_network import QueryNetwork
from cardiolex.systems.kmerl import KMERL

Q, DT, T, B = 5, 16, 60, 4
ENCODER = LeadViT.Config(segment_samples=10, max_segments=6, width=32, depth=1, heads=2)


def made(encoder: LeadViT.Config = ENCODER, **weights: float) -> KMERL:
    torch.manual_seed(0)
    config = KMERL.Config(
        encoder=encoder,
        query_network=QueryNetwork.Config(width=32, layers=1, heads=2, hidden=64),
        text_dim=DT,
        embedding_dim=16,
        **weights,
    )
    return KMERL.assemble(config, None, torch.randn(Q, DT))


def signals() -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    there = torch.ones(B, 12, dtype=torch.bool), torch.ones(B, T, dtype=torch.bool)
    return torch.randn(B, 12, T), *there


def silent(system: KMERL) -> list[str]:
    names, labels = ["a"] * B, torch.eye(B, Q)
    system.losses(Batch(*signals(), names, torch.randn(B, DT), labels, names))["loss"].backward()
    return [n for n, p in system.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]


def test_without_the_contrast_only_the_query_network_is_left():
    system = made(contrast_weight=0.0)
    assert silent(system) == []
    assert system.config.reads == "labels"
    assert system.score_queries(*signals(), system.entity_vectors).shape == (B, Q)
    assert isinstance(system, ExplainsQueries) and not isinstance(system, Aligns)
    assert isinstance(made(), ExplainsQueries) and isinstance(made(), Aligns)


def test_without_the_query_network_names_are_answered_by_cosine():
    system = made(query_weight=0.0)
    assert silent(system) == []
    system.eval()
    asked = torch.randn(3, DT)
    with torch.no_grad():
        logits = system.score_queries(*signals(), asked)
        ecg = system.ecg_projector(system.embed_ecg(*signals()))
        text = system.text_projector(asked)
    expected = torch.cosine_similarity(ecg[:, None], text[None], dim=2) / 0.07
    assert torch.allclose(logits, expected, atol=1e-5)
    assert isinstance(system, Aligns) and isinstance(system, ScoresQueries)
    assert not isinstance(system, ExplainsQueries)


def test_without_either_there_is_nothing_to_learn():
    with pytest.raises(CardiolexError, match="nothing to learn"):
        made(contrast_weight=0.0, query_weight=0.0)


def test_tokens_that_mix_leads_explain_nothing():
    system = made(ENCODER.model_copy(update={"tokens": "mixed"}))
    assert isinstance(system, ScoresQueries) and not isinstance(system, ExplainsQueries)
    assert silent(system) == []
    copied = deepcopy(system)
    assert not isinstance(copied, ExplainsQueries)
