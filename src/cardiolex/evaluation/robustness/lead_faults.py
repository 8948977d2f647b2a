"""Cables that are off or exchanged.

An exchange moves the potentials of electrodes, not leads: all six limb leads change when two limb
cables are exchanged, and the precordial leads with them where Wilson's terminal changes. The right
leg's potential is taken for the left one's (the legs are far from the heart; Batchvarov, Malik &
Camm, Europace 2007), so exchanging the legs changes nothing, and an arm on the right leg makes one
limb lead nearly flat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cardiolex.evaluation.robustness.disturbance import Unsuitable
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.recording import Recording
from cardiolex.simulation.electrodes import ELECTRODES, LEAD_MATRIX
from cardiolex.simulation.noise import NoiseSettings, mains, muscle_noise

REVERSALS: Mapping[str, Mapping[str, str]] = {
    "arms": {"RA": "LA", "LA": "RA"},
    "legs": {"LL": "RL", "RL": "LL"},
    "left arm, left leg": {"LA": "LL", "LL": "LA"},
    "right arm, left leg": {"RA": "LL", "LL": "RA"},
    "right arm, right leg": {"RA": "RL", "RL": "RA"},
    "left arm, right leg": {"LA": "RL", "RL": "LA"},
    "V1, V2": {"V1": "V2", "V2": "V1"},
    "V2, V3": {"V2": "V3", "V3": "V2"},
    "V5, V6": {"V5": "V6", "V6": "V5"},
    "V1 to V6 in reverse": {f"V{n}": f"V{7 - n}" for n in range(1, 7)},
}
"""Name -> cable: the electrode that it is put on."""


def reversal_matrix(moved: Mapping[str, str]) -> NDArray[np.float64]:
    """(12, 12): leads as recorded = matrix @ true leads, for cables `moved` as in `REVERSALS`.

    Potentials are taken against Wilson's terminal: RA = -(I + II) / 3, LA = (2 I - II) / 3,
    LL = RL = (2 II - I) / 3, a precordial electrode is its lead.
    """
    electrodes = (*ELECTRODES, "RL")
    truth = np.zeros((len(electrodes), len(LEADS)))
    truth[:3, :2] = np.array([[-1.0, -1.0], [2.0, -1.0], [-1.0, 2.0]]) / 3.0
    truth[3:9, 6:] = np.eye(6)
    truth[9] = truth[2]
    picked = [electrodes.index(moved.get(name, name)) for name in ELECTRODES]
    return np.asarray(LEAD_MATRIX.astype(np.float64) @ truth[picked])


def reverse_leads(recording: Recording, moved: Mapping[str, str]) -> Recording:
    """The recording as it is with cables `moved`.

    Leads that were not recorded stay absent. Unsuitable if what an exchanged lead shows was not
    recorded itself.
    """
    matrix = reversal_matrix(moved)
    same = np.asarray(np.isclose(matrix, reversal_matrix({}), atol=1e-6).all(axis=1))
    new = recording.mv.copy()
    for n, lead in enumerate(recording.leads):
        row = LEADS.index(lead)
        if same[row]:
            continue
        parts = [(LEADS[k], w) for k, w in enumerate(matrix[row]) if abs(w) > 1e-6]
        missing = [name for name, _ in parts if name not in recording.leads]
        if missing:
            raise Unsuitable(
                f"recording {recording.id!r} has no {', '.join(missing)}, which {lead} would show"
            )
        new[n] = sum(np.float32(w) * recording.mv[recording.leads.index(k)] for k, w in parts)
    return replace(recording, mv=new, notes=(*recording.notes, f"cables moved: {dict(moved)}"))


def leads_off(recording: Recording, count: int, rng: np.random.Generator) -> Recording:
    """`count` leads at random are off and the recorder knows: they are absent.

    The draw of fewer leads is part of the draw of more. Unsuitable if no lead would be left.
    """
    gone = _drawn(recording.leads, count, rng)
    kept = [lead for lead in recording.leads if lead not in gone]
    if not kept:
        raise Unsuitable(f"recording {recording.id!r} has {len(recording.leads)} leads")
    return recording.select(kept)


def leads_of_noise(recording: Recording, count: int, rng: np.random.Generator) -> Recording:
    """`count` leads at random hang loose and nobody notices: mains and muscle instead of the heart.

    Their level is that of the lead they replace (standard deviation). Unsuitable if there are not
    as many leads.
    """
    if count > len(recording.leads):
        raise Unsuitable(f"recording {recording.id!r} has {len(recording.leads)} leads")
    gone = _drawn(recording.leads, count, rng)
    samples = recording.mv.shape[1]
    t = np.arange(samples) / recording.fs
    loose = mains(t, recording.fs, 50.0, 1.0, rng)
    loose = loose + 30 * muscle_noise(samples, recording.fs, rng, NoiseSettings())
    new = recording.mv.copy()
    for place, lead in enumerate(gone):
        n = recording.leads.index(lead)
        spread = float(np.nanstd(recording.mv[n]))
        wave = loose[place % len(loose)]
        new[n] = wave * np.float32(spread / max(float(wave.std()), 1e-9))
    return replace(recording, mv=new, notes=(*recording.notes, f"loose: {', '.join(gone)}"))


def electrode_off(recording: Recording, electrode: str) -> Recording:
    """One electrode is off and the recorder knows: every lead that needs it is absent.

    V1 to V6 take one lead each; a limb electrode takes the limb leads with it and Wilson's
    terminal, hence all but the bipolar lead of the other two. Unsuitable if nothing is left.
    """
    column = ELECTRODES.index(electrode)
    needs = [lead for lead in recording.leads if LEAD_MATRIX[LEADS.index(lead), column] != 0]
    kept = [lead for lead in recording.leads if lead not in needs]
    if not kept:
        raise Unsuitable(f"recording {recording.id!r}: no lead is left without {electrode}")
    return recording.select(kept)


def _drawn(leads: Sequence[str], count: int, rng: np.random.Generator) -> list[str]:
    order = rng.permutation(len(leads))
    return [leads[i] for i in order[: min(count, len(leads))]]
