"""K-MERL: entities from reports, lead-aware tokens, dynamic masking, a query network.

Paper: "Knowledge-enhanced Multimodal ECG Representation Learning with Arbitrary-Lead Inputs",
EMNLP 2025, arXiv 2502.17900. Tokens: Eq. (2). Contrast: Eq. (4). Entity queries: Eq. (5).
Total: contrast + query_weight x entity loss.

Deviations and choices where the paper is silent or cannot be meant as printed:
- Eq. (4) as printed leaves the positive out of the denominator and treats every pair as positive;
  this is standard InfoNCE over the global batch in both directions, temperature 0.07.
- Segments of 100 samples (0.2 s at 500 Hz), 50 per lead; of 50 segments 38 stay.
- The number of masked leads is drawn per batch, their identity per recording; a recording with
  fewer leads keeps what it has. Absent leads and padding have no tokens at all.
- Tokens are normalised, then pooled (MERL pools first), since the query network reads tokens.
- Query network: width 256, FFN 1024, dropout 0.1, pre-norm; queries do not see one another, so the
  score of a condition is a function of that condition and the recording (switch `self_attention`).
- Text is frozen: report vectors arrive in the batch, entity vectors are a buffer of the system.
- BatchNorm in the projector uses the statistics of the global batch.
- Unknown labels (NaN) take no part in Eq. (5); published data has none.
- `beat_weight` (0 as published) asks each token what heartbeat lies in its segment, where the data
  says so, as simulated data does; the head that answers is taken off after training.
- Ablations (Tab. 2): a part whose loss has weight 0 is not built. Without the query network a name
  is answered by its cosine with the recording over the temperature; the paper does not say how.
Shapes: B batch, T samples, N tokens, D width, Q queries, Dt text vector.
"""

from typing import ClassVar, Literal, Self, TypeVar

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from cardiolex.capabilities import Reads, without
from cardiolex.datasets.batches import Batch
from cardiolex.datasets.beat_targets import BINARY, CONTINUOUS
from cardiolex.encoders.lead_vit import LeadViT, Tokens
from cardiolex.encoders.text import TextEncoder
from cardiolex.errors import CardiolexError
from cardiolex.nn.masking import mask_leads, mask_segments
from cardiolex.nn.projection import ecg_projector, text_projector
from cardiolex.nn.query_network import QueryNetwork
from cardiolex.objectives.beats import beat_loss
from cardiolex.objectives.contrastive import info_nce
from cardiolex.objectives.entities import entity_bce

Part = TypeVar("Part", bound=nn.Module)


class Masking(BaseModel):
    """What is hidden in training; `masked_leads=()`, `segment_ratio=0` switch it off (Tab. 2)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    masked_leads: tuple[int, ...] = (9, 10, 11)
    weights: tuple[float, ...] | None = None
    """Relative frequency of each entry of `masked_leads`; uniform if None."""
    per: Literal["batch", "sample"] = "batch"
    segment_ratio: float = Field(default=0.25, ge=0, lt=1)
    segments_over: Literal["lead", "all"] = "lead"


class KMERL(nn.Module):
    """See the module's text."""

    paper: ClassVar[str] = "K-MERL (arXiv 2502.17900)"

    class Config(BaseModel):
        """The published system by default."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        encoder: LeadViT.Config = LeadViT.Config()
        query_network: QueryNetwork.Config = QueryNetwork.Config()
        masking: Masking = Masking()
        text_dim: int = 768
        embedding_dim: int = 256
        temperature: float = 0.07
        reduction: Literal["mean", "sum"] = "mean"
        contrast_weight: float = 1.0
        query_weight: float = 1.0
        beat_weight: float = 0.0
        queries_per_step: int | None = None
        """Score a random subset of the entities per step: unbiased and cheaper; None = all."""

        @property
        def reads(self) -> Reads:
            """Report vectors where there is a contrast."""
            return "vectors" if self.contrast_weight else "labels"

    def __init__(self, config: Config, entity_vectors: Tensor | None = None) -> None:
        """`entity_vectors` (Q, Dt) are the text vectors of the entities that labels name."""
        super().__init__()
        if config.queries_per_step and config.query_network.self_attention:
            raise CardiolexError("queries_per_step needs query_network.self_attention = false")
        if not (config.contrast_weight or config.query_weight):
            raise CardiolexError("contrast_weight and query_weight are both 0: nothing to learn")
        self.config = config
        self.encoder = LeadViT(config.encoder)
        self.query_network: QueryNetwork | None = None
        if config.query_weight:
            self.query_network = QueryNetwork(
                config.query_network, token_dim=self.encoder.dim, query_dim=config.text_dim
            )
        self.ecg_projector: nn.Module | None = None
        self.text_projector: nn.Module | None = None
        if config.contrast_weight:
            self.ecg_projector = ecg_projector(self.encoder.dim, config.embedding_dim)
            self.text_projector = text_projector(config.text_dim, config.embedding_dim)
        self.beat_head: nn.Linear | None = None
        if config.beat_weight:
            self.beat_head = nn.Linear(self.encoder.dim, len(BINARY) + len(CONTINUOUS))
        self.entity_vectors: Tensor
        empty = torch.zeros(0, config.text_dim)
        self.register_buffer(
            "entity_vectors", empty if entity_vectors is None else entity_vectors.float()
        )

    @classmethod
    def assemble(cls, config: Config, text: TextEncoder | None, entity_vectors: Tensor) -> Self:
        """Build from what a run or a checkpoint has; the text encoder stays outside.

        What the configuration leaves out is no capability of the result.
        """
        lacking = [] if config.contrast_weight else ["project_ecg", "embed_text"]
        if not config.query_weight or config.encoder.tokens != "lead":
            lacking.append("explain_queries")
        return without(cls, *lacking)(config, entity_vectors)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss", "contrast" and "entities" of a batch with report vectors and labels."""
        masking = self.config.masking
        leads = batch.lead_mask
        if masking.masked_leads:
            leads = mask_leads(leads, masking.masked_leads, masking.weights, per=masking.per)
        visible = self.encoder.real(leads, batch.sample_mask)
        visible = mask_segments(visible, masking.segment_ratio, masking.segments_over)
        tokens = self.encoder(batch.ecg, visible)
        losses: dict[str, Tensor] = {}
        if self.config.contrast_weight:
            losses["contrast"] = self._contrast(tokens, batch)
        if self.config.query_weight:
            losses["entities"] = self._entities(tokens, batch.labels)
        if self.beat_head is not None:
            losses["beats"] = self._beats(self.beat_head, tokens, batch)
        weights = {
            "contrast": self.config.contrast_weight,
            "entities": self.config.query_weight,
            "beats": self.config.beat_weight,
        }
        total = torch.stack([weights[name] * value for name, value in losses.items()]).sum()
        return {"loss": total, **losses}

    def remove_scaffold(self) -> None:
        """Take off what only training needs."""
        self.beat_head = None
        self.config = self.config.model_copy(update={"beat_weight": 0.0})

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """Mean of the tokens, (B, D): the representation that a linear probe reads."""
        return self.tokens(ecg, lead_mask, sample_mask).mean()

    def project_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """Unit vectors (B, embedding_dim) comparable with `embed_text`."""
        return self._project(self.tokens(ecg, lead_mask, sample_mask))

    def embed_text(self, text_vectors: Tensor) -> Tensor:
        """Unit vectors (B, embedding_dim) of text vectors (B, Dt)."""
        projector = _built(self.text_projector, "contrast_weight")
        return F.normalize(projector(text_vectors).float(), dim=1)

    def score_queries(
        self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor, query_vectors: Tensor
    ) -> Tensor:
        """Logits (B, Q) of text queries (Q, Dt)."""
        tokens = self.tokens(ecg, lead_mask, sample_mask)
        if self.query_network is None:
            cosine = self._project(tokens) @ self.embed_text(query_vectors).T
            return cosine / self.config.temperature
        logits: Tensor = self.query_network(tokens.values, query_vectors, tokens.valid)
        return logits

    def explain_queries(
        self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor, query_vectors: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Logits (B, Q) and attention (B, Q, 12, M): where in which lead each query looked.

        Attention is averaged over layers and heads, sums to one, and is zero where no token is.
        """
        network = _built(self.query_network, "query_weight")
        visible = self.encoder.real(lead_mask, sample_mask)
        tokens = self.encoder(ecg, visible)
        logits, weights = network(tokens.values, query_vectors, tokens.valid, True)
        return logits, tokens.by_lead(weights.mean(dim=1), *visible.shape[1:])

    def token_mask(self, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, 12, M) bool: which tokens a recording has."""
        return self.encoder.real(lead_mask, sample_mask)

    def score_tokens(
        self, ecg: Tensor, visible: Tensor, query_vectors: Tensor, weights: Tensor | None = None
    ) -> Tensor:
        """Logits (B, Q) from some tokens, the others absent; `weights` as `LeadViT.forward`."""
        network = _built(self.query_network, "query_weight")
        tokens = self.encoder(ecg, visible, weights)
        logits: Tensor = network(tokens.values, query_vectors, tokens.keys)
        return logits

    def tokens(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tokens:
        """Encode everything that is there: `ecg` (B, 12, T), nothing masked."""
        encoded: Tokens = self.encoder(ecg, self.encoder.real(lead_mask, sample_mask))
        return encoded

    def _project(self, tokens: Tokens) -> Tensor:
        projector = _built(self.ecg_projector, "contrast_weight")
        return F.normalize(projector(tokens.mean()).float(), dim=1)

    def _contrast(self, tokens: Tokens, batch: Batch) -> Tensor:
        if batch.report_vectors is None:
            raise CardiolexError(
                "the batch has no report vectors; embed the reports or set contrast_weight = 0"
            )
        ecg = _built(self.ecg_projector, "contrast_weight")(tokens.mean())
        text = _built(self.text_projector, "contrast_weight")(batch.report_vectors)
        return info_nce(ecg, text, self.config.temperature, self.config.reduction)

    def _entities(self, tokens: Tokens, labels: Tensor) -> Tensor:
        queries = self.entity_vectors
        if len(queries) != labels.shape[1]:
            raise CardiolexError(
                f"labels name {labels.shape[1]} entities, the system knows {len(queries)}; "
                "build it with the vectors of the same vocabulary"
            )
        if self.config.queries_per_step:
            chosen = _some_known(labels, self.config.queries_per_step)
            queries, labels = queries[chosen], labels[:, chosen]
        network = _built(self.query_network, "query_weight")
        logits = network(tokens.values, queries, tokens.valid)
        return entity_bce(logits, labels)

    def _beats(self, head: nn.Linear, tokens: Tokens, batch: Batch) -> Tensor:
        if batch.beats is None:
            raise CardiolexError(
                "beat_weight needs data that say what each heartbeat is, as simulated data do"
            )
        segments = batch.ecg.shape[2] // self.config.encoder.segment_samples
        if batch.beats.shape[1] != segments:
            raise CardiolexError(
                f"beats lie on {batch.beats.shape[1]} segments, the encoder has {segments}"
            )
        place = (tokens.index % segments).unsqueeze(-1).expand(-1, -1, batch.beats.shape[2])
        targets = batch.beats.gather(1, place)  # (B, N, K)
        if tokens.valid is not None:
            targets = targets.masked_fill(~tokens.valid.unsqueeze(-1), torch.nan)
        return beat_loss(head(tokens.values), targets, len(BINARY))


def _built(part: Part | None, weight: str) -> Part:
    """`part`, which exists if the loss that trains it has a weight."""
    if part is None:
        raise CardiolexError(f"this K-MERL was built with {weight} = 0 and lacks the part for that")
    return part


def _some_known(labels: Tensor, k: int) -> Tensor:
    """`k` random columns of `labels` (B, Q) in which anything is known; all such if fewer."""
    known = (~labels.isnan()).any(dim=0).nonzero().flatten()
    return known[torch.randperm(len(known))[:k].to(known.device)]
