"""Which words may come next: never, not yet, not again; and the most likely ones alone.

Shapes: N texts, V words, P words written so far.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class TokenRules:
    """Rules on the logits of the next word."""

    end: int
    never: tuple[int, ...] = ()
    min_tokens: int = 0
    repetition_penalty: float = 1.0
    no_repeat: int = 0

    def __call__(self, logits: Tensor, history: Tensor) -> Tensor:
        """`logits` (N, V) after `history` (N, P), with -inf where a word may not come."""
        logits = self._less_likely_again(logits, history)
        forbidden = torch.zeros_like(logits, dtype=torch.bool)
        forbidden[:, list(self.never)] = True
        if history.shape[1] < self.min_tokens:
            forbidden[:, self.end] = True
        if self.no_repeat:
            forbidden |= repeats(history, self.no_repeat, logits.shape[1])
        # Where nothing else is left, a text may end.
        forbidden[forbidden.all(dim=1), self.end] = False
        return logits.masked_fill(forbidden, -torch.inf)

    def _less_likely_again(self, logits: Tensor, history: Tensor) -> Tensor:
        if self.repetition_penalty == 1.0 or not history.shape[1]:
            return logits
        before = logits.gather(1, history)
        penalty = self.repetition_penalty
        return logits.scatter(
            1, history, torch.where(before > 0, before / penalty, before * penalty)
        )


def repeats(history: Tensor, run: int, words: int) -> Tensor:
    """Words (N, V) that would complete a run of `run` words that `history` (N, P) has already."""
    found = torch.zeros(len(history), words, dtype=torch.bool, device=history.device)
    if history.shape[1] < run:
        return found
    runs = history.unfold(1, run, 1)  # (N, P - run + 1, run)
    last = history[:, history.shape[1] - run + 1 :]  # (N, run - 1)
    same = (runs[:, :, :-1] == last[:, None]).all(dim=2)
    rows, places = same.nonzero(as_tuple=True)
    found[rows, runs[rows, places, -1]] = True
    return found


def keep_most_likely(
    logits: Tensor, top_k: int | None, top_p: float | None
) -> tuple[Tensor, Tensor]:
    """Probabilities (N, K), most likely first, and the words (N, K) they belong to.

    `top_k` keeps so many words, `top_p` the fewest that have this share of the probability
    (arXiv:1904.09751), at least one; what is left out has probability 0.
    """
    probabilities, order = logits.softmax(dim=1).sort(dim=1, descending=True, stable=True)
    if top_k is not None:
        probabilities, order = probabilities[:, :top_k], order[:, :top_k]
        probabilities = probabilities / probabilities.sum(dim=1, keepdim=True)
    if top_p is not None:
        before = probabilities.cumsum(dim=1) - probabilities
        probabilities = probabilities.masked_fill(before >= top_p, 0.0)
    return probabilities, order
