"""One way in which a recording gets worse, at one level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from cardiolex.errors import CardiolexError
from cardiolex.recordings.recording import Recording

Apply = Callable[[Recording, np.random.Generator], Recording]


class Unsuitable(CardiolexError):
    """The recording cannot be disturbed this way, such as a reversal of leads it does not have."""


@dataclass(frozen=True, eq=False)
class Disturbance:
    """`apply(recording, rng)` gives the worse recording, or raises `Unsuitable`.

    `kind` names a curve, `level` a point on it.
    """

    kind: str
    level: str
    apply: Apply

    def disturb(self, recording: Recording, name: str, seed: int) -> Recording:
        """The recording, worse. The draw depends on `seed`, the kind and the record's `name`, not
        on the level: along a curve the same noise grows."""
        drawn = [seed, crc32(self.kind.encode()), crc32(name.encode())]
        return self.apply(recording, np.random.default_rng(drawn))
