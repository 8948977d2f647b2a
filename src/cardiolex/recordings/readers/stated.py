"""What the caller or a sidecar file states about an array that does not explain itself."""

import json
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from cardiolex.errors import CardiolexError
from cardiolex.recordings.readers.comments import parse_age, parse_sex
from cardiolex.recordings.readers.errors import ReadError, read_text
from cardiolex.recordings.units import is_voltage


@dataclass(frozen=True)
class Stated:
    """Facts about channels; None = not stated. `leads` names the channels in their order."""

    fs: float | None = None
    leads: tuple[str, ...] | None = None
    unit: str | None = None
    gain: float | tuple[float, ...] | None = None
    baseline: float | tuple[float, ...] | None = None
    id: str | None = None
    patient: str | None = None
    age: float | None = None
    sex: str | None = None
    report: str | None = None
    labels: tuple[str, ...] | None = None
    derived: tuple[str, ...] | None = None  # leads that were computed, not recorded

    def over(self, other: "Stated") -> "Stated":
        """Return `other` with everything that is stated here put in its place."""
        here = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(other, **{key: value for key, value in here.items() if value is not None})

    def require_fs(self, path: Path) -> float:
        """Return the sampling rate; ReadError with the remedy if it is not stated."""
        if self.fs is None:
            remedy = f'pass fs=, or write {{"fs": 500, …}} to {path.stem}.json beside it'
            raise ReadError(path, "does not state its sampling rate", remedy)
        if not 0 < self.fs < float("inf"):
            raise ReadError(
                path, f"a sampling rate of {self.fs} Hz is stated", "state the true rate"
            )
        return self.fs

    def require_leads(self, path: Path) -> tuple[str, ...]:
        """Return the channel names; ReadError with the remedy if they are not stated."""
        if not self.leads:
            remedy = f'pass leads=, or write {{"leads": ["I", …], …}} to {path.stem}.json beside it'
            raise ReadError(path, "does not name its leads", remedy)
        return self.leads

    def refuse(self, path: Path, layout: str, *names: str) -> None:
        """ReadError if anything of `names` is stated that `layout` already settles."""
        given = [name for name in names if getattr(self, name) is not None]
        if given:
            raise ReadError(path, f"{', '.join(given)} cannot be stated: {layout}", "leave it out")

    def scale(self) -> dict[str, Any]:
        """Return unit, gain, baseline, unit_known and notes for `Recording.from_channels`."""
        scale: dict[str, Any] = {"unit": self.unit or "mV", "unit_known": self.unit is not None}
        if self.unit is None:
            scale["notes"] = (
                "unit not stated: values taken as millivolts, amplitudes may be wrong",
            )
        if self.gain is not None:
            scale |= {"gain": self.gain, "baseline": self.baseline or 0.0}
        return scale

    def person(self, path: Path) -> dict[str, Any]:
        """Return id, patient, age, sex, report and labels for `Recording.from_channels`."""
        return {
            "id": self.id or path.stem,
            "patient": self.patient,
            "age": self.age,
            "sex": self.sex,
            "report": self.report,
            "labels": self.labels or (),
            "derived": frozenset(self.derived or ()),
        }


_NUMBERS = {"fs": False, "gain": True, "baseline": True}


def read_sidecar(path: Path) -> Stated:
    """Return what `<stem>.json` beside `path` states; an empty Stated if there is none.

    Keys are the fields of Stated; any other key is refused, so that a misspelt one is noticed.
    """
    sidecar = path.with_suffix(".json")
    if sidecar == path or not sidecar.is_file():
        return Stated()
    try:
        data = json.loads(read_text(sidecar))
    except (ValueError, RecursionError) as error:
        if isinstance(error, ReadError):
            raise
        raise ReadError(sidecar, f"is not valid JSON ({error})") from error
    if not isinstance(data, dict):
        raise ReadError(sidecar, "must hold one JSON object")
    known = [f.name for f in fields(Stated)]
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise ReadError(sidecar, f"has unknown keys {unknown}", f"the keys are {known}")
    return _checked(sidecar, data)


def _checked(sidecar: Path, data: dict[str, Any]) -> Stated:
    values: dict[str, Any] = {}
    for key, value in data.items():
        if value is None:
            continue
        if key in _NUMBERS:
            values[key] = _numbers(sidecar, key, value, several=_NUMBERS[key])
        elif key in ("leads", "labels", "derived"):
            values[key] = _texts(sidecar, key, value)
        elif key == "age":
            values[key] = parse_age(value)[0]
        else:
            values[key] = parse_sex(value) if key == "sex" else str(value)
    if "unit" in values and not is_voltage(values["unit"]):
        raise ReadError(sidecar, f"states the unit {values['unit']!r}", "use V, mV, uV or nV")
    return Stated(**values)


def _numbers(sidecar: Path, key: str, value: Any, several: bool) -> float | tuple[float, ...]:
    try:
        if several and isinstance(value, list):
            return tuple(float(number) for number in value)
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise ReadError(sidecar, f"{key} is {value!r}, not a number") from None


def _texts(sidecar: Path, key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ReadError(sidecar, f"{key} must be a list of texts, not {value!r}")
    return tuple(value)


def stated(fs: float | None, leads: Any, unit: str | None) -> Stated:
    """Return what a caller stated, checked."""
    if unit is not None and not is_voltage(unit):
        raise CardiolexError(f"unknown unit {unit!r}; use V, mV, uV or nV")
    if isinstance(leads, str):
        leads = leads.replace(";", ",").split(",")
    return Stated(fs=fs, leads=None if leads is None else tuple(leads), unit=unit)
