"""Heartbeats matched with the sentences of a report.

Source: MELP's beat-level loss (arXiv:2506.21803), which is GLoRIA's local loss (ICCV 2021).
Deviations: all pairs at once; the global batch instead of one per process (`gather`); a report
without sentences is left out with its recording instead of moving those behind it by one.
Shapes: R reports, E recordings, B batch, S sentences, K beats, D width.
"""

from typing import Literal

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor

from cardiolex.objectives.gather import gather_rows, world_size

Aggregation = Literal["sum", "mean"]


def beat_sentence_scores(
    sentences: Tensor,
    sentence_valid: Tensor,
    beats: Tensor,
    beat_valid: Tensor | None = None,
    aggregation: Aggregation = "sum",
    temperatures: tuple[float, float, float] = (4.0, 5.0, 10.0),
) -> Tensor:
    """How well each report fits each recording, (R, E).

    `sentences` (R, S, D) with `sentence_valid` (R, S); `beats` (E, K, D) with `beat_valid` (E, K).
    Each sentence attends to the beats: dot products, softmax over the sentences of the report,
    times the first temperature, softmax over beats. The cosine of the sentence with what it
    attended to is gathered over sentences as log-sum-exp with the second temperature; the third
    multiplies the result. "sum" (as released) favours long reports, "mean" takes log n off.
    A report needs at least one sentence, a recording one beat.
    """
    attention_scale, sentence_scale, logit_scale = temperatures
    with torch.autocast(sentences.device.type, enabled=False):  # the scale magnifies rounding
        cosine = _attended_cosine(
            sentences.float(), sentence_valid, beats.float(), beat_valid, attention_scale
        )
    scaled = (sentence_scale * cosine).masked_fill(~sentence_valid[:, None], -torch.inf)
    score: Tensor = scaled.logsumexp(dim=2)  # (R, E)
    if aggregation == "mean":
        score = score - sentence_valid.sum(dim=1, keepdim=True).log()
    return logit_scale * score


def _attended_cosine(
    sentences: Tensor,
    sentence_valid: Tensor,
    beats: Tensor,
    beat_valid: Tensor | None,
    attention_scale: float,
) -> Tensor:
    """Cosine (R, E, S) of each sentence with the beats that it attends to.

    The attended vector c = sum_k a_k b_k is never formed: <s, c> = a . dots, |c|^2 = a . G a.
    """
    dots = torch.einsum("rsd,ekd->resk", sentences, beats)
    among_sentences = dots.masked_fill(~sentence_valid[:, None, :, None], -torch.inf).softmax(dim=2)
    focus = attention_scale * among_sentences
    if beat_valid is not None:
        focus = focus.masked_fill(~beat_valid[None, :, None, :], -torch.inf)
    attention = focus.softmax(dim=3)  # (R, E, S, K)
    gram = torch.einsum("ekd,eld->ekl", beats, beats)
    squared = (torch.einsum("resk,ekl->resl", attention, gram) * attention).sum(dim=3)
    norms = squared.clamp(min=1e-12).sqrt() * sentences.norm(dim=2).clamp(min=1e-6)[:, None]
    cosine: Tensor = (attention * dots).sum(dim=3) / norms
    return cosine


def beat_sentence_loss(
    sentences: Tensor,
    sentence_valid: Tensor,
    beats: Tensor,
    beat_valid: Tensor | None = None,
    aggregation: Aggregation = "sum",
    temperatures: tuple[float, float, float] = (4.0, 5.0, 10.0),
    gather: bool = True,
) -> Tensor:
    """Cross-entropy of `beat_sentence_scores`, report to recording and back, averaged; a scalar.

    Row i of `sentences` (B, S, D) and of `beats` (B, K, D) belong together; masks as there. Row i
    takes no part if it has no valid sentence. `gather` joins the rows of all processes; without
    it each process contrasts its own, as released. With nothing to contrast the loss is zero.
    """
    if beat_valid is None:
        beat_valid = beats.new_ones(beats.shape[:2], dtype=torch.bool)
    if gather and world_size() > 1:
        sentences, sentence_valid = _gather(sentences, sentence_valid)
        beats, beat_valid = _gather(beats, beat_valid)
    kept = sentence_valid.any(dim=1)
    if not bool(kept.any()):
        return (sentences.sum() + beats.sum()) * 0
    scores = beat_sentence_scores(
        sentences[kept], sentence_valid[kept], beats[kept], beat_valid[kept],
        aggregation, temperatures,
    )  # fmt: skip
    target = torch.arange(len(scores), device=scores.device)
    return (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2


def _gather(x: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """Rows (B, N, D) and masks (B, N) of all processes, N padded to the largest of any."""
    longest = torch.tensor(x.shape[1], device=x.device)
    dist.all_reduce(longest, dist.ReduceOp.MAX)
    more = int(longest) - x.shape[1]
    x, valid = F.pad(x, (0, 0, 0, more)), F.pad(valid.to(torch.uint8), (0, more))
    return gather_rows(x.float()), gather_rows(valid).bool()
