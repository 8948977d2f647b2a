"""What is wrong with a recording, lead by lead and as a whole, in words a person can act on."""

from collections.abc import Mapping
from dataclasses import dataclass

from cardiolex.recordings.beats import find_beats, median_beat
from cardiolex.recordings.lead_quality import lead_flags, without_baseline
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.limb_checks import arms_reversed, einthoven_error_mv
from cardiolex.recordings.recording import Recording

SHORT_S = 5.0
EINTHOVEN_LIMIT_MV = 0.1
SPOILT = frozenset({"missing", "flat", "gaps", "clipped", "noisy", "too large", "too small"})
"""Flags with which a lead says nothing that can be relied on; wander is filtered away."""

_WORDS = {
    "flat": "flat (lead off?)",
    "gaps": "missing samples, bridged by straight lines",
    "clipped": "clipped",
    "noisy": "noisy",
    "wandering": "strong baseline wander",
    "too large": "implausibly large amplitude",
    "too small": "implausibly small amplitude",
}


@dataclass(frozen=True)
class Quality:
    """Flags for each of the twelve leads and for the record.

    Lead flags: "missing", "flat", "gaps", "clipped", "noisy", "wandering", "too large",
    "too small". Record flags: "einthoven", "arm leads reversed", "short", "no beats",
    "unit unknown". `warnings` says the same in sentences, missing leads excepted.
    """

    leads: Mapping[str, frozenset[str]]
    record: frozenset[str]
    warnings: tuple[str, ...]

    @property
    def good_leads(self) -> tuple[str, ...]:
        """Leads without any flag, in canonical order."""
        return tuple(lead for lead in LEADS if not self.leads[lead])

    @property
    def undecidable(self) -> str | None:
        """Why nothing should be decided from this recording; None if it can be read."""
        if "no beats" in self.record:
            return "no beats found: nothing is decided"
        if all(flags & SPOILT for flags in self.leads.values()):
            return "no lead is good enough to read: nothing is decided"
        return None


def quality(recording: Recording) -> Quality:
    """Judge `recording`; amplitudes are judged only where the unit is known."""
    beats = find_beats(recording)
    steady = without_baseline(recording.mv, recording.fs)
    flags = lead_flags(recording.mv, recording.fs, recording.unit_known, steady)
    leads = {lead: frozenset({"missing"}) for lead in LEADS}
    leads |= dict(zip(recording.leads, flags, strict=True))
    record: dict[str, str] = {}
    if not recording.unit_known:
        record["unit unknown"] = "the unit of the file is unknown: amplitudes cannot be trusted"
    if recording.duration < SHORT_S:
        record["short"] = f"only {recording.duration:.1f} s long: rhythm cannot be judged"
    if not len(beats):
        record["no beats"] = "no beats found"
    error = einthoven_error_mv(recording)
    if error is not None and error > EINTHOVEN_LIMIT_MV and recording.unit_known:
        record["einthoven"] = (
            f"limb leads contradict Einthoven's law (I + III = II, aVR + aVL + aVF = 0) "
            f"by {error:.2f} mV: mislabelled, filtered differently or not simultaneous"
        )
    beat = median_beat(recording, beats, steady=steady)
    if beat is not None and arms_reversed(beat, recording.fs):
        record["arm leads reversed"] = "P, QRS and T are inverted in lead I: arm leads reversed?"
    words = (*_lead_warnings(leads), *record.values())
    return Quality(leads, frozenset(record), words)


def _lead_warnings(leads: Mapping[str, frozenset[str]]) -> list[str]:
    """Return one sentence per flag, naming the leads that carry it."""
    having = {flag: [lead for lead in LEADS if flag in leads[lead]] for flag in _WORDS}
    return [f"{', '.join(having[flag])}: {_WORDS[flag]}" for flag in _WORDS if having[flag]]
