"""Commands that make the runs behind a table and measure them."""

from __future__ import annotations

from pathlib import Path

from cardiolex.cli.measuring import load_truth
from cardiolex.cli.progress import progress_bar


def systems(
    truth: list[Path],
    /,
    *,
    root: Path,
    output: Path,
    text_encoder: Path,
    recordings: int = 20_000,
    seconds: float = 600,
    only: list[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    device: str | None = None,
) -> int:
    """K-MERL, SuPreME, MELP and MERL trained alike on simulated ECGs, asked about real ones.

    One corpus, equal processor seconds of training; zero-shot with one to twelve leads, with 95 %
    intervals and paired differences. A second call goes on where the first was stopped.

    Parameters
    ----------
    truth
        CSV tables: a column `record` with paths, then one 0/1 column per condition.
    root
        Folder that the record paths start from.
    output
        Folder for corpus, runs, models, table, JSON and plot.
    text_encoder
        Folder of the text encoder, as `pretrain text-encoder` writes it.
    recordings
        Size of the simulated corpus.
    seconds
        Processor seconds of training per system.
    only
        These systems only; all by default.
    resamples
        Bootstrap samples, by patient where patients are known.
    seed
        Seed of corpus, training and bootstrap.
    device
        Where to train, e.g. "cuda"; compute is equal on a CPU only.
    """
    from cardiolex.evaluation.comparison import Comparison, Standing
    from cardiolex.evaluation.partial_leads import NESTED_ORDER
    from cardiolex.evaluation.zero_shot import evaluate_zero_shot
    from cardiolex.interpreter import load
    from cardiolex.recipes.comparison import CONTENDERS, ComparisonRun, train_contenders

    tables = [load_truth(path, root) for path in truth]
    config = ComparisonRun.model_validate(
        {
            "output": output,
            "text_encoder": text_encoder,
            "recordings": recordings,
            "seconds": seconds,
            "only": only or tuple(CONTENDERS),
            "device": device,
            "trainer": {"seed": seed},
        }
    )
    with progress_bar("simulating") as progress:
        models = train_contenders(config, progress)
    standings = []
    for name, model in models.items():
        interpreter = load(model.folder, device)
        results = {}
        for n in range(1, len(NESTED_ORDER) + 1):
            with progress_bar(f"{name}, {n} leads") as progress:
                results[n] = [
                    evaluate_zero_shot(
                        interpreter.score,
                        table,
                        NESTED_ORDER[:n],
                        model=name,
                        resamples=resamples,
                        seed=seed,
                        progress=progress,
                    )
                    for table in tables
                ]
        standings.append(Standing(name, model.facts, results))
    comparison = Comparison(tuple(standings))
    print(comparison.to_markdown())
    for written in comparison.write(output):
        print(f"wrote {written}")
    return 1 if any(table.unreadable for table in tables) else 0
