"""Public data sets, one per file: a folder as downloaded -> what is known of each recording."""

from cardiolex.datasets.sources import (
    code_15,
    cpsc2018,
    csn,
    georgia,
    ludb,
    mimic_iv_ecg,
    ptb,
    ptb_xl,
    sph,
)
from cardiolex.datasets.sources.entry import Entry, Reading, Source

__all__ = ["SOURCES", "Entry", "Reading", "Source"]

SOURCES: dict[str, Source] = {
    module.SOURCE.name: module.SOURCE
    for module in (mimic_iv_ecg, ptb_xl, cpsc2018, csn, code_15, georgia, ludb, sph, ptb)
}
