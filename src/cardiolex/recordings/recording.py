"""A recording: what was measured, in millivolts, by lead name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cardiolex.errors import CardiolexError
from cardiolex.recordings.channels import sort_channels
from cardiolex.recordings.leads import DERIVABLE, LEADS, in_order, standard_name
from cardiolex.recordings.resampling import resample
from cardiolex.recordings.units import is_voltage, to_millivolts


@dataclass(frozen=True, eq=False, repr=False)
class Recording:
    """An ECG with any of the twelve standard leads.

    `mv` is float32 (L, T) in millivolts, NaN where the file has no sample; `leads` are standard
    names in canonical order; `fs` is in Hz, `age` in years, `sex` "male" or "female".
    A lead that was not recorded is absent, never zeros. `derived` names the leads computed from
    I and II, `other` holds channels that are no standard lead (converted to millivolts where
    their unit is a voltage), `notes` states every repair and oddity. With `unit_known` False
    the amplitudes in `mv` are in the unknown unit of the file. `details` holds what else the file
    states (device, time of recording, its own measurements), `unread` what of it was not read.
    """

    mv: NDArray[np.float32]
    leads: tuple[str, ...]
    fs: float
    id: str = ""
    patient: str | None = None
    age: float | None = None
    sex: str | None = None
    report: str | None = None
    labels: tuple[str, ...] = ()
    source: str = ""
    derived: frozenset[str] = frozenset()
    unit_known: bool = True
    notes: tuple[str, ...] = ()
    other: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no recording: shape, lead names and order, sampling rate."""
        object.__setattr__(self, "mv", np.asarray(self.mv, np.float32))
        object.__setattr__(self, "leads", tuple(self.leads))
        name = f"recording {self.id!r}: " if self.id else ""
        if self.mv.ndim != 2 or self.mv.shape[0] != len(self.leads):
            raise CardiolexError(
                f"{name}mv must be (leads, samples) = ({len(self.leads)}, T), not {self.mv.shape}"
            )
        if not self.leads or not self.mv.shape[1]:
            raise CardiolexError(
                f"{name}a recording needs a lead and a sample, not {self.mv.shape}"
            )
        if self.leads != tuple(lead for lead in LEADS if lead in self.leads):
            raise CardiolexError(
                f"{name}leads must be standard names, each once, in the order {LEADS}, not "
                f"{self.leads}; Recording.from_channels sorts and renames"
            )
        if not (isfinite(self.fs) and self.fs > 0):
            raise CardiolexError(f"{name}sampling rate must be above 0 Hz, not {self.fs}")

    @classmethod
    def from_channels(
        cls,
        values: ArrayLike,
        names: Sequence[str],
        fs: float,
        *,
        unit: str | Sequence[str] = "mV",
        gain: ArrayLike | None = None,
        baseline: ArrayLike = 0.0,
        **metadata: Any,
    ) -> Self:
        """Build a recording from (C, T) channels in any order, with any names and voltage unit.

        Names go through `standard_name`; channels that are no standard lead are kept in `other`
        (in their own unit if that is no voltage).
        With `gain` (counts per unit) and `baseline` the values are ADC counts. `metadata` are
        further fields of Recording. Raises CardiolexError for zero ECG leads, for two different
        channels of one lead, for unknown units and for shapes that do not fit.
        """
        array = np.asarray(values)
        if array.ndim != 2 or array.shape[0] != len(names):
            raise CardiolexError(
                f"channels must be (channels, samples) = ({len(names)}, T), not {array.shape}"
            )
        units = [unit] * len(names) if isinstance(unit, str) else list(unit)
        for row, name in enumerate(names[: len(units)]):
            if is_voltage(units[row]):
                continue
            if standard_name(name):
                raise CardiolexError(
                    f"lead {name!r} has the unknown unit {units[row]!r}; use V, mV, uV or nV"
                )
            units[row] = "mV"  # a respiration or pulse channel keeps its numbers
        mv = to_millivolts(array, units, gain, baseline)
        leads, other, notes = sort_channels(mv, names)
        return cls(
            np.stack([mv[row] for row in leads.values()]),
            tuple(leads),
            fs,
            other={name: mv[row] for name, row in other.items()} | metadata.pop("other", {}),
            notes=(*metadata.pop("notes", ()), *notes),
            **metadata,
        )

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return float(self.mv.shape[1] / self.fs)

    def select(self, leads: Iterable[str], derive: bool = False) -> Self:
        """Return the recording with only `leads` (any alias, any order), in canonical order.

        With `derive`, missing III, aVR, aVL, aVF are computed from I and II and marked so.
        Raises CardiolexError naming the leads that are not there.
        """
        wanted = in_order(leads)
        source = self.with_derived() if derive else self
        missing = [lead for lead in wanted if lead not in source.leads]
        if missing:
            remedy = "; derive=True computes them" if self._can_derive(missing) else ""
            raise CardiolexError(
                f"recording {self.id!r} has no lead {', '.join(missing)} "
                f"(it has {', '.join(self.leads)}){remedy}"
            )
        rows = [source.leads.index(lead) for lead in wanted]
        return replace(
            source, mv=source.mv[rows], leads=wanted, derived=source.derived & set(wanted)
        )

    def _can_derive(self, leads: Iterable[str]) -> bool:
        return {"I", "II"} <= set(self.leads) and set(leads) <= set(DERIVABLE)

    def with_derived(self) -> Self:
        """Return the recording with those of III, aVR, aVL, aVF it lacks computed from I and II.

        Unchanged where I or II is absent. Leads that were recorded are never replaced.
        """
        new = [lead for lead in DERIVABLE if lead not in self.leads]
        if not new or not self._can_derive(new):
            return self
        one, two = (self.mv[self.leads.index(lead)] for lead in ("I", "II"))
        rows = dict(zip(self.leads, self.mv, strict=True))
        for lead in new:
            a, b = DERIVABLE[lead]
            rows[lead] = np.float32(a) * one + np.float32(b) * two
        leads = in_order(rows)
        mv = np.stack([rows[lead] for lead in leads])
        return replace(self, mv=mv, leads=leads, derived=self.derived | set(new))

    def resample(self, fs: float) -> Self:
        """Return the recording at `fs` Hz (see `resampling.resample`); missing stays missing."""
        if fs == self.fs:
            return self
        other = {name: resample(row[None], self.fs, fs)[0] for name, row in self.other.items()}
        return replace(self, mv=resample(self.mv, self.fs, fs), fs=float(fs), other=other)

    def crop(self, start_s: float, stop_s: float) -> Self:
        """Return the part from `start_s` to `stop_s` seconds; CardiolexError if it is empty."""
        first, last = (max(0, round(second * self.fs)) for second in (start_s, stop_s))
        if first >= min(last, self.mv.shape[1]):
            raise CardiolexError(
                f"recording {self.id!r}: nothing between {start_s:g} s and {stop_s:g} s "
                f"(it lasts {self.duration:g} s)"
            )
        other = {name: row[first:last] for name, row in self.other.items()}
        return replace(self, mv=self.mv[:, first:last], other=other)

    def __repr__(self) -> str:
        """Show identity, leads, rate and length rather than the samples."""
        marks = "".join(
            f", {len(getattr(self, n))} {n}" for n in ("notes", "other") if getattr(self, n)
        )
        unit = "" if self.unit_known else ", unit unknown"
        return (
            f"Recording({self.id or 'unnamed'!r}, {len(self.leads)} leads {' '.join(self.leads)}, "
            f"{self.fs:g} Hz, {self.duration:g} s{unit}{marks})"
        )
