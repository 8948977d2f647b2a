"""WFDB: a header and one signal file of format 16 (header(5), signal(5))."""

from pathlib import Path

import numpy as np

from cardiolex.files import atomic_write, write_text
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.writers.counts import to_counts


def write_wfdb(recording: Recording, stem: Path, deidentify: bool) -> None:
    """Write `stem`.dat, then `stem`.hea, so that a header never stands alone."""
    counts = to_counts(recording)
    with atomic_write(stem.with_name(f"{stem.name}.dat")) as temporary:
        counts.values.T.astype("<i2").tofile(temporary)
    lines = [f"{stem.name} {len(recording.leads)} {recording.fs:.12g} {recording.mv.shape[1]}"]
    for lead, row in zip(recording.leads, counts.values, strict=True):
        checksum = int(row.sum(dtype=np.int64) + 32768) % 65536 - 32768
        lines.append(
            f"{stem.name}.dat 16 {counts.per_mv}(0)/mV 16 0 {int(row[0])} {checksum} 0 {lead}"
        )
    lines += [f"# {line}" for line in _comments(recording)]
    write_text(stem.with_name(f"{stem.name}.hea"), "\n".join(lines) + "\n")


def _comments(recording: Recording) -> list[str]:
    comments = []
    if recording.age is not None:
        comments.append(f"Age: {recording.age:g}")
    if recording.sex:
        comments.append(f"Sex: {recording.sex.title()}")
    if recording.labels:
        comments.append(
            f"Dx: {','.join(' '.join(x.replace(',', ' ').split()) for x in recording.labels)}"
        )
    if recording.report:
        comments.append(f"Report: {' '.join(recording.report.split())}")
    if recording.derived:
        leads = ", ".join(lead for lead in recording.leads if lead in recording.derived)
        comments.append(f"Derived: {leads}")
    return comments
