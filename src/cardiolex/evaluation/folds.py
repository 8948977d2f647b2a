"""Dividing recordings so that no patient stands on both sides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def folds_by_patient(
    patients: Sequence[str], folds: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Fold (N,) of each record; a patient's records share one, folds have equally many patients."""
    names, owner = np.unique(np.asarray(patients, str), return_inverse=True)
    of_patient = rng.permutation(np.arange(len(names)) % folds)
    return np.asarray(of_patient[owner], np.intp)
