"""Findings as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

_CSV = ("record", "condition", "probability", "decision", "leads", "seen", "calibrated")


def to_csv(answer: Mapping[str, Any]) -> str:
    """Long form, one row per condition."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_CSV)
    for row in answer["findings"]:
        writer.writerow(
            (
                answer["record"],
                row["condition"],
                f"{row['probability']:.6f}",
                "" if row["decision"] is None else int(row["decision"]),
                " ".join(answer["leads"]),
                row["seen"],
                row["calibrated"],
            )
        )
    return text.getvalue()
