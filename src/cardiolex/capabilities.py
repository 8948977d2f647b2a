"""What a system can do. Callers ask for a capability, never for a system's name.

Shapes: B batch, T samples, Q queries, D embedding, E shared space, Dt text vector, M segments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, Self, TypeVar, runtime_checkable

from torch import Tensor, nn

from cardiolex.datasets.batches import Batch

Reads = Literal["vectors", "texts", "labels"]
"""What a system learns from beside the signal: vectors of a frozen text encoder, the reports
themselves, or at most labels."""


class SystemConfig(Protocol):
    """What every system's `Config` says beside its own settings."""

    @property
    def text_dim(self) -> int:
        """Length Dt of a text vector."""
        ...

    @property
    def reads(self) -> Reads:
        """What `losses` needs of a report."""
        ...

    def model_dump(self, *, mode: Literal["json"]) -> dict[str, Any]:
        """The settings as JSON."""
        ...

    def model_copy(self, *, update: Mapping[str, Any]) -> Self:
        """The same settings but for `update`."""
        ...


@runtime_checkable
class Pretrains(Protocol):
    """Learns from batches."""

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Named scalars; "loss" is the one to minimise."""
        ...


@runtime_checkable
class EmbedsECG(Protocol):
    """Turns recordings into vectors: what a linear probe reads."""

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """`ecg` (B, 12, T), `lead_mask` (B, 12), `sample_mask` (B, T) to (B, D)."""
        ...


@runtime_checkable
class Aligns(Protocol):
    """Puts recordings and texts into one space, where near means alike."""

    def project_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """Recordings as above to (B, E), unit length."""
        ...

    def embed_text(self, text_vectors: Tensor) -> Tensor:
        """(B, Dt) to (B, E), unit length."""
        ...


@runtime_checkable
class ScoresQueries(Protocol):
    """Answers questions put as text vectors."""

    def score_queries(
        self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor, query_vectors: Tensor
    ) -> Tensor:
        """`ecg` (B, 12, T), masks as above, `query_vectors` (Q, Dt) to logits (B, Q)."""
        ...


@runtime_checkable
class ExplainsQueries(ScoresQueries, Protocol):
    """Says where it looked."""

    def explain_queries(
        self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor, query_vectors: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Logits (B, Q) and attention (B, Q, 12, M), zero where no token is."""
        ...

    def token_mask(self, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, 12, M) bool: which tokens a recording has, each a piece of one lead."""
        ...

    def score_tokens(
        self, ecg: Tensor, visible: Tensor, query_vectors: Tensor, weights: Tensor | None = None
    ) -> Tensor:
        """Logits (B, Q) from the tokens where `visible` (B, 12, M), as if no other were recorded.

        `weights` (B, 12, M): how much each counts where tokens are looked at, 1 as always.
        """
        ...


@runtime_checkable
class WritesReports(Protocol):
    """Puts a recording into words."""

    def write_reports(
        self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor, decoding: Any
    ) -> Sequence[str]:
        """One report for each recording; `decoding` says how words are chosen."""
        ...


@runtime_checkable
class TrainsText(Protocol):
    """Trains its text encoder along; its weights live in a checkpoint's `text/` folder."""

    text_model: nn.Module


@runtime_checkable
class FollowsSteps(Protocol):
    """Does something after each optimiser step, such as moving a slow copy of its weights."""

    def after_step(self, done: float) -> None:
        """`done`, from 0 to 1, is the share of the training that is over."""
        ...


@runtime_checkable
class HoldsRates(Protocol):
    """Has weights whose learning rate stays at its peak while that of the others changes."""

    def steady_parameters(self) -> Iterable[nn.Parameter]:
        """Those weights."""
        ...


S = TypeVar("S")


def without(kind: type[S], *methods: str) -> type[S]:
    """`kind` as it is where its configuration leaves out what `methods` need.

    They are None there, which `isinstance` with a protocol reads as absent.
    """
    return type(kind.__name__, (kind,), dict.fromkeys(methods)) if methods else kind


@runtime_checkable
class HasScaffold(Protocol):
    """Has parts that only training needs."""

    def remove_scaffold(self) -> None:
        """Take them off, weights and settings."""
        ...
