"""One heart at work: templates of its beats, placed where the schedule says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cardiolex.simulation.activation import activation_ms
from cardiolex.simulation.anatomy import ventricles
from cardiolex.simulation.atria import PWave, ectopic_p, fibrillation, flutter, sinus_p
from cardiolex.simulation.causes import Causes
from cardiolex.simulation.conduction import blocked, ectopic_focus, from_focus, pacing_site
from cardiolex.simulation.lead_field import DOWER, Torso
from cardiolex.simulation.person import diseased_substrate, torso
from cardiolex.simulation.schedule import Schedule
from cardiolex.simulation.substrate import Substrate
from cardiolex.simulation.ventricular_beat import LEAD_IN_MS, VentricularBeat, ventricular_beat

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


@dataclass(eq=False)
class Heart:
    """A person's heart in its torso. Templates are made when first needed."""

    causes: Causes
    torso: Torso
    substrate: Substrate
    reference: Floats
    lead_vectors: Floats
    rr_ms: float
    fs: float
    rng: np.random.Generator
    beats: dict[str, VentricularBeat] = field(default_factory=dict)
    p_waves: dict[str, PWave] = field(default_factory=dict)

    @classmethod
    def of(cls, causes: Causes, rng: np.random.Generator, rr_ms: float, fs: float) -> Heart:
        """Draw the individual heart of a person with these causes."""
        body = torso(causes, rng)
        substrate, unblocked = diseased_substrate(causes, rng, rr_ms)
        reference = activation_ms(unblocked.conduction)
        reference = reference - reference.min()
        vectors = body.heart_field(ventricles().point)
        return cls(causes, body, substrate, reference, vectors, rr_ms, fs, rng)

    def beat(self, kind: str) -> VentricularBeat:
        """The template of a kind of ventricular beat."""
        source = {"pac": "normal", "pjc": "normal", "escape": "normal"}.get(kind, kind)
        if source not in self.beats:
            self.beats[source] = self._make(source)
        return self.beats[source]

    def recovery_shift_ms(self, rr_ms: float) -> float:
        """How much later a beat recovers after an RR interval other than the mean."""
        return min(max(0.16 * (rr_ms - self.rr_ms), -70.0), 70.0)

    def p_wave(self, kind: str) -> PWave:
        """The template of a kind of P wave."""
        if kind not in self.p_waves:
            low = kind in ("retro", "low")
            if kind in ("sinus", "paced"):
                made = sinus_p(self.causes, self.torso, self.rng, self.fs)
            else:
                made = ectopic_p(self.torso, self.rng, self.fs, low=low)
            self.p_waves[kind] = made
        return self.p_waves[kind]

    def _make(self, kind: str) -> VentricularBeat:
        conduction = self.substrate.conduction
        if kind == "pac aberrant":
            block = "rbbb" if self.rng.random() < 0.75 else "lbbb"
            if len(conduction.sites) == 8:
                conduction = blocked(conduction, block, self.rng)
        elif kind == "paced":
            conduction = from_focus(conduction, pacing_site(self.rng))
        elif kind != "normal":
            conduction = from_focus(conduction, ectopic_focus(self.rng))
        substrate = replace(self.substrate, conduction=conduction)
        beat = ventricular_beat(substrate, self.lead_vectors, self.fs, self.reference)
        if kind == "normal" and self.causes.u_wave > 0:
            _add_u(beat, self.causes.u_wave, self.torso, self.fs)
        return beat


def _add_u(beat: VentricularBeat, mv: float, body: Torso, fs: float) -> None:
    """A U wave after the T wave, of the same direction as a normal T wave, largest in V2-V4."""
    ms = np.arange(beat.rise.shape[1]) * 1000 / fs
    shape = np.exp(-0.5 * ((ms - beat.t_off_ms - 45) / 33) ** 2) * (ms < beat.t_off_ms + 140)
    vector = (DOWER * body.gain[:, None]) @ np.array([0.45, 0.25, -0.65])
    scale = mv / max(float(vector[3:6].max()), 0.05)
    beat.rise[:] += (scale * vector[:, None] * shape).astype(np.float32)


def trace(heart: Heart, schedule: Schedule, samples: int) -> Singles:
    """The noise-free potentials (8, samples) in mV."""
    fs, rng = heart.fs, heart.rng
    out = np.zeros((8, samples), dtype=np.float32)
    breath = rng.uniform(0.18, 0.32), rng.uniform(0, 6.3), abs(rng.normal(0, 0.03))
    swing = rng.normal(0, 1, 8) * breath[2]
    swing[:2] = swing[:2] * 0.5
    for wave in schedule.atria:
        _place(out, heart.p_wave(wave.kind).mv, round(wave.s * fs))
    previous = None
    for beat in schedule.ventricles:
        template = heart.beat(beat.kind)
        rr = heart.rr_ms if previous is None else (beat.s - previous) * 1000
        previous = beat.s
        later = heart.recovery_shift_ms(rr)
        turn = 1 + swing * np.sin(2 * np.pi * breath[0] * beat.s + breath[1])
        shape = _moved(template, round(later * fs / 1000)) * turn[:, None].astype(np.float32)
        _place(out, shape, round((beat.s - LEAD_IN_MS / 1000) * fs))
    if schedule.waves is not None:
        out += _atrial_waves(heart, schedule, samples)
    _spikes(out, schedule, heart)
    return out


def _moved(beat: VentricularBeat, later: int) -> Singles:
    """The template with recovery `later` samples later."""
    if later == 0:
        return np.asarray(beat.rise - beat.fall)
    fall = np.empty_like(beat.fall)
    if later > 0:
        fall[:, later:] = beat.fall[:, :-later]
        fall[:, :later] = beat.fall[:, :1]
    else:
        fall[:, :later] = beat.fall[:, -later:]
        fall[:, later:] = beat.fall[:, -1:]
    return np.asarray(beat.rise - fall)


def _place(out: Singles, shape: Singles, start: int) -> None:
    """Add a template, cut where it leaves the recording."""
    first, last = max(start, 0), min(start + shape.shape[1], out.shape[1])
    if last > first:
        out[:, first:last] += shape[:, first - start : last - start]


def _atrial_waves(heart: Heart, schedule: Schedule, samples: int) -> Singles:
    rng = heart.rng
    if schedule.waves == "fibrillation":
        coarse = float(np.clip(rng.lognormal(np.log(0.072), 0.5), 0.012, 0.26))
        return fibrillation(heart.torso, rng, heart.fs, samples, coarse)
    size = float(np.clip(rng.lognormal(np.log(0.25), 0.4), 0.1, 0.6))
    return flutter(heart.torso, rng, heart.fs, samples, schedule.wave_rate_bpm, size)


def _spikes(out: Singles, schedule: Schedule, heart: Heart) -> None:
    """Pacing spikes about 0.5 ms wide, from nearly invisible (bipolar) to large (unipolar)."""
    if not schedule.spikes:
        return
    rng = heart.rng
    size = float(np.exp(rng.uniform(np.log(0.08), np.log(2.5))))
    tip = {"atrium": np.array([-0.3, 0.5, -0.3]), "ventricle": np.array([0.35, 0.8, -0.4])}
    width = max(1, round(0.002 * heart.fs))
    for s, chamber in schedule.spikes:
        k = round(s * heart.fs)
        mv = (DOWER * heart.torso.gain[:, None]) @ (tip[chamber] * size)
        _place(out, np.repeat(mv[:, None], width, axis=1).astype(np.float32), k)
