"""What a trained model is worth in each column of a table; every figure found is kept.

Full scale: zero-shot on the test part, probes on the given split, by default ours, with published
labels the paper's own. Small scale: all records of a
set that are there, probes cross-validated by patient. Figures are kept as JSON beside what they
were made from, and taken again only for exactly that.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.bootstrap import Resampled
from cardiolex.evaluation.mini_benchmark import PARTS
from cardiolex.evaluation.partial_leads import NESTED_ORDER
from cardiolex.evaluation.probing import ProbeResult, Probing, cross_validated, on_split
from cardiolex.evaluation.published.cells import MEAN, SPLIT_SETS
from cardiolex.evaluation.published_probe import Paper, published_probe
from cardiolex.evaluation.results import ZeroShotResult, write_json
from cardiolex.evaluation.zero_shot import evaluate_zero_shot
from cardiolex.recipes.run_record import RECORD
from cardiolex.reproduction.asking import Asked
from cardiolex.reproduction.definition import Column, Row
from cardiolex.reproduction.evaluation_sets import EvaluationSets
from cardiolex.reproduction.figure import Figure, row_means, with_interval
from cardiolex.reproduction.settings import Settings

SMALL_FOLDS = 3


class Measurer:
    """Measures one row's model; `asked` keeps what the model has answered."""

    def __init__(
        self, row: Row, model: Path, paper: Paper, sets: EvaluationSets, settings: Settings
    ) -> None:
        self.row, self.model, self.paper = row, model, paper
        self.sets, self.settings = sets, settings
        self.asked = Asked(model, row.prompts, sets, settings)

    def figure(self, column: Column) -> Figure:
        """The model's figure in `column`."""
        if column.split_set == MEAN:
            return self._mean(column)
        if not column.measurable:
            return Figure(why="needs reports read by hand; not measured here")
        made_from = {**self._made_from(), "column": asdict(column)}
        path = self._kept(column)
        if path.is_file():
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["made_from"] == made_from:
                return Figure.from_dict(kept["figure"])
        found = self._measured(column)
        if found.value is not None:
            write_json(path, {"made_from": made_from, "figure": found.to_dict(samples=True)})
        return found

    def _measured(self, column: Column) -> Figure:
        try:
            if column.protocol == "zero-shot":
                return self._zero_shot(column)
            return self._probe(column)
        except CardiolexError as error:
            return Figure(why=str(error))

    def _zero_shot(self, column: Column) -> Figure:
        loaded = self.sets.judged(column.split_set)
        leads = None if column.leads in (None, 12) else NESTED_ORDER[: column.leads]
        result = evaluate_zero_shot(
            self.asked.score,
            loaded,
            leads,
            seen=self.asked.seen(loaded.table.conditions),
            model=self.row.name,
            resamples=self.settings.resamples,
            seed=self.settings.seed,
        )
        return _zero_shot_figure(result, column.classes)

    def _probe(self, column: Column) -> Figure:
        assert column.share is not None
        name = column.split_set
        probing = Probing(
            table=name,
            model=self.row.name,
            share=column.share / 100,
            draws=self.settings.draws,
            resamples=self.settings.resamples,
            seed=self.settings.seed,
        )
        if self.settings.small:
            features, conditions = self.asked.features(name, "")
            result = cross_validated(features, conditions, probing, SMALL_FOLDS)
        else:
            parts = [self.asked.features(name, part) for part in PARTS]
            train, val, test = (features for features, _ in parts)
            conditions = parts[0][1]
            if self.settings.face == "published":
                result = published_probe(train, val, test, conditions, probing, self.paper)
            else:
                result = on_split(train, val, test, conditions, probing)
        return _probe_figure(result)

    def _mean(self, column: Column) -> Figure:
        """Mean over the sets that were measured, draw by draw; sets are drawn independently."""
        found = [self.figure(replace(column, split_set=name)) for name in SPLIT_SETS]
        there = [one for one in found if one.value is not None]
        if not there:
            asked = sum(one.records for one in found) if all(one.nothing for one in found) else 0
            why = f"no set was measured; {SPLIT_SETS[0]}: {found[0].why}"
            return Figure(records=asked, why=why)
        draws = min(len(one.samples) for one in there)
        samples = np.mean([one.samples[:draws] for one in there], axis=0)
        value = float(np.mean([one.value for one in there if one.value is not None]))
        why = "" if len(there) == len(SPLIT_SETS) else f"mean of {len(there)} sets"
        return with_interval(
            value,
            samples,
            records=sum(one.records for one in there),
            classes=sum(one.classes for one in there),
            why=why,
        )

    def _made_from(self) -> dict[str, Any]:
        record = json.loads((self.model.parent / RECORD).read_text(encoding="utf-8"))
        s = self.settings
        return {
            "run": record["identity"],
            "prompts": self.row.prompts,
            "records": self.sets.digest,
            "face": s.face,
            "paper": self.paper if s.face == "published" else None,
            "resamples": s.resamples,
            "draws": s.draws,
            "seed": s.seed,
            "scale": s.scale,
        }

    def _kept(self, column: Column) -> Path:
        parts = [column.split_set, column.protocol, column.classes, self.row.prompts or ""]
        if column.share is not None:
            parts.append(f"{column.share:g}")
        if column.leads is not None:
            parts.append(f"{column.leads}-leads")
        name = "--".join(part for part in parts if part)
        return self.settings.output / "figures" / self.model.parent.name / f"{name}.json"


def _zero_shot_figure(result: ZeroShotResult, classes: str) -> Figure:
    wanted = {"seen": True, "unseen": False}.get(classes)
    chosen = [n for n, one in enumerate(result.classes) if wanted in (None, one.seen)]
    if not chosen:
        return Figure(records=result.n_records, why=f"no {classes} class was measured")
    measured = [result.classes[n] for n in chosen]
    value = float(np.mean([one.auroc.value for one in measured]))
    samples = row_means(result.auroc_samples[:, chosen])
    return with_interval(
        100 * value,
        100 * samples,
        records=result.n_records,
        classes=len(chosen),
        per_class=tuple((one.condition, one.n_pos, 100 * one.auroc.value) for one in measured),
    )


def _probe_figure(result: ProbeResult) -> Figure:
    drawn: Resampled = result.auroc
    return with_interval(
        100 * result.macro_auroc.value,
        100 * row_means(drawn.samples),
        records=result.n_test,
        classes=len(result.classes),
        per_class=tuple((c.condition, c.n_pos, 100 * c.auroc.value) for c in result.classes),
    )
