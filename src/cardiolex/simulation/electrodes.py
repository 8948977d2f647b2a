"""Nine electrodes, twelve leads: which electrode enters which lead with which weight.

Einthoven's bipolar leads, Goldberger's augmented leads and the precordial leads against
Wilson's central terminal (Macfarlane et al., Comprehensive Electrocardiology, 2nd ed., ch. 11).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.leads import LEADS

ELECTRODES: Final = ("RA", "LA", "LL", "V1", "V2", "V3", "V4", "V5", "V6")

_LIMB_WEIGHTS: Final = {  # RA, LA, LL
    "I": (-1.0, 1.0, 0.0),
    "II": (-1.0, 0.0, 1.0),
    "III": (0.0, -1.0, 1.0),
    "aVR": (1.0, -0.5, -0.5),
    "aVL": (-0.5, 1.0, -0.5),
    "aVF": (-0.5, -0.5, 1.0),
}


def _lead_matrix() -> NDArray[np.float32]:
    matrix = np.zeros((len(LEADS), len(ELECTRODES)))
    for row, lead in enumerate(LEADS):
        if lead in _LIMB_WEIGHTS:
            matrix[row, :3] = _LIMB_WEIGHTS[lead]
        else:
            matrix[row, :3] = -1.0 / 3.0  # Wilson's central terminal
            matrix[row, ELECTRODES.index(lead)] = 1.0
    matrix.setflags(write=False)
    return matrix.astype(np.float32)


LEAD_MATRIX: Final[NDArray[np.float32]] = _lead_matrix()
"""(12, 9): leads = LEAD_MATRIX @ electrode potentials."""


def limb_permutation(first: str, second: str) -> NDArray[np.float32]:
    """(12, 12) matrix: the leads as recorded when two limb electrodes are exchanged.

    The sum of the three limb potentials does not change, so Wilson's terminal and the
    precordial leads stay as they are. Potentials are taken against Wilson's terminal, where
    RA = -(I + II) / 3, LA = (2 I - II) / 3, LL = (2 II - I) / 3.
    """
    potentials = np.zeros((len(ELECTRODES), len(LEADS)))
    potentials[:3, :2] = np.array([[-1.0, -1.0], [2.0, -1.0], [-1.0, 2.0]]) / 3.0
    order = [ELECTRODES.index(name) for name in ELECTRODES]
    a, b = ELECTRODES.index(first), ELECTRODES.index(second)
    order[a], order[b] = order[b], order[a]
    matrix = LEAD_MATRIX @ potentials[order]
    matrix[6:, :] = np.eye(len(LEADS))[6:]
    return np.asarray(matrix, dtype=np.float32)
