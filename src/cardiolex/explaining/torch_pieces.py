"""The pieces of a window as a system in torch answers without some of them.

Where a system has tokens by lead and time, a piece taken away is absent: no token exists for it.
Where it has none, a straight line joins what is left of the lead, and a lead of which nothing is
left is absent. Zeros are never put in: a network would take them for signal.
Shapes: 12 leads, T samples, M pieces of a lead, K choices of what is kept.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cardiolex.capabilities import ExplainsQueries, ScoresQueries

PIECE_S = 0.2  # of systems without tokens
AT_ONCE = 4000  # tokens (or samples / 50) of one pass: bounds memory


class TokenPieces:
    """Pieces of a system that has a token for each."""

    removal = "absent"

    def __init__(
        self,
        system: ExplainsQueries,
        ecg: Tensor,
        lead_mask: Tensor,
        sample_mask: Tensor,
        vector: Tensor,
        seconds: float,
    ) -> None:
        """`ecg` (1, 12, T), masks (1, 12) and (1, T), `vector` (1, Dt)."""
        self.system, self.ecg, self.vector = system, ecg, vector
        self.lead_mask, self.sample_mask = lead_mask, sample_mask
        self.mask = system.token_mask(lead_mask, sample_mask)  # (1, 12, M)
        self.there: NDArray[np.bool_] = self.mask[0].cpu().numpy()
        self.segment_s = seconds / self.there.shape[1]

    @torch.no_grad()
    def logits(self, kept: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Copies that keep equally many pieces go through together, so that none is padded."""
        counts = kept.sum(axis=(1, 2))
        result = np.zeros(len(kept))
        for count in np.unique(counts):
            rows = np.flatnonzero(counts == count)
            for part in np.array_split(rows, max(1, len(rows) * int(count) // AT_ONCE)):
                visible = torch.from_numpy(kept[part]).to(self.ecg.device)
                ecg = self.ecg.expand(len(part), -1, -1)
                scores = self.system.score_tokens(ecg, visible, self.vector)
                result[part] = scores[:, 0].double().cpu().numpy()
        return result


class SignalPieces:
    """Pieces of a system that reads signals as a whole."""

    removal = "a straight line"

    def __init__(
        self,
        system: ScoresQueries,
        ecg: Tensor,
        lead_mask: Tensor,
        sample_mask: Tensor,
        vector: Tensor,
        seconds: float,
    ) -> None:
        """As `TokenPieces`."""
        self.system, self.ecg, self.vector = system, ecg, vector
        self.lead_mask, self.sample_mask = lead_mask, sample_mask
        count = max(1, round(seconds / PIECE_S))
        self.segment_s = seconds / count
        samples = sample_mask[0].cpu().numpy()
        self._piece = np.arange(len(samples)) * count // len(samples)  # (T,)
        real = np.bincount(self._piece, samples) * 2 > np.bincount(self._piece)
        leads: NDArray[np.bool_] = lead_mask[0].cpu().numpy()
        self.there: NDArray[np.bool_] = leads[:, None] & real[None, :]

    @torch.no_grad()
    def logits(self, kept: NDArray[np.bool_]) -> NDArray[np.float64]:
        """As `Pieces`."""
        results = []
        each = self.ecg[0].cpu().numpy()
        for part in np.array_split(kept, max(1, len(kept) // 8)):
            signal = np.stack([self._without(each, chosen) for chosen in part])
            leads = torch.from_numpy(part.any(axis=2)).to(self.ecg.device)
            ecg = torch.from_numpy(signal).to(self.ecg) * leads[:, :, None]
            samples = self.sample_mask.expand(len(part), -1)
            scores = self.system.score_queries(ecg, leads, samples, self.vector)
            results.append(scores[:, 0].double().cpu().numpy())
        return np.concatenate(results)

    def _without(self, ecg: NDArray[np.float32], kept: NDArray[np.bool_]) -> NDArray[np.float32]:
        """`ecg` (12, T) with a straight line over every piece that is there but not kept."""
        changed, places = ecg.copy(), np.arange(ecg.shape[1])
        for lead in np.flatnonzero((self.there & ~kept).any(axis=1)):
            left = kept[lead][self._piece]
            if left.any():
                gone = (self.there[lead] & ~kept[lead])[self._piece]
                changed[lead, gone] = np.interp(places[gone], places[left], ecg[lead, left])
        return changed


def pieces_of(
    system: ScoresQueries,
    ecg: Tensor,
    lead_mask: Tensor,
    sample_mask: Tensor,
    vector: Tensor,
    seconds: float,
) -> TokenPieces | SignalPieces:
    """The finest pieces that `system` allows; arguments as in `TokenPieces`."""
    if isinstance(system, ExplainsQueries):
        return TokenPieces(system, ecg, lead_mask, sample_mask, vector, seconds)
    return SignalPieces(system, ecg, lead_mask, sample_mask, vector, seconds)
