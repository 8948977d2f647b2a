"""Names that mean the same, by vectors of a text encoder and under guards.

SuPreME: cosine above 0.8 makes a cluster, mean cosine above 0.75 maps it to a standard term. The
paper leaves the way of clustering open; here the frequent names lead: a name joins the leader that
it resembles most, if the guards allow it with every member. So no chain of resemblances can join
what does not belong together, and the result does not depend on the order of the input.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.reports.building.decision import Decision
from cardiolex.reports.building.guards import Guard

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
"""N texts -> vectors, shape (N, D); need not be normalised."""

BLOCKED_SHOWN = 3  # near misses of a name that the table shows


@dataclass
class Cluster:
    """Names taken for one finding; the first is the leader. `vectors` (M, D) of length one."""

    names: list[str]
    vectors: list[NDArray[np.float32]]
    joined: dict[str, float] = field(default_factory=dict)

    def similarity(self, others: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mean cosine of the members to each row of `others` (N, D) -> (N,)."""
        return np.asarray(others @ np.mean(self.vectors, axis=0), dtype=np.float32)


def unit_vectors(names: Sequence[str], encode: Encode) -> NDArray[np.float32]:
    """Vectors of length one, shape (N, D); refuses what an encoder must not give."""
    vectors = np.asarray(encode(list(names)), dtype=np.float32)
    if vectors.ndim != 2 or len(vectors) != len(names):
        raise CardiolexError(f"the text encoder gave {vectors.shape} for {len(names)} names")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or (lengths == 0).any():
        bad = names[int(np.argmax(~(np.isfinite(lengths) & (lengths > 0))))]
        raise CardiolexError(f"the text encoder gave no usable vector for '{bad}'")
    return np.asarray(vectors / lengths, dtype=np.float32)


def clusters(
    names: Mapping[str, int],
    vectors: NDArray[np.float32],
    guard: Guard,
    threshold: float,
    keep_apart: frozenset[tuple[str, str]] = frozenset(),
) -> tuple[list[Cluster], list[Decision]]:
    """Clusters of `names` (name -> mentions; rows of `vectors` alike), and what guards prevented.

    `keep_apart` are pairs that a person keeps apart.
    """
    order = sorted(range(len(names)), key=lambda i: (-list(names.values())[i], list(names)[i]))
    listed = list(names)
    found: list[Cluster] = []
    decisions: list[Decision] = []
    leaders = np.zeros((len(listed), vectors.shape[1]), dtype=np.float32)
    for place in order:
        name = listed[place]
        near = leaders[: len(found)] @ vectors[place]
        home, prevented = _home(name, near, found, guard, threshold, keep_apart)
        decisions += prevented
        if home is None:
            leaders[len(found)] = vectors[place]
            found.append(Cluster([name], [vectors[place]]))
        else:
            home.names.append(name)
            home.vectors.append(vectors[place])
            home.joined[name] = float(vectors[place] @ home.vectors[0])
    return found, decisions


def _home(
    name: str,
    near: NDArray[np.float32],
    found: Sequence[Cluster],
    guard: Guard,
    threshold: float,
    keep_apart: frozenset[tuple[str, str]],
) -> tuple[Cluster | None, list[Decision]]:
    prevented: list[Decision] = []
    for place in candidates(near, threshold):
        cluster, similarity = found[place], float(near[place])
        leader = cluster.names[0]
        if (name, leader) in keep_apart or (leader, name) in keep_apart:
            continue
        verdict = guard.free(cluster.names, name)
        if verdict.relation == "free":
            return cluster, prevented
        if len(prevented) < BLOCKED_SHOWN:
            reason = f"guard: {verdict.reason}"
            prevented.append(Decision("apart", name, leader, 0, similarity, reason))
    return None, prevented


def candidates(similarities: NDArray[np.float32], threshold: float) -> list[int]:
    """Places above the threshold, the most similar first."""
    above = np.flatnonzero(similarities > threshold)
    return [int(place) for place in above[np.argsort(-similarities[above], kind="stable")]]
