"""One simulated recording: person, heart, schedule, tracing, truth, report."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.recording import Recording
from cardiolex.simulation.acquisition import AcquisitionSettings, acquire
from cardiolex.simulation.causes import Causes
from cardiolex.simulation.criteria import Verdict, judge
from cardiolex.simulation.examine import examine, mean_rr_ms
from cardiolex.simulation.heart import Heart, trace
from cardiolex.simulation.lead_field import twelve_leads
from cardiolex.simulation.mix import draw_causes
from cardiolex.simulation.noise import lead_noise
from cardiolex.simulation.report_text import write_report
from cardiolex.simulation.requirements import causes_for
from cardiolex.simulation.settings import Settings
from cardiolex.simulation.timeline import timeline
from cardiolex.simulation.truth import Beats, Measurements, SimulatedECG

DEFAULT = Settings()
ATTEMPTS = 200  # to meet a required condition
FRONTAL = (
    "left axis deviation",
    "right axis deviation",
    "extreme axis deviation",
    "normal ecg",
    "left anterior fascicular block",
    "left posterior fascicular block",
    "abnormal q wave",
    "inferior myocardial infarction",
    "lateral myocardial infarction",
)


@dataclass(frozen=True, eq=False)
class _Tracing:
    mv: NDArray[np.float32]
    causes: Causes
    verdict: Verdict
    measurements: Measurements
    beats: Beats


def simulate(index: int, *, seed: int = 0, settings: Settings = DEFAULT) -> SimulatedECG:
    """Simulate recording number `index`; the same for the same (seed, index, settings).

    Raises `CardiolexError` if `settings.require` names no known condition.
    """
    if index < 0 or seed < 0:
        raise CardiolexError(f"index = {index}, seed = {seed}: both must be 0 or more")
    sequence = np.random.SeedSequence([seed, index])
    for child in sequence.spawn(ATTEMPTS if settings.require else 1):
        rng = np.random.Generator(np.random.SFC64(child))
        tracing = _tracing(rng, settings)
        if (
            settings.require in (None, "limb lead reversal")
            or settings.require in tracing.verdict.present
        ):
            return _recorded(index, rng, tracing, settings)
    raise CardiolexError(
        f"{settings.require!r} did not arise in {ATTEMPTS} attempts (seed {seed}, index {index}): "
        "try another index"
    )


def _tracing(rng: np.random.Generator, settings: Settings) -> _Tracing:
    if settings.require is None:
        causes = draw_causes(rng, settings.mix)
    else:
        causes = causes_for(rng, settings.mix, settings.require)
    schedule = timeline(causes, rng, settings.seconds)
    heart = Heart.of(causes, rng, mean_rr_ms(schedule, causes), settings.fs)
    mv = trace(heart, schedule, settings.samples)
    facts, measurements, beats = examine(heart, schedule, settings.seconds)
    return _Tracing(twelve_leads(mv), causes, judge(facts), measurements, beats)


def _recorded(
    index: int, rng: np.random.Generator, tracing: _Tracing, settings: Settings
) -> SimulatedECG:
    mv, verdict = tracing.mv, tracing.verdict
    shown = np.ones(12, dtype=bool)
    events: tuple[str, ...] = ()
    if settings.require == "limb lead reversal":
        mv = _arms_exchanged(mv)
        events = ("limb lead reversal RA-LA",)
    if settings.noise:
        noise, odd = lead_noise(settings.samples, settings.fs, rng)
        faults = AcquisitionSettings()
        if settings.require is not None:  # the required finding must stay visible
            faults = replace(faults, limb_reversal_probability=0.0)
        mv, shown, lost = acquire(mv + noise, settings.fs, rng, faults)
        events = (*events, *odd, *lost)
    _reversal(verdict, events)
    present, unknown = frozenset(verdict.present), frozenset(verdict.unknown)
    report = write_report(rng, present, unknown, tracing.measurements)
    recording = Recording(
        mv=mv[shown].astype(np.float32),
        leads=tuple(name for name, there in zip(LEADS, shown, strict=True) if there),
        fs=settings.fs,
        id=f"simulated-{index}",
        age=tracing.causes.age,
        sex=tracing.causes.sex,
        report=report,
        labels=tuple(sorted(present)),
        source="simulation",
    )
    return SimulatedECG(recording, present, unknown, tracing.measurements, tracing.beats, events)


def _arms_exchanged(mv: NDArray[np.float32]) -> NDArray[np.float32]:
    """Right and left arm electrodes exchanged: I inverted, II with III and aVR with aVL."""
    order = [0, 2, 1, 4, 3, *range(5, 12)]
    out = mv[order]
    out[0] = -out[0]
    return out


def _reversal(verdict: Verdict, events: tuple[str, ...]) -> None:
    """Exchanged limb electrodes: the finding itself, and the frontal plane is in doubt."""
    exchanged = [event for event in events if event.startswith("limb lead reversal")]
    if not exchanged:
        return
    verdict.say("limb lead reversal", True if "RA-LA" in exchanged[0] else None)
    verdict.doubt(*FRONTAL)
