"""MERL: an ECG and its report side by side in one space; cosine answers questions.

Paper: "Zero-Shot ECG Classification with Multimodal Learning and Test-time Clinical Knowledge
Enhancement", ICML 2024, arXiv 2403.06659; released code at commit 38799b7. Cross-modal alignment:
projected ECG against projected report. Uni-modal alignment: two views of one ECG embedding, each
through its own bias-free map and dropout, against each other. Both are CLIP losses at a fixed
temperature of 0.07 whose two directions are added; total = contrast + uni_modal.

A question is answered by the cosine of ECG and text divided by the temperature: ranks of one
condition over recordings are the published ones; the logits are no probabilities until calibrated.

Leads: the first convolution mixes all twelve, so a network of this kind cannot leave one out.
Absent leads and padding are filled with zeros, as the K-MERL paper does when it compares. After
min-max scaling zero is the lowest voltage of the recording and no isoelectric line, which is why
no other system here does it. Leads are found by name; converted weights are permuted accordingly.

Deviations and choices:
- Text: the released code computes report embeddings under no_grad, so its text encoder never
  learns, but leaves its dropout on. Here vectors of a frozen encoder come from evaluation mode,
  computed once, and `text_layers_trained` = k really trains the last k layers (and the pooler
  above them), which a configuration freezing the first layers intends; its dropout is on then.
- BatchNorm, in the projector and in the ResNet, uses the statistics of the global batch, and
  gradients of gathered rows flow from all processes: several devices learn as one would.
- Losses are computed in float32; the released code computes them in float16.
- The unused ten-class layer of the released ResNet is left out.
- Attention pooling takes its length from the configuration (313 tokens of 5000 samples).
Shapes: B batch, T samples, N tokens, D width, E shared space, Q queries, Dt text vector.
"""

from typing import Annotated, ClassVar, Literal, Self

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from cardiolex.capabilities import Reads
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.text import HuggingFaceText, Pooling, TextEncoder
from cardiolex.encoders.vit import ViT
from cardiolex.errors import CardiolexError
from cardiolex.nn.attention_pooling import AttentionPooling
from cardiolex.nn.projection import ecg_projector, text_projector
from cardiolex.objectives.contrastive import info_nce


class SignalMERL(nn.Module):
    """MERL without reports: the uni-modal loss alone, or only an encoder that was converted."""

    paper: ClassVar[str] = "MERL (arXiv 2403.06659)"

    class Config(BaseModel):
        """MERL-ResNet18 as released by default."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        encoder: Annotated[ResNet1D.Config | ViT.Config, Field(discriminator="kind")] = (
            ResNet1D.Config(kind="resnet")
        )
        text_dim: int = 768
        embedding_dim: int = 256
        pooling_heads: int = 4
        """Heads of the attention pooling, ResNets only."""
        temperature: float = Field(default=0.07, gt=0)
        reduction: Literal["mean", "sum"] = "sum"
        dropout: float = Field(default=0.1, ge=0, lt=1)
        """Of the two views."""
        contrast_weight: float = Field(default=1.0, ge=0)
        """At 0 there is no text: embeddings, but no answers."""
        uni_modal_weight: float = Field(default=1.0, ge=0)
        """At 0 there are no views; both weights at 0 leave an encoder that cannot learn."""
        text_layers_trained: int = Field(default=0, ge=0)
        """So many last layers of the text encoder are trained along; 0 = frozen, as released."""
        text_pooling: Pooling = "pooler"
        """How a text becomes a vector, frozen or trained along."""

        @property
        def reads(self) -> Reads:
            """The reports themselves where text is trained along; nothing without a contrast."""
            if not self.contrast_weight:
                return "labels"
            return "texts" if self.text_layers_trained else "vectors"

        @model_validator(mode="after")
        def _text_is_reached(self) -> Self:
            if self.text_layers_trained and not self.contrast_weight:
                raise ValueError("text_layers_trained needs contrast_weight above 0")
            return self

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        kind, projects = config.encoder, config.contrast_weight > 0
        self.encoder = ResNet1D(kind) if isinstance(kind, ResNet1D.Config) else ViT(kind)
        if not (projects or config.uni_modal_weight):
            return
        self.head: ConvolutionHead | TransformerHead
        if isinstance(self.encoder, ResNet1D):
            self.head = ConvolutionHead(self.encoder, config, projects)
        else:
            self.head = TransformerHead(self.encoder, config, projects)
        if config.uni_modal_weight:
            first, out = self.head.shared_dim, config.embedding_dim
            self.views = nn.ModuleList(
                nn.Sequential(nn.Linear(first, out, bias=False), nn.Dropout(config.dropout))
                for _ in range(2)
            )

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss" and its parts, "contrast" (where there are reports) and "uni_modal"."""
        tokens = self.tokens(batch.ecg, batch.lead_mask, batch.sample_mask)
        losses = self._parts(tokens, self.encoder.pool(tokens), batch)
        if not losses:
            raise CardiolexError("contrast_weight and uni_modal_weight are 0: nothing to learn")
        weights = {
            "contrast": self.config.contrast_weight,
            "uni_modal": self.config.uni_modal_weight,
        }
        total = torch.stack([weights[name] * value for name, value in losses.items()]).sum()
        return {"loss": total, **losses}

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, D), the feature of the published probe: time average, or the ViT's pooled vector."""
        return self.encoder.pool(self.tokens(ecg, lead_mask, sample_mask))

    def tokens(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """Tokens (B, N, D) of `ecg` (B, 12, T), zero where there is no lead or no sample."""
        there = lead_mask[:, :, None] & sample_mask[:, None]
        encoded: Tensor = self.encoder(ecg.masked_fill(~there, 0.0))
        return encoded

    def _parts(self, tokens: Tensor, pooled: Tensor, batch: Batch) -> dict[str, Tensor]:
        if not self.config.uni_modal_weight:
            return {}
        shared = self.head.shared(pooled)
        return {"uni_modal": self._clip(self.views[0](shared), self.views[1](shared))}

    def _clip(self, a: Tensor, b: Tensor) -> Tensor:
        return info_nce(a, b, self.config.temperature, self.config.reduction)


class MERL(SignalMERL):
    """See the module's text."""

    def __init__(self, config: SignalMERL.Config, text: TextEncoder | None = None) -> None:
        """`text` is needed if layers of it are trained, and not used otherwise."""
        super().__init__(config)
        self.text_projector = text_projector(config.text_dim, config.embedding_dim)
        self.text: HuggingFaceText | None = None
        if config.text_layers_trained:
            self._train_along(text)

    @classmethod
    def assemble(
        cls, config: SignalMERL.Config, text: TextEncoder | None, entity_vectors: Tensor
    ) -> SignalMERL:
        """Without a contrast `SignalMERL`; `text` is used where it is trained along."""
        return cls(config, text) if config.contrast_weight else SignalMERL(config)

    def project_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """Unit vectors (B, E) comparable with `embed_text`."""
        tokens = self.tokens(ecg, lead_mask, sample_mask)
        embedding = self.head.embedding(tokens, self.encoder.pool(tokens))
        return F.normalize(embedding.float(), dim=1)

    def embed_text(self, text_vectors: Tensor) -> Tensor:
        """Unit vectors (N, E) of text vectors (N, Dt)."""
        return F.normalize(self.text_projector(text_vectors).float(), dim=1)

    def score_queries(
        self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor, query_vectors: Tensor
    ) -> Tensor:
        """Logits (B, Q) of text queries (Q, Dt): cosine / temperature."""
        recordings = self.project_ecg(ecg, lead_mask, sample_mask)
        return recordings @ self.embed_text(query_vectors).T / self.config.temperature

    def _parts(self, tokens: Tensor, pooled: Tensor, batch: Batch) -> dict[str, Tensor]:
        text = self.text_projector(self._report_vectors(batch))
        contrast = self._clip(self.head.embedding(tokens, pooled), text)
        return {"contrast": contrast, **super()._parts(tokens, pooled, batch)}

    def _report_vectors(self, batch: Batch) -> Tensor:
        if self.text is not None:
            return self.text.encode_with_gradient(batch.reports, self.config.text_pooling)
        if batch.report_vectors is None:
            raise CardiolexError(
                "the batch has no report vectors; embed the reports, set contrast_weight = 0, or "
                "train the text encoder along (text_layers_trained)"
            )
        return batch.report_vectors

    def _train_along(self, text: TextEncoder | None) -> None:
        k = self.config.text_layers_trained
        if not isinstance(text, HuggingFaceText):
            raise CardiolexError(f"text_layers_trained = {k} needs the text encoder itself")
        text.report_pooling = self.config.text_pooling
        text.train_last_layers(k)
        self.text, self.text_model = text, text.model


class ConvolutionHead(nn.Module):
    """For ResNets: convolution of one token to the shared width, then attention pooling."""

    def __init__(self, encoder: ResNet1D, config: SignalMERL.Config, projects: bool) -> None:
        """`projects` says whether recordings are compared with texts."""
        super().__init__()
        self.shared_dim = config.embedding_dim
        self.reduce = nn.Linear(encoder.dim, config.embedding_dim)
        if projects:
            heads = config.pooling_heads
            self.pool = AttentionPooling(encoder.tokens, config.embedding_dim, heads)

    def embedding(self, tokens: Tensor, pooled: Tensor) -> Tensor:
        """(B, E) of `tokens` (B, N, D)."""
        result: Tensor = self.pool(self.reduce(tokens))
        return result

    def shared(self, pooled: Tensor) -> Tensor:
        """What both views start from, (B, E): the average of the reduced tokens."""
        result: Tensor = self.reduce(pooled)
        return result


class TransformerHead(nn.Module):
    """For ViTs: a projector of the pooled tokens."""

    def __init__(self, encoder: ViT, config: SignalMERL.Config, projects: bool) -> None:
        """`projects` says whether recordings are compared with texts."""
        super().__init__()
        self.shared_dim = encoder.dim
        if projects:
            self.projector = ecg_projector(encoder.dim, config.embedding_dim)

    def embedding(self, tokens: Tensor, pooled: Tensor) -> Tensor:
        """(B, E) of `pooled` (B, D)."""
        result: Tensor = self.projector(pooled)
        return result

    def shared(self, pooled: Tensor) -> Tensor:
        """What both views start from, (B, D)."""
        return pooled
