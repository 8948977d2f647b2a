"""MELP: captions, heartbeats and rhythms; three signals between an ECG and its report.

Paper: "From Token to Rhythm: A Multi-Scale Approach for ECG-Language Pretraining", ICML 2025,
arXiv 2506.21803; released code at commit 088741d. Rhythm: projected ECG against projected report.
Token: the report is written from 128 pooled ECG tokens. Beat: pooled heartbeats against the
sentences of the report. L = 1.0 rhythm + 2.0 token + 0.2 beat. Each lead is hidden with
probability 0.5 in training. Text is a causal BERT whose upper half is trained along.

Deviations and choices:
- Ten beat queries (paper; the code has 10, 12 and 13). `beats = "by heart rate"` asks for as many
  as R peaks are found in the leads that the recording has.
- Absent and hidden leads are zeros, as released; one lead of a recording always stays, and scaling
  has not seen absent leads (the code scales over all twelve, then hides).
- Sentences, padding, [BOS] and attention of the text: see `encoders/causal_text.py`; the beat loss
  runs over the global batch and leaves reports without a sentence out (objectives/beat_sentence).
- The language model's own head (30 thousand words) is never computed; the caption branch runs
  only where it is needed. The decoder's output matrix is initialised; it may be tied.
- The logit scale is kept in [0, ln 100] at the start of each step instead of after it.
- A part whose loss has no weight is not built, and what it would do is no capability: without the
  rhythm loss nothing is compared with text (the paper: zero-shot is lost), without the token loss
  nothing is written.
Shapes: B batch, T samples, N tokens, K beats, D width, E shared space, Q queries, Dt text vector.
"""

import math
from typing import ClassVar, Literal, Self

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from cardiolex.capabilities import Reads, without
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.causal_text import CausalText, TextStates
from cardiolex.encoders.conv_transformer import ConvTransformer
from cardiolex.encoders.report_writer import write_texts
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.text import TextEncoder
from cardiolex.errors import CardiolexError
from cardiolex.nn.attentional_pooler import AttentionalPooler, Pooled
from cardiolex.nn.generation import Decoding
from cardiolex.nn.masking import drop_leads
from cardiolex.nn.projection import text_projector
from cardiolex.nn.text_decoder import TextDecoder
from cardiolex.objectives.beat_sentence import Aggregation, beat_sentence_loss
from cardiolex.objectives.captioning import caption_cross_entropy
from cardiolex.objectives.contrastive import info_nce
from cardiolex.recordings.beat_counts import count_beats

LARGEST_LOG_SCALE = math.log(100)


class Caption(BaseModel):
    """The branch that writes; its width is that of the text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens: int = Field(default=128, gt=0)
    """Pooled ECG tokens that the decoder reads."""
    layers: int = 6
    heads: int = 8
    mlp_ratio: int = 4
    tied: bool = False
    """True: the output matrix is the word embedding."""


class MELP(nn.Module):
    """See the module's text."""

    paper: ClassVar[str] = "MELP (arXiv 2506.21803)"

    class Config(BaseModel):
        """The published system by default."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        backbone: Literal["conv_transformer", "resnet"] = "conv_transformer"
        encoder: ConvTransformer.Config = ConvTransformer.Config()
        resnet: ResNet1D.Config = ResNet1D.Config()
        """Read if `backbone` is "resnet"."""
        beats: int | Literal["by heart rate"] = 10
        most_beats: int = Field(default=40, gt=0)
        """Queries that "by heart rate" can ask: 10 s at 240 beats per minute."""
        fs: float = Field(default=500.0, gt=0)
        """Sampling rate in Hz, by which "by heart rate" finds beats."""
        caption: Caption = Caption()
        text_dim: int = 768
        embedding_dim: int = 256
        pooling_heads: int = 8
        frozen_layers: int | None = Field(default=None, ge=0)
        """First layers of the text that stay as they are; None = half (6 of 12, as published)."""
        rhythm_weight: float = Field(default=1.0, ge=0)
        token_weight: float = Field(default=2.0, ge=0)
        beat_weight: float = Field(default=0.2, ge=0)
        beat_aggregation: Aggregation = "sum"
        """Over sentences; "sum" as released favours long reports."""
        temperature: float = Field(default=0.07, gt=0)
        """To begin with; it is learnt."""
        lead_mask_probability: float = Field(default=0.5, ge=0, lt=1)
        encoder_only: bool = False
        """What a released file holds: it embeds recordings and knows no words."""

        @property
        def reads(self) -> Reads:
            """The reports themselves: their text is trained along."""
            return "texts"

        @model_validator(mode="after")
        def _something_trains_the_beats(self) -> Self:
            if not (self.rhythm_weight or self.beat_weight):
                raise ValueError("rhythm_weight and beat_weight are both 0: nothing trains beats")
            if self.beats != "by heart rate" and self.beats < 1:
                raise ValueError(f"beats = {self.beats}: at least 1, or 'by heart rate'")
            return self

    def __init__(self, config: Config, text: TextEncoder | None = None) -> None:
        """`text` is the tower that is trained along; None only with `encoder_only`."""
        super().__init__()
        self.config = config
        self.encoder: ConvTransformer | ResNet1D
        self.widen: nn.Module = nn.Identity()
        width = config.encoder.width
        if config.backbone == "resnet":
            self.encoder = ResNet1D(config.resnet)
            self.widen = nn.Linear(self.encoder.dim, width)  # a convolution of one token
        else:
            self.encoder = ConvTransformer(config.encoder)
        queries = config.most_beats if config.beats == "by heart rate" else config.beats
        out, heads = config.embedding_dim, config.pooling_heads
        self.beat_pooler = AttentionalPooler(queries, out, width, heads)
        self.beat_projection = nn.Linear(out, out, bias=False)
        nn.init.normal_(self.beat_projection.weight, std=out**-0.5)
        self.logit_scale = nn.Parameter(torch.tensor(-math.log(config.temperature)))
        self.text_projection: nn.Module | None = None
        self.sentence_projection: nn.Module | None = None
        self.decoder: TextDecoder | None = None
        self.text: CausalText | None = None
        if not config.encoder_only:
            self._add_text(text)
        if config.encoder_only or not config.rhythm_weight:
            self.logit_scale.requires_grad_(False)

    @classmethod
    def assemble(cls, config: Config, text: TextEncoder | None, entity_vectors: Tensor) -> Self:
        """`text` is trained along; MELP has no entities.

        What the configuration leaves out is no capability of the result.
        """
        lacking = [] if config.token_weight and not config.encoder_only else ["write_reports"]
        if config.encoder_only or not config.rhythm_weight:
            lacking += ["embed_text", "score_queries"]
        return without(cls, *lacking)(config, text)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss" and, where they have a weight, "rhythm", "token", "beat" of a batch."""
        text = self._tower()
        if self.training:
            with torch.no_grad():
                self.logit_scale.clamp_(0.0, LARGEST_LOG_SCALE)
        visible = drop_leads(batch.lead_mask, self.config.lead_mask_probability)
        tokens, valid = self.tokens(batch.ecg, visible, batch.sample_mask)
        counts = self._counts(batch.ecg, batch.lead_mask, batch.sample_mask)
        beats: Pooled = self.beat_pooler(tokens, valid, counts)
        states = text.states(batch.reports)
        losses: dict[str, Tensor] = {}
        if self.config.rhythm_weight:
            losses["rhythm"] = self._rhythm(beats, states, batch)
        if self.decoder is not None:
            losses["token"] = self._token(tokens, valid, states)
        if self.sentence_projection is not None:
            losses["beat"] = self._beat(beats, states)
        weights = self._weights()
        total = torch.stack([weights[name] * value for name, value in losses.items()]).sum()
        return {"loss": total, **losses}

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, E), mean of the beat vectors before their projection: what a linear probe reads."""
        tokens, valid = self.tokens(ecg, lead_mask, sample_mask)
        beats: Pooled = self.beat_pooler(tokens, valid, self._counts(ecg, lead_mask, sample_mask))
        return beats.mean()

    def project_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """Unit vectors (B, E) comparable with `embed_text`."""
        rhythm = self.beat_projection(self.embed_ecg(ecg, lead_mask, sample_mask))
        return F.normalize(rhythm.float(), dim=1)

    def embed_text(self, text_vectors: Tensor) -> Tensor:
        """Unit vectors (N, E) of text vectors (N, Dt)."""
        if self.text_projection is None:
            raise CardiolexError("this MELP was not trained to compare: rhythm_weight = 0")
        return F.normalize(self.text_projection(text_vectors).float(), dim=1)

    def score_queries(
        self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor, query_vectors: Tensor
    ) -> Tensor:
        """Logits (B, Q) of text queries (Q, Dt): cosine times the learnt scale."""
        cosine = self.project_ecg(ecg, lead_mask, sample_mask) @ self.embed_text(query_vectors).T
        return cosine * self._scale()

    @torch.no_grad()
    def write_reports(
        self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor, decoding: Decoding
    ) -> list[str]:
        """A report for each recording, written word by word."""
        text = self._tower()
        if self.decoder is None:
            raise CardiolexError("this MELP was trained with token_weight = 0: it cannot write")
        tokens, valid = self.tokens(ecg, lead_mask, sample_mask)
        image: Pooled = self.caption_pooler(tokens, valid)
        return write_texts(text, self.decoder, image.values, decoding)

    def tokens(
        self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        """Tokens (B, N, D) and which of them exist (B, N), None if all do."""
        there = lead_mask[:, :, None] & sample_mask[:, None]
        ecg = ecg.masked_fill(~there, 0.0)
        if isinstance(self.encoder, ResNet1D):
            return self.widen(self.encoder(ecg)), None
        return self.encoder(ecg, sample_mask), self.encoder.real(sample_mask)

    def _rhythm(self, beats: Pooled, states: TextStates, batch: Batch) -> Tensor:
        for name, report in zip(batch.ids, batch.reports, strict=True):
            if not report.strip():
                raise CardiolexError(
                    f"recording {name!r} has no report to contrast with; leave such recordings "
                    "out or set rhythm_weight = 0"
                )
        assert self.text_projection is not None
        ecg = self.beat_projection(beats.mean())
        return info_nce(ecg, self.text_projection(states.whole), 1 / self._scale())

    def _token(self, tokens: Tensor, valid: Tensor | None, states: TextStates) -> Tensor:
        """Each word from the ECG and the words before it; padding costs no logits."""
        assert self.decoder is not None and self.text is not None
        image: Pooled = self.caption_pooler(tokens, valid)
        hidden = self.decoder.hidden(image.values, states.tokens[:, :-1])  # (B, W - 1, D)
        asked = states.valid[:, 1:]
        logits = self.decoder.logits(hidden[asked], self.text.embedding)
        return caption_cross_entropy(logits, states.ids[:, 1:][asked], padding=-1)

    def _beat(self, beats: Pooled, states: TextStates) -> Tensor:
        assert self.sentence_projection is not None
        return beat_sentence_loss(
            self.sentence_projection(states.sentences),
            states.sentence_mask,
            self.beat_projection(beats.values),
            beats.valid,
            self.config.beat_aggregation,
        )

    def _counts(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor | None:
        """Beats (B,) of each recording where they are counted."""
        if self.config.beats != "by heart rate":
            return None
        signal, leads, samples = (x.cpu().numpy() for x in (ecg.float(), lead_mask, sample_mask))
        return torch.from_numpy(count_beats(signal, leads, samples, self.config.fs)).to(ecg.device)

    def _scale(self) -> Tensor:
        return self.logit_scale.clamp(0.0, LARGEST_LOG_SCALE).exp()

    def _weights(self) -> dict[str, float]:
        c = self.config
        return {"rhythm": c.rhythm_weight, "token": c.token_weight, "beat": c.beat_weight}

    def _tower(self) -> CausalText:
        if self.text is None:
            raise CardiolexError("this MELP holds its ECG encoder alone; take the whole model")
        return self.text

    def _add_text(self, text: TextEncoder | None) -> None:
        """The tower, and what reads it."""
        config = self.config
        if not isinstance(text, CausalText):
            raise CardiolexError(
                "MELP trains its text along: build it with a CausalText, not with "
                f"{'no text encoder' if text is None else text.name!r}"
            )
        text.freeze_layers(config.frozen_layers)
        self.text, self.text_model = text, text.model
        if config.rhythm_weight:
            self.text_projection = text_projector(config.text_dim, config.embedding_dim)
        if config.beat_weight:
            self.sentence_projection = nn.Linear(config.text_dim, config.embedding_dim)
        if config.token_weight:
            c = config.caption
            self.caption_pooler = AttentionalPooler(
                c.tokens, config.text_dim, config.encoder.width, config.pooling_heads
            )
            decoder = TextDecoder.Config(
                width=config.text_dim,
                layers=c.layers,
                heads=c.heads,
                mlp_ratio=c.mlp_ratio,
                tied=c.tied,
            )
            self.decoder = TextDecoder(decoder, text.vocabulary_size)
