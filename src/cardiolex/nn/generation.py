"""Writing token by token: greedy, beam search, sampling, over any `step` that gives logits.

Shapes: N texts, V words. transformers' own generation needs one of its models around the decoder
and has given beam groups away to code fetched from the hub, hence this one.
A text depends on its own logits and on `Decoding` alone, never on its neighbours or its place in
the batch: with sampling, too, for all texts share the random number of a step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, Self, TypeVar

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor

from cardiolex.errors import CardiolexError
from cardiolex.nn.beam_search import Beams, beam_search
from cardiolex.nn.token_rules import TokenRules, keep_most_likely


class State(Protocol):
    """What a decoder keeps of N texts."""

    def select(self, rows: Tensor) -> Self:
        """Rows (M,) of it, which may repeat."""
        ...

    def reorder(self, rows: Tensor) -> Self:
        """The same for rows (N,) that belong to what they replace: the beams of one text."""
        ...


S = TypeVar("S", bound=State)
Step = Callable[[Tensor, S], tuple[Tensor, S]]
"""Last tokens (N,) and the state before them to logits (N, V) and the state after."""


class Decoding(BaseModel):
    """How the next word is chosen, and when a text ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["greedy", "beam", "sample"] = "greedy"
    min_tokens: int = Field(default=5, ge=0)
    """Word pieces before a text may end, as released; never more than `max_tokens`."""
    max_tokens: int = Field(default=120, gt=0)
    beams: int = Field(default=6, gt=0)
    groups: int = Field(default=1, gt=0)
    """Groups that share the beams. MELP's 6 beams in 3 groups without `diversity` are three times
    the same search with 2 beams."""
    diversity: float = Field(default=0.0, ge=0)
    """Taken off a word's log-probability for each time that earlier groups chose it just now."""
    length_penalty: float = 1.0
    """Scores are log-probabilities over (number of tokens)^this."""
    temperature: float = Field(default=1.0, gt=0)
    top_k: int | None = Field(default=None, gt=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    repetition_penalty: float = Field(default=1.0, gt=0)
    """Above 1: words that were used become less likely (arXiv:1909.05858)."""
    no_repeat: int = Field(default=0, ge=0)
    """No run of so many word pieces occurs twice; 0 = no such rule."""
    seed: int = 0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.beams % self.groups:
            raise CardiolexError(f"{self.beams} beams cannot be divided among {self.groups} groups")
        if self.min_tokens > self.max_tokens and "min_tokens" in self.model_fields_set:
            raise CardiolexError(
                f"min_tokens = {self.min_tokens} is more than max_tokens = {self.max_tokens}"
            )
        return self


@dataclass(frozen=True)
class Words:
    """Word numbers with a meaning: before a text, after it, and those never written."""

    start: int
    end: int
    never: tuple[int, ...] = ()


def generate(
    step: Step[S], state: S, texts: int, words: Words, decoding: Decoding, device: torch.device
) -> list[list[int]]:
    """Word numbers of `texts` texts, without start and end; `state` is that before the start."""
    if texts == 0:
        return []
    rules = TokenRules(
        words.end, words.never, decoding.min_tokens, decoding.repetition_penalty, decoding.no_repeat
    )
    start = torch.full((texts,), words.start, device=device)
    if decoding.method == "beam":
        beams = Beams(
            decoding.beams // decoding.groups,
            decoding.groups,
            decoding.diversity,
            decoding.length_penalty,
            decoding.max_tokens,
        )
        return beam_search(step, state, start, rules, beams)
    return _one_by_one(step, state, start, rules, decoding)


def _one_by_one(
    step: Step[S], state: S, start: Tensor, rules: TokenRules, decoding: Decoding
) -> list[list[int]]:
    chances = torch.rand(
        decoding.max_tokens, generator=torch.Generator().manual_seed(decoding.seed)
    )
    written: list[list[int]] = [[] for _ in start]
    active = list(range(len(start)))
    history = start.new_empty(len(start), 0)  # (N, P)
    ids = start
    for chance in chances.tolist():
        logits, state = step(ids, state)
        logits = rules(logits.float(), history)
        ids = (
            logits.argmax(dim=1) if decoding.method == "greedy" else drawn(logits, chance, decoding)
        )
        history = torch.cat([history, ids[:, None]], dim=1)
        going = ids != rules.end
        for text, word in zip(active, ids.tolist(), strict=True):
            if word != rules.end:
                written[text].append(word)
        if not bool(going.all()):
            rows = going.nonzero().flatten()
            if not len(rows):
                break
            state, ids, history = state.select(rows), ids[rows], history[rows]
            active = [active[row] for row in rows.tolist()]
    return written


def drawn(logits: Tensor, chance: float, decoding: Decoding) -> Tensor:
    """One word (N,) of each row of `logits` (N, V), by inversion of the cumulative probability."""
    probabilities, order = keep_most_likely(
        logits / decoding.temperature, decoding.top_k, decoding.top_p
    )
    mass = probabilities.cumsum(dim=1)  # (N, K)
    at = torch.searchsorted(mass, mass[:, -1:] * chance, right=True)
    return order.gather(1, at.clamp(max=order.shape[1] - 1)).squeeze(1)
