"""Parts of a page: what was measured, on what, by which model and command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from cardiolex.evaluation.loading import LoadedTable
from cardiolex.evaluation.results import versions
from cardiolex.plots.result_page import Part, Picture, Table


def text_part(title: str, markdown: str, drawn: Picture) -> Part:
    """A result that is a picture and tables in Markdown."""
    return Part(title, pictures=(drawn,), markdown=markdown)


def data_card(loaded: Sequence[LoadedTable]) -> Part:
    """What the figures were measured on."""
    header = ("", *(one.table.name for one in loaded))
    facts = [_facts(one) for one in loaded]
    rows = [(name, *(fact[name] for fact in facts)) for name in facts[0]]
    unreadable = [f"{one.table.name}: {r} ({why})" for one in loaded for r, why in one.unreadable]
    return Part("Data card", (), (), (Table(header, rows),), tuple(unreadable))


def _facts(loaded: LoadedTable) -> dict[str, str]:
    recordings = loaded.recordings
    ages = np.array([r.age for r in recordings if r.age is not None and np.isfinite(r.age)])
    sexes = Counter(r.sex or "unknown" for r in recordings)
    patients, source = loaded.patients()
    labels = loaded.table.labels[loaded.rows]
    positives = (labels == 1).sum(axis=0)
    return {
        "records": f"{len(recordings)} ({len(loaded.unreadable)} unreadable)",
        "patients": f"{len(set(patients))} ({source})",
        "conditions": str(len(loaded.table.conditions)),
        "positives per condition": f"{positives.min()} to {positives.max()}",
        "unknown labels": f"{np.isnan(labels).mean():.1%}",
        "sex": ", ".join(f"{name} {count}" for name, count in sexes.most_common()),
        "age, years": _spread(ages) if len(ages) else "unknown",
        "sampling rate, Hz": _listed(Counter(f"{r.fs:g}" for r in recordings)),
        "duration, s": _spread(np.array([r.duration for r in recordings])),
        "leads": _listed(Counter(str(len(r.leads)) for r in recordings)),
        "derived leads": str(sum(bool(r.derived) for r in recordings)),
    }


def _spread(values: np.ndarray) -> str:
    low, middle, high = np.quantile(values, [0, 0.5, 1])
    return f"median {middle:.3g} ({low:.3g} to {high:.3g}), n = {len(values)}"


def _listed(counts: Counter[str]) -> str:
    shown = [f"{name} ({count})" for name, count in counts.most_common(5)]
    return ", ".join(shown) + (" …" if len(counts) > 5 else "")


def model_card(name: str, card: str) -> Part:
    """The model's own card."""
    return Part(f"Model card: {name}", markdown=card or "The checkpoint has no card.")


def run_part(command: str, seed: int, resamples: int) -> Part:
    """How to get the page again."""
    told = ", ".join(f"{name} {version}" for name, version in versions().items())
    return Part(
        "How this was made",
        (f"{told}. Seed {seed}, {resamples} resamples of patients for every interval.",),
        code=command,
    )
