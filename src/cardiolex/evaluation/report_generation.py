"""Report generation: texts against the reports of the same recordings, by words and by findings.

A fluent report of the wrong patient scores well by words where most reports are alike, so findings
count more, and two baselines that need no writer stand beside: the most frequent report, and the
report nearest to the recording.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.bootstrap import estimate, patient_weights
from cardiolex.evaluation.entity_scores import (
    MIN_REFERENCES,
    EntityCounts,
    Floats,
    count_entities,
    macro,
    micro,
    shares,
)
from cardiolex.evaluation.generation_result import (
    EntityRow,
    ReportGenerationResult,
    TextsResult,
)
from cardiolex.evaluation.report_table import ReportTable, same_text
from cardiolex.evaluation.results import versions
from cardiolex.evaluation.text_scores import (
    LIBRARIES,
    ORDERS,
    bleu,
    bleu_counts,
    check_libraries,
    meteor,
    rouge_l,
    words,
)
from cardiolex.reports.extract import Rules, bundled_rules

LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Compared:
    """Texts compared with their references: what is added up for a figure of any records."""

    bleu: Floats  # (N, 10)
    rouge: Floats  # (N,)
    meteor: Floats  # (N,)
    meteor_form: str
    entities: EntityCounts
    with_superclasses: EntityCounts

    def figures(self, weights: NDArray[np.float32]) -> dict[str, Floats]:
        """Every figure (R,) of the records under each column of `weights` (N, R)."""
        total = weights.sum(axis=0, dtype=np.float64)
        by_words = bleu(weights.T @ self.bleu)
        found: dict[str, Floats] = {f"BLEU-{n}": by_words[:, n - 1] for n in ORDERS}
        found["ROUGE-L"] = weights.T @ self.rouge / total
        found[self.meteor_form] = weights.T @ self.meteor / total
        for counts, note in ((self.entities, ""), (self.with_superclasses, ", superclasses")):
            sums = counts.sums(weights)
            counted = counts.references() >= MIN_REFERENCES
            for mean, part in (("micro", micro(*sums)), ("macro", macro(*sums, counted))):
                for name, values in zip(("precision", "recall", "F1"), part, strict=True):
                    found[f"{name} ({mean}{note})"] = values
        return found


def compare(
    written: Sequence[str], references: Sequence[str], extractor: Rules | None = None
) -> Compared:
    """Compare N texts with the reports of the same records."""
    check_libraries()
    if len(written) != len(references) or not references:
        raise CardiolexError(f"{len(written)} texts for {len(references)} references")
    rules = extractor or bundled_rules()
    said, true = rules(written), rules(references)
    scores, form = meteor(written, references)
    return Compared(
        bleu=bleu_counts(written, references),
        rouge=rouge_l(written, references),
        meteor=scores,
        meteor_form=form,
        entities=count_entities(said, true, rules.vocabulary),
        with_superclasses=count_entities(said, true, rules.vocabulary, superclasses=True),
    )


def evaluate_report_generation(
    table: ReportTable,
    texts: Mapping[str, Sequence[str]],
    *,
    notes: Sequence[str] = (),
    unreadable: Sequence[tuple[str, str]] = (),
    extractor: Rules | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> ReportGenerationResult:
    """Score each of `texts` (name -> N texts) against the reports of `table`, by patient.

    The first is what the others are compared with: their differences are paired.
    """
    rules = extractor or bundled_rules()
    patients, source = table.owners()
    n = len(table)
    samples: dict[str, dict[str, Floats]] = {}
    results: list[TextsResult] = []
    for name, written in texts.items():
        compared = compare(written, table.reports, rules)
        value = compared.figures(np.ones((n, 1), np.float32))
        parts = [
            compared.figures(weights)
            for weights in patient_weights(patients, n, resamples=resamples, seed=seed)
        ]
        samples[name] = {key: np.concatenate([part[key] for part in parts]) for key in value}
        first = next(iter(samples.values()))
        points = {key: float(v[0]) for key, v in value.items()}
        base = results[0].figures if results else {}
        results.append(
            TextsResult(
                name=name,
                figures={k: estimate(v, samples[name][k], LEVEL) for k, v in points.items()},
                first_minus_this={
                    k: estimate(base[k].value - v, first[k] - samples[name][k], LEVEL)
                    for k, v in points.items()
                    if base
                },
                n_different=len({same_text(text) for text in written}),
                n_empty=sum(not text.strip() for text in written),
                words=float(np.mean([len(words(text)) for text in written])),
                entities=_entities(compared.entities, rules.vocabulary.names),
            )
        )
    return ReportGenerationResult(
        table=table.name,
        n_records=n,
        n_patients=len(set(patients)),
        patients_from=source,
        n_different=len({same_text(report) for report in table.reports}),
        words=float(np.mean([len(words(report)) for report in table.reports])),
        texts=tuple(results),
        notes=tuple(notes),
        unreadable=tuple(unreadable),
        blank=table.blank,
        extractor=f"{rules.name} {rules.version}",
        resamples=resamples,
        level=LEVEL,
        seed=seed,
        versions=versions() | text_versions(),
    )


def text_versions() -> dict[str, str]:
    """Versions of the libraries that count words."""
    from importlib.metadata import version

    return {name: version(name) for name in LIBRARIES.values()}


def _entities(counts: EntityCounts, names: Sequence[str]) -> tuple[EntityRow, ...]:
    """Findings that references or texts state, most frequent first."""
    sums = counts.sums(np.ones((counts.right.shape[0], 1), np.float32))
    precision, recall, f1 = (part[0] for part in shares(*sums))
    stated, written = counts.references(), counts.written()
    order = np.argsort(-stated, kind="stable")
    return tuple(
        EntityRow(
            names[q], int(stated[q]), int(written[q]), *map(float, (precision[q], recall[q], f1[q]))
        )
        for q in order.tolist()
        if stated[q] or written[q]
    )
