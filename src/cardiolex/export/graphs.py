"""The networks of a checkpoint as they go into ONNX graphs: plain tensors in, one tensor out.

Tokens arrive cut and chosen, so a graph knows nothing of masks: leads that are absent have no
tokens, and any number of leads, windows and queries fits one graph.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cardiolex.encoders.lead_vit import LeadViT
from cardiolex.encoders.text import HuggingFaceText
from cardiolex.errors import CardiolexError
from cardiolex.nn.query_network import QueryNetwork

OPSET = 18


class TokenNetwork(nn.Module):
    """Encoder and query network of a system with tokens by lead and time."""

    def __init__(self, encoder: LeadViT, network: QueryNetwork) -> None:
        super().__init__()
        self.encoder, self.network = encoder, network

    def forward(self, tokens: Tensor, lead: Tensor, segment: Tensor, queries: Tensor) -> Tensor:
        """`tokens` (B, N, p), `lead` and `segment` (B, N), `queries` (Q, Dt) to logits (B, Q)."""
        x = self.encoder.embed(tokens)
        if self.encoder.lead is not None:
            x = x + self.encoder.lead(lead)
        if self.encoder.time is not None:
            x = x + self.encoder.time(segment)
        for block in self.encoder.blocks:
            x = block(x)
        logits: Tensor = self.network(self.encoder.norm(x), queries)
        return logits


class TextNetwork(nn.Module):
    """A BERT-like text encoder on texts of one length."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor) -> Tensor:
        """`tokens` (B, S) to states (B, S, Dt)."""
        states: Tensor = self.model(
            input_ids=tokens, attention_mask=torch.ones_like(tokens)
        ).last_hidden_state
        return states


def token_network(system: nn.Module, name: str) -> TokenNetwork:
    """The part of `system` that answers; CardiolexError if it has no tokens by lead and time."""
    encoder = getattr(system, "encoder", None)
    network = getattr(system, "query_network", None)
    by_lead = isinstance(encoder, LeadViT) and encoder.config.tokens == "lead"
    if not (by_lead and isinstance(network, QueryNetwork)) or network.config.self_attention:
        raise CardiolexError(
            f"{name}: only models that ask tokens of single leads can be exported (kmerl, supreme "
            "with lead_vit, without self-attention among queries)"
        )
    assert isinstance(encoder, LeadViT)
    return TokenNetwork(encoder, network).eval()


def text_network(text: HuggingFaceText) -> TextNetwork:
    """A copy of the text encoder's network with plain attention, which exports to any runtime."""
    model: Any = deepcopy(text.model)
    model.set_attn_implementation("eager")
    return TextNetwork(model).eval()


def write_graph(
    network: nn.Module,
    inputs: Mapping[str, Tensor],
    axes: Mapping[str, Mapping[int, str]],
    path: Path,
) -> None:
    """Export `network` to `path`; `axes` names the dimensions of each input that may vary."""
    names = sorted({name for each in axes.values() for name in each.values()})
    dims = {name: torch.export.Dim(name, min=1) for name in names}
    shapes = {k: {i: dims[name] for i, name in axes.get(k, {}).items()} for k in inputs}
    with quiet(), torch.no_grad():
        program = torch.onnx.export(
            network,
            kwargs=dict(inputs),
            dynamo=True,
            dynamic_shapes=shapes,
            input_names=list(inputs),
            output_names=["output"],
            opset_version=OPSET,
            verbose=False,
        )
        assert program is not None
        program.save(str(path))


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the exporter's remarks on optional packages to itself."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
