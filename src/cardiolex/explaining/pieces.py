"""One window of a recording as pieces of leads, any of which can be taken away.

Shapes: 12 leads, M pieces of a lead, K choices of what is kept.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Pieces(Protocol):
    """A window, a question, and what the answer is when only some pieces are kept."""

    @property
    def there(self) -> NDArray[np.bool_]:
        """(12, M): the pieces that were recorded."""
        ...

    @property
    def segment_s(self) -> float:
        """Length of a piece."""
        ...

    @property
    def removal(self) -> str:
        """What stands in the place of a piece taken away, in words."""
        ...

    def logits(self, kept: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Logits (K,) when of each of K copies only the pieces in `kept` (K, 12, M) are left."""
        ...
