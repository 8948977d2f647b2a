"""The twelve standard leads: names, one order, and the relations between the limb leads."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from cardiolex.errors import CardiolexError

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
LIMB = LEADS[:6]
PRECORDIAL = LEADS[6:]

DERIVABLE: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "III": (-1.0, 1.0),  # Einthoven: I + III = II
        "aVR": (-0.5, -0.5),  # Goldberger: aVR = -(I + II) / 2
        "aVL": (1.0, -0.5),
        "aVF": (-0.5, 1.0),
    }
)
"""lead -> (a, b) with lead = a * I + b * II, exact for potentials measured at the same time."""

SUBSETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "12 leads": LEADS,
        "6 limb leads": LIMB,
        "6 precordial leads": PRECORDIAL,
        "8 independent leads": ("I", "II", *PRECORDIAL),
        "I, II, V2": ("I", "II", "V2"),
        "I, II": ("I", "II"),
        "watch (I)": ("I",),
        "II": ("II",),
        "patch (V1, MCL1)": ("V1",),
    }
)
"""Named subsets used by evaluation; the short ones are what wearables record."""

_MODIFIED = {"mli": "I", "mlii": "II", "mliii": "III"} | {f"mcl{n}": f"V{n}" for n in range(1, 7)}
_PLAIN = (
    {lead.lower(): lead for lead in LEADS}
    | {"d1": "I", "di": "I", "d2": "II", "dii": "II", "d3": "III", "diii": "III"}
    | {"var": "aVR", "val": "aVL", "vaf": "aVF"}
    | {"rhythmii": "II", "rhythmstripii": "II"}
)
_PREFIX = re.compile(r"^(mdc[ _]ecg[ _]lead|ecg[ _-]*lead|ekg|ecg|lead|channel)[ _:-]*", re.I)


def _key(name: str) -> str:
    """Reduce a channel name to the key under which aliases are listed; "-aVR" keeps its sign."""
    plain = _PREFIX.sub("", name.strip())
    plain = re.sub(r"[ _-]*(lead|ecg|ekg)$", "", plain, flags=re.I)
    return re.sub(r"(?<=\w)[ _-](?=\w)", "", plain).lower()


@lru_cache(maxsize=4096)
def standard_name(name: str) -> str | None:
    """Return the standard name of a channel name, or None if it is no standard lead.

    Accepts any case, "Lead I", "ECG V1", "MDC_ECG_LEAD_AVR", the Iberian "DI"/"D1", and the
    modified leads MLI to MLIII and MCL1 to MCL6 (see `is_modified`). Bare numbers, "C3" (also an
    EEG channel) and inverted leads ("-aVR") are not guessed.
    """
    key = _key(name)
    return _PLAIN.get(key) or _MODIFIED.get(key)


def is_modified(name: str) -> bool:
    """Tell whether a channel is a torso-electrode stand-in (MLII, MCL1) for a standard lead."""
    return _key(name) in _MODIFIED


def split_leads(text: str) -> list[str]:
    """Return the names in a text such as "I, II", "I II" or "Lead I; V1", as they are written."""
    names: list[str] = []
    for part in re.split("[,;]", text):
        words = part.split()
        several = all(standard_name(word) for word in words)  # not so in "Lead II", "V 1"
        names += words if words and several else [part.strip()]
    return names


def in_order(leads: Iterable[str]) -> tuple[str, ...]:
    """Return the standard names of `leads`, each once, in canonical order.

    A single text is taken apart as `split_leads` does, never letter by letter.
    Raises CardiolexError for a name that is no standard lead, and for an empty selection.
    """
    asked = split_leads(leads) if isinstance(leads, str) else list(leads)
    names = {lead: standard_name(lead) for lead in asked}
    unknown = [lead for lead, name in names.items() if name is None]
    if unknown or not asked:
        what = f"unknown lead {', '.join(map(repr, unknown))}" if unknown else "no leads given"
        raise CardiolexError(f"{what}; the leads are {', '.join(LEADS)}")
    wanted = set(names.values())
    return tuple(lead for lead in LEADS if lead in wanted)
