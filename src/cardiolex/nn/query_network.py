"""The cardiac query network: text queries ask ECG tokens, one logit per query.

Source: K-MERL (arXiv 2502.17900), section 3.4; width, FFN and norms follow the query decoders of
MedKLIP, KAD and KED, since the paper leaves them open. SuPreME (arXiv 2502.19668) calls it Cardiac
Fusion Network; it differs by its projections and its head. Shapes: B batch, Q queries, N tokens.
"""

from typing import Literal, Self, overload

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from cardiolex.nn.transformer import MLP, Attention, CrossAttention, check_heads


class QueryLayer(nn.Module):
    """Pre-norm decoder layer: (self-attention over queries,) cross-attention, feed-forward."""

    def __init__(
        self,
        width: int,
        heads: int,
        hidden: int,
        dropout: float,
        self_attention: bool,
        head_width: int | None = None,
    ) -> None:
        super().__init__()
        if self_attention:
            self.norm_self = nn.LayerNorm(width)
            self.self_attention = Attention(width, heads, head_width)
        self.norm_cross = nn.LayerNorm(width)
        self.cross_attention = CrossAttention(width, heads, head_width)
        self.norm_mlp = nn.LayerNorm(width)
        self.mlp = MLP(width, hidden, dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Tensor, memory: Tensor, valid: Tensor | None, need_weights: bool
    ) -> tuple[Tensor, Tensor | None]:
        """`x` (B or 1, Q, D), `memory` (B, N, D) to (B, Q, D), weights (B, H, Q, N) or None."""
        if hasattr(self, "self_attention"):
            x = x + self.dropout(self.self_attention(self.norm_self(x)))
        attended, weights = self.cross_attention(self.norm_cross(x), memory, valid, need_weights)
        x = x + self.dropout(attended)
        return x + self.mlp(self.norm_mlp(x)), weights


class QueryNetwork(nn.Module):
    """Answers every query by cross-attention on the tokens of one recording.

    With `self_attention` off (our default) the score of a query is a function of that query and
    the recording alone; with it on, it depends on which other queries are asked.
    """

    class Config(BaseModel):
        """Sizes; heads and layers are the best of the paper's Tab. 7."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        width: int = 256
        layers: int = 4
        heads: int = Field(default=4, ge=1)
        head_width: int | None = Field(default=None, ge=1)
        """Of each head's queries and keys; None = `width` divided among the heads."""
        hidden: int = 1024
        dropout: float = Field(default=0.1, ge=0, lt=1)
        self_attention: bool = False
        projection: Literal["linear", "mlp"] = "linear"
        """How tokens and queries come to `width`; "mlp" as in SuPreME."""
        projection_hidden: int = Field(default=512, ge=1)
        """Of the "mlp" projections."""
        head: Literal["linear", "mlp"] = "linear"
        """From a query's answer to its logit; the same for all queries."""

        @model_validator(mode="after")
        def _heads_fit(self) -> Self:
            if self.head_width is None:
                check_heads(self.width, self.heads)
            return self

    def __init__(self, config: Config, token_dim: int, query_dim: int) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.project_tokens = _project_tokens(config, token_dim)
        self.norm_tokens = nn.LayerNorm(width)
        self.project_queries = _project_queries(config, query_dim)
        self.norm_queries = nn.LayerNorm(width)
        self.layers = nn.ModuleList(
            QueryLayer(
                width,
                config.heads,
                config.hidden,
                config.dropout,
                config.self_attention,
                config.head_width,
            )
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.classifier = _classifier(config)
        self.apply(_initialise)

    @overload
    def forward(
        self,
        tokens: Tensor,
        queries: Tensor,
        valid: Tensor | None = ...,
        need_weights: Literal[False] = ...,
    ) -> Tensor: ...
    @overload
    def forward(
        self, tokens: Tensor, queries: Tensor, valid: Tensor | None, need_weights: Literal[True]
    ) -> tuple[Tensor, Tensor]: ...
    def forward(
        self,
        tokens: Tensor,
        queries: Tensor,
        valid: Tensor | None = None,
        need_weights: bool = False,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Logits (B, Q) of `queries` (Q, Dt) for `tokens` (B, N, D); `valid` (B, N) or None.

        With `need_weights` also the attention (B, layers, Q, N), averaged over heads: it sums to
        one over the tokens.
        """
        memory = self.norm_tokens(self.project_tokens(tokens))  # (B, N, W)
        x = self.norm_queries(self.project_queries(queries)).unsqueeze(0)  # (1, Q, W)
        attention: list[Tensor] = []
        for layer in self.layers:
            x, weights = layer(x, memory, valid, need_weights)  # (B, Q, W)
            if weights is not None:
                attention.append(weights.mean(dim=1))  # (B, Q, N)
        logits = self.classifier(self.norm(x)).squeeze(-1)  # (B, Q)
        return (logits, torch.stack(attention, dim=1)) if need_weights else logits


def _project_tokens(config: QueryNetwork.Config, dim: int) -> nn.Module:
    """(B, N, dim) to (B, N, width); ReLU as SuPreME has it on the side of the ECG."""
    if config.projection == "linear":
        return nn.Linear(dim, config.width)
    hidden = config.projection_hidden
    return nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, config.width))


def _project_queries(config: QueryNetwork.Config, dim: int) -> nn.Module:
    """(Q, dim) to (Q, width); dropout and GELU as SuPreME has them on the side of the text."""
    if config.projection == "linear":
        return nn.Linear(dim, config.width)
    hidden = config.projection_hidden
    return nn.Sequential(
        nn.Dropout(config.dropout),
        nn.Linear(dim, hidden),
        nn.GELU(),
        nn.Linear(hidden, config.width),
    )


def _classifier(config: QueryNetwork.Config) -> nn.Module:
    """(B, Q, width) to (B, Q, 1)."""
    if config.head == "linear":
        return nn.Linear(config.width, 1)
    hidden = nn.Linear(config.width, config.width)
    return nn.Sequential(hidden, nn.GELU(), nn.Linear(config.width, 1))


def _initialise(module: nn.Module) -> None:
    """Weights N(0, 0.02), biases zero."""
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
