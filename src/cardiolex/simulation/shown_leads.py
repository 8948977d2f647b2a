"""Which leads show an ST or T finding, named as carts name them: "V4-V6", "inferior"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.leads import LEADS
from cardiolex.simulation.truth import Measurements

_REGIONS: Final = (
    ("inferior", frozenset({"II", "III", "aVF"})),
    ("anteroseptal", frozenset({"V1", "V2", "V3"})),
    ("anterior", frozenset({"V1", "V2", "V3", "V4"})),
    ("lateral", frozenset({"I", "aVL", "V5", "V6"})),
    ("anterolateral", frozenset({"I", "aVL", "V3", "V4", "V5", "V6"})),
    ("inferolateral", frozenset({"II", "III", "aVF", "I", "aVL", "V5", "V6"})),
)


@dataclass(frozen=True)
class Shown:
    """The leads that show a finding; `region` is empty where no single word covers them."""

    leads: tuple[str, ...]
    region: str

    @property
    def ranges(self) -> str:
        """The leads with runs of precordial leads drawn together: "I, aVL, V4-V6"."""
        runs: list[list[str]] = []
        for lead in self.leads:
            joins = runs and lead.startswith("V") and runs[-1][-1].startswith("V")
            if joins and int(lead[1]) == int(runs[-1][-1][1]) + 1:
                runs[-1].append(lead)
            else:
                runs.append([lead])
        return ", ".join(r[0] if len(r) == 1 else f"{r[0]}-{r[-1]}" for r in runs)


def leads_showing(condition: str, measurements: Measurements) -> Shown | None:
    """Leads in which an ST or T wave finding is measurable; None if in no lead, or not known.

    ST levels of at least 0.1 mV up or 0.05 mV down, T waves of -0.1 mV or less (aVR, where
    the T wave points down, is left out; Kligfield/Rautaharju, Circulation 2009;119:e241).
    """
    test: NDArray[np.bool_]
    if condition == "st elevation":
        test = measurements.st_mv >= 0.1
    elif condition == "st depression":
        test = measurements.st_mv <= -0.05
    elif condition == "t wave inversion":
        test = measurements.t_mv <= -0.1
    else:
        return None
    leads = tuple(lead for lead, shows in zip(LEADS, test.tolist(), strict=True) if shows)
    leads = tuple(lead for lead in leads if lead != "aVR")
    if not leads:
        return None
    names = [name for name, region in _REGIONS if region.issuperset(leads)]
    return Shown(leads, names[0] if names else "")
