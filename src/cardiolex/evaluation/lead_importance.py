"""Which leads matter for which condition: the Shapley value of a lead in the AUROC.

Let v(S) be a condition's AUROC with the leads S, less 1/2; v of no lead is 0. The value of a lead
is its mean gain over all orders in which leads can be added (`lead_orders`). The values of all
leads sum to v(all leads). Leads that tell the same share the credit: III, aVR, aVL and aVF are sums
of I and II, so the six limb leads divide what two of them know. Shapes: C conditions, n leads, R
resamples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.answers import LEVEL, NothingToMeasure, ask
from cardiolex.evaluation.bootstrap import Resampled, bootstrap
from cardiolex.evaluation.lead_orders import Floats, Subset, coefficients, sampling_error
from cardiolex.evaluation.loading import LoadedTable, Progress, Score
from cardiolex.evaluation.metrics import MIN_POSITIVES, countable
from cardiolex.evaluation.results import markdown_table, versions, write_json
from cardiolex.files import write_text
from cardiolex.recordings.leads import LEADS, in_order

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_EXHAUSTIVE = 12


@dataclass(frozen=True, eq=False)
class LeadImportance:
    """`shapley` (C, n) with the ends of its 95 % interval over patients, and `sampling_error`,
    the standard error from sampling orders (0 if exhaustive).

    `alone` is the AUROC of a lead by itself, `without` what is lost when it is dropped from all,
    `every` (C,) the AUROC of all `leads`. The last row, "macro mean", is the mean over conditions.
    """

    table: str
    model: str
    conditions: tuple[str, ...]
    leads: tuple[str, ...]
    shapley: Floats
    low: Floats
    high: Floats
    sampling_error: Floats
    alone: Floats
    without: Floats
    every: Floats
    n_records: int
    n_patients: int
    lacking_leads: int
    subsets: int
    orders: int | None
    resamples: int
    seed: int

    @property
    def how(self) -> str:
        """ "exhaustive, 4095 subsets", or "8 sampled orders, 83 subsets, seed 0; standard error
        of the sampling up to 0.010".
        """
        if self.orders is None:
            return f"exhaustive, {self.subsets} subsets"
        told = f"{self.orders} sampled orders, {self.subsets} subsets, seed {self.seed}"
        error = float(np.nanmax(self.sampling_error, initial=0.0))
        return told + (f"; standard error of the sampling up to {error:.3f}" if error else "")

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        plain = ("table", "model", "n_records", "n_patients", "lacking_leads", "subsets", "orders")
        matrices = ("shapley", "low", "high", "sampling_error", "alone", "without")
        return {
            **{name: getattr(self, name) for name in plain},
            "leads": list(self.leads),
            "conditions": [
                {"condition": condition, "auroc": _plain(self.every[c])}
                | {
                    name: {
                        lead: _plain(getattr(self, name)[c, n]) for n, lead in enumerate(self.leads)
                    }
                    for name in matrices
                }
                for c, condition in enumerate(self.conditions)
            ],
            "formula": "Shapley value in AUROC - 1/2",
            "resamples": self.resamples,
            "seed": self.seed,
            "versions": versions(),
        }

    def rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Header and rows: AUROC of all leads, then the value of each lead with its interval."""
        header = ("condition", "AUROC", *self.leads)
        return header, [
            (
                condition,
                f"{self.every[c]:.3f}",
                *(
                    f"{_short(self.shapley[c, n])} "
                    f"({_short(self.low[c, n])} to {_short(self.high[c, n])})"
                    for n in range(len(self.leads))
                ),
            )
            for c, condition in enumerate(self.conditions)
        ]

    def to_markdown(self) -> str:
        """The table under a line that says how it was computed."""
        title = (
            f"**{self.table}: Shapley value of each lead in AUROC - 1/2, {self.n_records} records "
            f"of {self.n_patients} patients ({self.how})**"
        )
        return "\n".join([title, "", *markdown_table(*self.rows())]) + "\n"

    def figure(self) -> Figure:
        """The heat map, conditions best answered on top."""
        from cardiolex.plots.protocols import lead_heat_map

        order = [*np.argsort(-self.every[:-1]), len(self.conditions) - 1]
        names = [f"{self.conditions[c]}  ({self.every[c]:.2f})" for c in order]
        return lead_heat_map(
            self.shapley[order],
            names,
            self.leads,
            title=f"{self.table}, {self.model}: which leads matter",
            what="Shapley value in AUROC - 0.5",
        )

    def write(self, folder: str | Path, stem: str | None = None) -> list[Path]:
        """Write `STEM.json`, `.md` and `.png`; returns the paths."""
        from cardiolex.plots.paper import save

        base = Path(folder) / (stem or f"{self.table}-lead-importance")
        paths = [base.with_name(base.name + suffix) for suffix in (".json", ".md", ".png")]
        write_json(paths[0], self.to_dict())
        write_text(paths[1], self.to_markdown())
        save(self.figure(), paths[2], dpi=150)
        return paths


def evaluate_lead_importance(
    score: Score,
    loaded: LoadedTable,
    *,
    among: Sequence[str] = LEADS,
    orders: int | None = 8,
    model: str = "",
    resamples: int = 200,
    seed: int = 0,
    progress: Progress | None = None,
) -> LeadImportance:
    """Shapley values of the leads `among`, on the recordings that have all of them.

    `orders` is the number of sampled orders (even: each comes with its reverse); None asks every
    subset, up to twelve leads (4,095 of them).
    """
    leads = in_order(among)
    if len(leads) < 2 or len(leads) > MOST_EXHAUSTIVE:
        raise CardiolexError(f"leads {', '.join(leads)}: give at least two")
    weights, sequences = coefficients(leads, orders, seed)
    whole = ask(score, loaded, leads, model=model)
    same = LoadedTable(loaded.table, whole.recordings, _rows(loaded, leads), loaded.unreadable)
    kept, _, _ = countable(whole.labels, MIN_POSITIVES)
    if not kept.any():
        raise NothingToMeasure(f"{whole.table}: no condition has {MIN_POSITIVES} of both kinds")
    total = np.zeros((1 + resamples, int(kept.sum()), len(leads)))
    gain: dict[Subset, Floats] = {}
    for number, (subset, weight) in enumerate(weights.items(), start=1):
        answers = ask(score, same, subset, model=model).only(kept)
        found = bootstrap(
            answers.labels,
            answers.probabilities,
            answers.patients,
            resamples=resamples,
            seed=seed,
        )[0]
        above = np.concatenate([found.value[None], found.samples]) - 0.5
        gain[subset] = above[0]
        total += above[:, :, None] * weight
        if progress is not None:
            progress(number, len(weights))
    return _result(whole.only(kept), leads, total, gain, sequences, orders, resamples, seed)


def _rows(loaded: LoadedTable, leads: Subset) -> NDArray[np.intp]:
    has = [set(leads) <= set(recording.leads) for recording in loaded.recordings]
    return np.asarray(loaded.rows[np.array(has)], np.intp)


def _result(
    whole: Any,
    leads: Subset,
    total: Floats,
    gain: dict[Subset, Floats],
    sequences: list[Subset],
    orders: int | None,
    resamples: int,
    seed: int,
) -> LeadImportance:
    drawn = np.concatenate([total, total.mean(axis=1, keepdims=True)], axis=1)
    parts = [
        [Resampled(drawn[0, c], drawn[1:, c]).of_class(n, LEVEL) for n in range(len(leads))]
        for c in range(drawn.shape[1])
    ]
    every = gain[leads]
    alone = np.stack([gain[(lead,)] for lead in leads], axis=1)
    rest = np.stack([gain[tuple(o for o in leads if o != lead)] for lead in leads], axis=1)
    return LeadImportance(
        table=whole.table,
        model=whole.model,
        conditions=(*whole.conditions, "macro mean"),
        leads=leads,
        shapley=drawn[0],
        low=np.array([[one.low for one in row] for row in parts]),
        high=np.array([[one.high for one in row] for row in parts]),
        sampling_error=_with_mean(sampling_error(leads, gain, sequences)),
        alone=_with_mean(alone) + 0.5,
        without=_with_mean(every[:, None] - rest),
        every=_with_mean(every[:, None])[:, 0] + 0.5,
        n_records=len(whole),
        n_patients=len(set(whole.patients)),
        lacking_leads=len(whole.lacking_leads),
        subsets=len(gain),
        orders=orders,
        resamples=resamples,
        seed=seed,
    )


def _with_mean(values: Floats) -> Floats:
    """(C, n) with the mean over conditions as a last row; for errors an upper bound."""
    return np.concatenate([values, values.mean(axis=0, keepdims=True)])


def _short(value: float) -> str:
    """A signed share in few letters, since there are twelve columns: "+.07"."""
    return f"{value:+.2f}".replace("0.", ".")


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
