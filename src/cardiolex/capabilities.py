"""What a system can do. Callers ask for a capability, never for a system's name.

Shapes: B batch, T samples, Q queries, D embedding, Dt text vector.
"""

from typing import Protocol, runtime_checkable

from torch import Tensor

from cardiolex.datasets.batches import Batch


@runtime_checkable
class Pretrains(Protocol):
    """Learns from batches."""

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Named scalars; "loss" is the one to minimise."""
        ...


@runtime_checkable
class EmbedsECG(Protocol):
    """Turns recordings into vectors."""

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """`ecg` (B, 12, T), `lead_mask` (B, 12), `sample_mask` (B, T) to (B, D)."""
        ...


@runtime_checkable
class EmbedsText(Protocol):
    """Turns text vectors into the space in which recordings and reports are compared."""

    def embed_text(self, report_vectors: Tensor) -> Tensor:
        """(B, Dt) to (B, D), unit length."""
        ...


@runtime_checkable
class ScoresQueries(Protocol):
    """Answers questions put as text vectors."""

    def score_queries(
        self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor, query_vectors: Tensor
    ) -> Tensor:
        """`ecg` (B, 12, T), masks as above, `query_vectors` (Q, Dt) to logits (B, Q)."""
        ...
