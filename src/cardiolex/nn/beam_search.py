"""Beam search in groups (diverse beam search, arXiv:1610.02424).

A beam that ends among the best of its group is a finished text. A group is closed when it has as
many finished texts as beams and none in work scores higher as it stands than the best of them, so
one beam is greedy search. The best text of all groups is the answer: highest log-probability over
length^penalty, whether or not it was diverse.
Shapes: N texts, G groups of W beams, R = N x G x W rows, V words, P words written so far.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import Tensor

from cardiolex.nn.token_rules import TokenRules

if TYPE_CHECKING:
    from cardiolex.nn.generation import State, Step

S = TypeVar("S", bound="State")


@dataclass(frozen=True)
class Beams:
    """Sizes and weights of a search."""

    width: int  # W, beams of a group
    groups: int
    diversity: float
    length_penalty: float
    max_tokens: int


class Finished:
    """The best finished text of each of N, and what each of their groups has."""

    def __init__(self, texts: int, beams: Beams) -> None:
        self.beams = beams
        self.best: list[tuple[float, list[int]]] = [(-float("inf"), []) for _ in range(texts)]
        self.counts = torch.zeros(texts, beams.groups, dtype=torch.long)
        self.group_best = torch.full((texts, beams.groups), -torch.inf)

    def add(self, text: int, group: int, score: float, length: int, words: list[int]) -> None:
        """Offer a text of `length` tokens, the end included."""
        score = score / length**self.beams.length_penalty
        self.counts[text, group] += 1
        self.group_best[text, group] = max(score, float(self.group_best[text, group]))
        if score > self.best[text][0]:
            self.best[text] = score, words

    def closed(self, texts: Tensor, scores: Tensor, length: int) -> Tensor:
        """Groups (N, G) of `texts` (N,) that are done; `scores` (N, G, W) of texts in work."""
        in_work = scores.amax(dim=2).cpu() / length**self.beams.length_penalty
        full = self.counts[texts] >= self.beams.width
        done: Tensor = (full & (in_work <= self.group_best[texts])) | (in_work == -torch.inf)
        return done


def beam_search(
    step: Step[S], state: S, start: Tensor, rules: TokenRules, beams: Beams
) -> list[list[int]]:
    """Word numbers for each of `start` (N,), without start and end."""
    n, width, groups = len(start), beams.width, beams.groups
    finished = Finished(n, beams)
    active = torch.arange(n)  # texts that are still searched for
    state = state.select(torch.arange(n, device=start.device).repeat_interleave(groups * width))
    ids = start.repeat_interleave(groups * width)  # (R,)
    history = ids.new_empty(len(ids), 0)  # (R, P)
    scores = torch.full((n, groups, width), -torch.inf, device=start.device)
    scores[:, :, 0] = 0.0
    for written in range(1, beams.max_tokens + 1):
        logits, state = step(ids, state)
        chances = rules(logits.float(), history).log_softmax(dim=1)
        rows, ids, scores = _choose(
            chances.view(len(active), groups, width, -1), scores, beams.diversity, rules.end,
            finished, active, history,
        )  # fmt: skip
        history = torch.cat([history[rows], ids[:, None]], dim=1)
        closed = finished.closed(active, scores, written)
        scores = scores.masked_fill(closed.to(scores.device)[:, :, None], -torch.inf)
        going = ~closed.all(dim=1)
        if written == beams.max_tokens or not bool(going.any()):
            break
        if bool(going.all()):
            state = state.reorder(rows)
            continue
        kept = going.nonzero().flatten()
        stay = (kept[:, None] * groups * width + torch.arange(groups * width)).flatten()
        stay = stay.to(ids.device)
        state, ids, history = state.select(rows[stay]), ids[stay], history[stay]
        scores, active = scores[kept.to(scores.device)], active[kept]
    _cut(finished, active, scores, history)
    return [words for _, words in finished.best]


def _choose(
    chances: Tensor,
    scores: Tensor,
    diversity: float,
    end: int,
    finished: Finished,
    active: Tensor,
    history: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """The beams that go on: their former rows (R,), words (R,) and scores (N, G, W).

    `chances` (N, G, W, V) are log-probabilities; texts that end are put to `finished`.
    """
    n, groups, width, words = chances.shape
    used = chances.new_zeros(n, words)
    rows, ids, kept_scores = [], [], []
    for group in range(groups):
        total = (scores[:, group, :, None] + chances[:, group]).flatten(1)  # (N, W x V)
        wanted = total - diversity * used.repeat(1, width)
        best = wanted.topk(min(2 * width, width * words), dim=1).indices
        score, word, beam = total.gather(1, best), best % words, best // words
        first = (torch.arange(n, device=best.device)[:, None] * groups + group) * width
        _finish(score, word, first + beam, group, width, end, finished, active, history)
        # (N, W): those that go on, best first
        order = (word == end).byte().argsort(dim=1, stable=True)[:, :width]
        going = word.gather(1, order) != end
        rows.append((first + beam).gather(1, order))
        ids.append(word.gather(1, order))
        kept_scores.append(score.gather(1, order).masked_fill(~going, -torch.inf))
        used.scatter_add_(1, ids[-1], going.float())
    return (
        torch.stack(rows, dim=1).flatten(),
        torch.stack(ids, dim=1).flatten(),
        torch.stack(kept_scores, dim=1),
    )


def _finish(
    score: Tensor,
    word: Tensor,
    row: Tensor,
    group: int,
    width: int,
    end: int,
    finished: Finished,
    active: Tensor,
    history: Tensor,
) -> None:
    """Put away the texts that end here among the best `width` of their group."""
    ending = (word[:, :width] == end) & (score[:, :width] > -torch.inf)
    for text, place in ending.nonzero().tolist():
        words = history[row[text, place]].tolist()
        finished.add(int(active[text]), group, float(score[text, place]), len(words) + 1, words)


def _cut(finished: Finished, active: Tensor, scores: Tensor, history: Tensor) -> None:
    """Texts that found no end in time count as they stand."""
    written = history.view(*scores.shape, -1)
    for text, group, beam in (scores > -torch.inf).nonzero().tolist():
        words = written[text, group, beam].tolist()
        score = float(scores[text, group, beam])
        finished.add(int(active[text]), group, score, len(words), words)
