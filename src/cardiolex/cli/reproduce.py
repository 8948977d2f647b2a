"""Commands that make the runs behind a table and measure them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import Parameter

from cardiolex.cli.measuring import load_truth
from cardiolex.cli.probe import features_of, share_of
from cardiolex.cli.progress import progress_bar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cardiolex.evaluation.loading import LoadedTable
    from cardiolex.interpreter import Interpreter
    from cardiolex.recipes.comparison import Model
    from cardiolex.recordings.recording import Recording


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Runs:
    """What every comparison asks for."""

    root: Path
    """Folder that the record paths start from."""
    output: Path
    """Folder for corpus, runs, models and results; comparisons in one folder share their runs."""
    text_encoder: Path | None = None
    """Folder as `pretrain text-encoder` writes it; the bundled model's by default."""
    recordings: int = 16_000
    """Size of the simulated corpus."""
    seconds: float = 600
    """Processor seconds of training per method."""
    only: list[str] | None = None
    """These methods only; all by default."""
    resamples: int = 1000
    """Bootstrap samples, by patient where patients are known."""
    seed: int = 0
    """Seed of corpus, training and bootstrap."""
    device: str | None = None
    """Where to train, e.g. "cuda"; compute is equal on a CPU only."""

    def train(self, names: Iterable[str]) -> dict[str, Model]:
        """Train these methods, or take what was trained before."""
        from cardiolex.interpreter import BUNDLED
        from cardiolex.recipes.comparison import ComparisonRun, train_contenders

        config = ComparisonRun.model_validate(
            {
                "output": self.output,
                "text_encoder": self.text_encoder or BUNDLED / "text",
                "recordings": self.recordings,
                "seconds": self.seconds,
                "only": tuple(self.only or names),
                "device": self.device,
                "trainer": {"seed": self.seed},
            }
        )
        with progress_bar("simulating") as progress:
            return train_contenders(config, progress)


def systems(truth: list[Path], /, *, runs: Runs) -> int:
    """K-MERL, SuPreME, MELP and MERL trained alike on simulated ECGs, asked about real ones.

    One corpus, equal processor seconds of training; zero-shot with one to twelve leads, with 95 %
    intervals and paired differences. A second call goes on where the first was stopped.

    Parameters
    ----------
    truth
        CSV tables: a column `record` with paths, then one 0/1 column per condition.
    """
    from cardiolex.recipes.contenders import LANGUAGE

    return _asked(truth, runs, tuple(LANGUAGE), range(1, 13), "systems")


def ablations(truth: list[Path], /, *, runs: Runs) -> int:
    """K-MERL without one of its parts each, trained alike, asked with twelve leads and with lead I.

    Lead masking, segment masking, contrast, entity queries, tokens of single leads. K-MERL itself
    is that of `reproduce systems`.

    Parameters
    ----------
    truth
        CSV tables: a column `record` with paths, then one 0/1 column per condition.
    """
    from cardiolex.recipes.contenders import ABLATIONS

    return _asked(truth, runs, tuple(ABLATIONS), (1, 12), "ablations")


def baselines(
    truth: list[Path], /, *, runs: Runs, shares: str = "10,100", draws: int = 3, folds: int = 5
) -> int:
    """ECG-only methods and language systems trained alike, and a linear layer on each encoder.

    One simulated corpus, equal processor seconds of training; frozen encoders, random ones among
    them, probed on real recordings with a part and with all of the labels.

    Parameters
    ----------
    truth
        CSV tables: a column `record` with paths, then one 0/1 column per condition. Each is
        cross-validated by patient.
    shares
        Per cent of the training patients.
    draws
        How often shares and folds are drawn; figures are means over draws.
    folds
        Folds of the cross-validation.
    """
    from cardiolex.evaluation.probes_compared import Probed, ProbesCompared
    from cardiolex.evaluation.probing import Probing, cross_validated
    from cardiolex.interpreter import load
    from cardiolex.recipes.contenders import ECG_ONLY, LANGUAGE

    tables = [load_truth(path, runs.root) for path in truth]
    wanted = [share_of(part) for part in shares.split(",")]
    rows = []
    for name, model in runs.train((*ECG_ONLY, *LANGUAGE)).items():
        embed = partial(_embedded, load(model.folder, runs.device))
        parts = [features_of(embed, table) for table in tables]
        results = {
            share: [
                cross_validated(
                    part,
                    table.table.conditions,
                    Probing(table.table.name, name, share, draws, runs.resamples, runs.seed),
                    folds,
                )
                for table, part in zip(tables, parts, strict=True)
            ]
            for share in wanted
        }
        rows.append(Probed(name, model.facts, results))
    compared = ProbesCompared(tuple(rows))
    return _told(compared.to_markdown(), compared.write(runs.output, "baselines"), tables)


def _embedded(
    interpreter: Interpreter, recordings: Sequence[Recording], leads: Sequence[str] | None
) -> NDArray[np.floating]:
    return interpreter.features(recordings, leads=leads)


def _asked(
    truth: Sequence[Path], runs: Runs, names: Sequence[str], numbers: Iterable[int], title: str
) -> int:
    """Zero-shot answers of these methods with so many leads, compared with the first of them."""
    from cardiolex.evaluation.asked_once import AskedOnce
    from cardiolex.evaluation.comparison import Comparison, Standing
    from cardiolex.evaluation.partial_leads import NESTED_ORDER
    from cardiolex.evaluation.zero_shot import evaluate_zero_shot
    from cardiolex.interpreter import load

    tables = [load_truth(path, runs.root) for path in truth]
    standings = []
    for name, model in runs.train(names).items():
        score = AskedOnce(load(model.folder, runs.device).logits, tables)
        results = {}
        for n in numbers:
            with progress_bar(f"{name}, {n} leads") as progress:
                results[n] = [
                    evaluate_zero_shot(
                        score,
                        table,
                        NESTED_ORDER[:n],
                        model=name,
                        resamples=runs.resamples,
                        seed=runs.seed,
                        progress=progress,
                    )
                    for table in tables
                ]
        standings.append(Standing(name, model.facts, results))
    comparison = Comparison(tuple(standings))
    return _told(comparison.to_markdown(), comparison.write(runs.output, title), tables)


def _told(text: str, written: Iterable[Path], tables: Iterable[LoadedTable]) -> int:
    """Print what was found; 1 if a record could not be read."""
    print(text)
    for path in written:
        print(f"wrote {path}")
    return 1 if any(table.unreadable for table in tables) else 0
