"""How well a text encoder knows the vocabulary: cosines of names, retrieval of wordings."""

from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from cardiolex.reports.vocabulary import Vocabulary

Encode = Callable[[Sequence[str]], Tensor]


def opposite_pairs(names: Sequence[str], vocabulary: Vocabulary) -> Tensor:
    """Places of all pairs of `names` that must never be merged, shape (P, 2)."""
    place = {name: i for i, name in enumerate(names)}
    pairs = {
        (min(i, place[other]), max(i, place[other]))
        for name, i in place.items()
        if name in vocabulary
        for other in vocabulary[name].never_merge
        if other in place
    }
    return torch.tensor(sorted(pairs), dtype=torch.long).reshape(-1, 2)


def measure(
    encode: Encode, vocabulary: Vocabulary, held: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """Figures of an encoder; `encode` gives (N, D) vectors of texts, `held` untrained wordings.

    Mean cosine of all pairs of names, of names with their superclasses, of opposites and of
    wordings with their name; the dimensions the names fill (participation ratio of the principal
    variances, at most D); recall of the right name among all names, for all and for held-out
    wordings.
    """
    names = F.normalize(encode(vocabulary.names), dim=1)
    cosine = names @ names.T
    kin = [
        (vocabulary.index[entity.name], vocabulary.index[parent])
        for entity in vocabulary.entities
        for parent in entity.is_a
    ]
    off = cosine[~torch.eye(len(names), dtype=torch.bool)]
    variance = torch.linalg.svdvals(names - names.mean(dim=0)).square()
    figures = {
        "pairs_mean": float(off.mean()),
        "pairs_p99": float(off.quantile(0.99)),
        "dimensions": float(variance.sum().square() / variance.square().sum()),
        **_cosines("kin", cosine, torch.tensor(kin, dtype=torch.long).reshape(-1, 2)),
        **_cosines("opposite", cosine, opposite_pairs(vocabulary.names, vocabulary)),
    }
    known = {e.name: [w for w in e.wordings if w != e.name] for e in vocabulary.entities}
    for label, wordings in (("wordings", known), ("held_out", held)):
        figures |= _retrieval(label, wordings, names, encode, vocabulary)
    return {key: round(value, 4) for key, value in figures.items()}


def _cosines(label: str, cosine: Tensor, pairs: Tensor) -> dict[str, float]:
    if len(pairs) == 0:
        return {}
    values = cosine[pairs[:, 0], pairs[:, 1]]
    return {f"{label}_mean": float(values.mean()), f"{label}_max": float(values.max())}


def _retrieval(
    label: str,
    wordings: Mapping[str, Sequence[str]],
    names: Tensor,
    encode: Encode,
    vocabulary: Vocabulary,
) -> dict[str, float]:
    pairs = [(text, name) for name, texts in wordings.items() for text in texts]
    if not pairs:
        return {}
    cosine = F.normalize(encode([text for text, _ in pairs]), dim=1) @ names.T
    truth = torch.tensor([vocabulary.index[name] for _, name in pairs])
    best = cosine.topk(min(5, len(names)), dim=1).indices
    right = cosine[torch.arange(len(pairs)), truth]
    return {
        f"{label}_count": float(len(pairs)),
        f"{label}_cosine": float(right.mean()),
        f"{label}_recall@1": float((best[:, 0] == truth).float().mean()),
        f"{label}_recall@5": float((best == truth[:, None]).any(dim=1).float().mean()),
    }
