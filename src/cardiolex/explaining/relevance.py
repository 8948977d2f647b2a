"""Relevance of a window's pieces for one question, by several methods.

"attention": where the question looked, a mean over layers and heads (never negative).
"gradient": how the logit changes as a piece is made to count less, to first order; for systems
without tokens the gradient times the signal, summed over the piece.
"input": gradient times signal, for any system (Shrikumar 2016, arXiv:1605.01713).
"occlusion": how far the logit falls without a stretch of a lead (Zeiler 2014, arXiv:1311.2901).
All are (12, M) and zero where nothing was recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from cardiolex.capabilities import ExplainsQueries
from cardiolex.errors import CardiolexError
from cardiolex.explaining.occlusion import occlusion
from cardiolex.explaining.torch_pieces import SignalPieces, TokenPieces

Method = Literal["attention", "gradient", "input", "occlusion"]
Relevance = NDArray[np.float32]


def relevance(pieces: TokenPieces | SignalPieces, method: Method) -> Relevance:
    """Relevance (12, M) by `method`; see the module's text."""
    if method not in METHODS:
        raise CardiolexError(
            f"explaining by {method!r} is unknown; choose from {', '.join(get_args(Method))}"
        )
    found = METHODS[method](pieces)
    return np.where(pieces.there, found, 0.0).astype(np.float32)


def _attention(pieces: TokenPieces | SignalPieces) -> Relevance:
    if not isinstance(pieces, TokenPieces):
        raise CardiolexError("this model has no attention by lead and time; explain by 'gradient'")
    with torch.no_grad():
        _, weights = pieces.system.explain_queries(
            pieces.ecg, pieces.lead_mask, pieces.sample_mask, pieces.vector
        )
    found: Relevance = weights[0, 0].float().cpu().numpy()
    return found


def _gradient(pieces: TokenPieces | SignalPieces) -> Relevance:
    """Derivative of the logit by the weight of each token in all attention."""
    if not isinstance(pieces, TokenPieces):
        return _input(pieces)
    with torch.enable_grad():
        weights = torch.ones_like(pieces.mask, dtype=torch.float32).requires_grad_()
        logit = pieces.system.score_tokens(pieces.ecg, pieces.mask, pieces.vector, weights)
        (slope,) = torch.autograd.grad(logit.sum(), weights)
    found: Relevance = slope[0].float().cpu().numpy()
    return found


def _input(pieces: TokenPieces | SignalPieces) -> Relevance:
    with torch.enable_grad():
        ecg = pieces.ecg.clone().requires_grad_()
        logit = pieces.system.score_queries(
            ecg, pieces.lead_mask, pieces.sample_mask, pieces.vector
        )
        (slope,) = torch.autograd.grad(logit.sum(), ecg)
    product = (slope * pieces.ecg)[0].float().cpu().numpy()  # (12, T)
    count = pieces.there.shape[1]
    starts = np.ceil(np.arange(count) * product.shape[1] / count).astype(int)
    return np.asarray(np.add.reduceat(product, starts, axis=1), dtype=np.float32)


METHODS: dict[str, Callable[[TokenPieces | SignalPieces], Relevance]] = {
    "attention": _attention,
    "gradient": _gradient,
    "input": _input,
    "occlusion": occlusion,
}


def default_method(system: object) -> Method:
    """The method found most faithful on real records: docs/explanations.md."""
    return "gradient" if isinstance(system, ExplainsQueries) else "occlusion"
