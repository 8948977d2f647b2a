"""SuPreME: entities from reports are the only supervision; names ask the tokens of an ECG.

Paper: "Towards Generalizable Multimodal ECG Representation Learning with LLM-extracted Clinical
Entities" (SuPreME), arXiv 2502.19668. A vision transformer over lead-wise segments of 125 samples
gives tokens; tokens and entity names are projected (Linear, ReLU, Linear; Linear, GELU, Linear) and
meet in the Cardiac Fusion Network, a decoder in which names attend to tokens; a shared MLP gives
one logit per name; binary cross-entropy, and nothing else, is the loss. No report, contrast, mask
or augmentation. Its code could not be read, so there was nothing to compare with.

Deviations and choices where the paper is silent:
- "ViT-tiny" is taken as 192 wide, 12 blocks, 3 heads: 5,372,736 weights. One dropout ratio is given
  (0.1): it is used for dropout and, rising linearly with depth, for stochastic depth.
- Fusion network: 256 wide, projections through 512, 4 layers, 4 heads, FFN 1024, pre-norm, both
  inputs normalised, head Linear, GELU, Linear; its weights start as N(0, 0.02). It is the decoder
  of K-MERL's query network with other projections and head.
- Names do not attend to one another (switch `query_network.self_attention`): a decoder layer as in
  the textbook would, but then the probability of a condition would depend on what else is asked,
  295 names in training and 5 to 38 in the tests. Never a causal mask: names have no order.
- Absent leads and padding have no tokens, so any leads can be asked, which the paper does not try.
  The ResNet mixes leads in its first convolution; for it alone they are filled with zeros.
- Uncertain findings are unknown (NaN) and take no part; the paper counts them as absent.
- `head="linear"` (Tab. 11): pooled tokens to one logit per pre-training entity. The paper does not
  say how other names are then asked: here by the logit of the entity whose text vector is nearest
  by cosine, however far it is.
- Text is frozen: entity vectors are a buffer of the system.
Shapes: B batch, T samples, N tokens, D width, Q queries, Dt text vector, M segments.
"""

from typing import ClassVar, Literal, Self

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from cardiolex.capabilities import Reads, without
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.lead_vit import LeadViT
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.text import TextEncoder
from cardiolex.errors import CardiolexError
from cardiolex.nn.pooling import masked_mean
from cardiolex.nn.query_network import QueryNetwork
from cardiolex.objectives.entities import entity_bce


class Encoder(LeadViT.Config):
    """The lead-wise transformer with SuPreME's values."""

    segment_samples: int = 125
    """0.25 s at 500 Hz."""
    max_segments: int = 40
    dropout: float = 0.1
    drop_path: float = 0.1


class Fusion(QueryNetwork.Config):
    """The query decoder with SuPreME's projections and head."""

    projection: Literal["linear", "mlp"] = "mlp"
    head: Literal["linear", "mlp"] = "mlp"


class SuPreME(nn.Module):
    """See the module's text."""

    paper: ClassVar[str] = "SuPreME (arXiv 2502.19668)"

    class Config(BaseModel):
        """The published system by default."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        backbone: Literal["lead_vit", "resnet"] = "lead_vit"
        encoder: Encoder = Encoder()
        resnet: ResNet1D.Config = ResNet1D.Config()
        """Read if `backbone` is "resnet"."""
        head: Literal["cfn", "linear"] = "cfn"
        """What answers: the fusion network, or one logit per pre-training entity (Tab. 11)."""
        query_network: Fusion = Fusion()
        text_dim: int = 768

        @property
        def reads(self) -> Reads:
            """Labels; reports never reach the network."""
            return "labels"

    def __init__(self, config: Config, entity_vectors: Tensor | None = None) -> None:
        """`entity_vectors` (Q, Dt) are the text vectors of the entities that labels name."""
        super().__init__()
        self.config = config
        self.encoder: LeadViT | ResNet1D = (
            LeadViT(config.encoder) if config.backbone == "lead_vit" else ResNet1D(config.resnet)
        )
        self.entity_vectors: Tensor
        empty = torch.zeros(0, config.text_dim)
        self.register_buffer(
            "entity_vectors", empty if entity_vectors is None else entity_vectors.float()
        )
        self.query_network: QueryNetwork | None = None
        self.classifier: nn.Linear | None = None
        if config.head == "cfn":
            self.query_network = QueryNetwork(
                config.query_network, token_dim=self.encoder.dim, query_dim=config.text_dim
            )
        else:
            self.classifier = nn.Linear(self.encoder.dim, len(self.entity_vectors))

    @classmethod
    def assemble(cls, config: Config, text: TextEncoder | None, entity_vectors: Tensor) -> Self:
        """Build from what a run or a checkpoint has; the text encoder stays outside.

        Only tokens of single leads, asked by the fusion network, can explain an answer.
        """
        by_lead = config.backbone == "lead_vit" and config.encoder.tokens == "lead"
        lacking = () if by_lead and config.head == "cfn" else ("explain_queries",)
        return without(cls, *lacking)(config, entity_vectors)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss" and "entities", the same number, of a batch with labels."""
        entities = self.entity_vectors
        if len(entities) != batch.labels.shape[1]:
            raise CardiolexError(
                f"labels name {batch.labels.shape[1]} entities, the system knows {len(entities)}; "
                "build it with the vectors of the same vocabulary"
            )
        values, valid = self.tokens(batch.ecg, batch.lead_mask, batch.sample_mask)
        labels = batch.labels
        if self.query_network is not None:
            asked = self._asked(labels)
            entities, labels = entities[asked], labels[:, asked]
            logits = self.query_network(values, entities, valid)
        else:
            logits = self._linear(values, valid)
        loss = entity_bce(logits, labels)
        return {"loss": loss, "entities": loss}

    def _asked(self, labels: Tensor) -> Tensor:
        """Entities (Q,) to ask: those of which a recording (B, Q) knows something, if any.

        The loss is that of all, since names do not see one another; where they do, all are asked.
        """
        known = (~labels.isnan()).any(dim=0)
        every = self.config.query_network.self_attention or not known.any()
        return torch.ones_like(known) if every else known

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """Mean of the encoder's tokens, (B, D), before the fusion network: what a probe reads."""
        return masked_mean(*self.tokens(ecg, lead_mask, sample_mask))

    def score_queries(
        self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor, query_vectors: Tensor
    ) -> Tensor:
        """Logits (B, Q) of text queries (Q, Dt)."""
        values, valid = self.tokens(ecg, lead_mask, sample_mask)
        if self.query_network is not None:
            logits: Tensor = self.query_network(values, query_vectors, valid)
            return logits
        return self._linear(values, valid)[:, self.nearest_entities(query_vectors)]

    def explain_queries(
        self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor, query_vectors: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Logits (B, Q) and attention (B, Q, 12, M): where in which lead each query looked.

        Attention is averaged over layers and heads, sums to one, and is zero where no token is.
        Variants whose answers come from no lead in particular lack it.
        """
        encoder, network = self.encoder, self.query_network
        assert isinstance(encoder, LeadViT) and network is not None
        visible = encoder.real(lead_mask, sample_mask)
        tokens = encoder(ecg, visible)
        logits, weights = network(tokens.values, query_vectors, tokens.valid, True)
        return logits, tokens.by_lead(weights.mean(dim=1), *visible.shape[1:])

    def token_mask(self, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, 12, M) bool: which tokens a recording has."""
        assert isinstance(self.encoder, LeadViT)
        return self.encoder.real(lead_mask, sample_mask)

    def score_tokens(
        self, ecg: Tensor, visible: Tensor, query_vectors: Tensor, weights: Tensor | None = None
    ) -> Tensor:
        """Logits (B, Q) from some tokens, the others absent; `weights` as `LeadViT.forward`."""
        encoder, network = self.encoder, self.query_network
        assert isinstance(encoder, LeadViT) and network is not None
        tokens = encoder(ecg, visible, weights)
        logits: Tensor = network(tokens.values, query_vectors, tokens.keys)
        return logits

    def tokens(
        self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        """Tokens (B, N, D) of `ecg` (B, 12, T), and which of them are real (B, N) or None."""
        if isinstance(self.encoder, LeadViT):
            tokens = self.encoder(ecg, self.encoder.real(lead_mask, sample_mask))
            return tokens.values, tokens.valid
        there = lead_mask[:, :, None] & sample_mask[:, None]
        return self.encoder(ecg.masked_fill(~there, 0.0)), None

    def nearest_entities(self, query_vectors: Tensor) -> Tensor:
        """Number (Q,) of the pre-training entity whose vector has the largest cosine."""
        entities = F.normalize(self.entity_vectors, dim=1)
        return (F.normalize(query_vectors.float(), dim=1) @ entities.T).argmax(dim=1)

    def _linear(self, values: Tensor, valid: Tensor | None) -> Tensor:
        assert self.classifier is not None
        logits: Tensor = self.classifier(masked_mean(values, valid))
        return logits
