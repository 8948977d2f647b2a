"""Commands that set things side by side: two models, styles of prompts, data sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cardiolex.cli.batch import lead_names
from cardiolex.cli.call_error import CallError
from cardiolex.cli.measuring import Asked, Measuring, Prompts, asked
from cardiolex.cli.pages import publish, say_kept, say_written
from cardiolex.cli.progress import progress_bar

if TYPE_CHECKING:
    from cardiolex.evaluation.loading import LoadedTable
    from cardiolex.evaluation.transfer import DataSet

STYLES: tuple[Prompts, ...] = ("name", "concise", "enriched", "ensemble")


def compare(
    truth: list[Path],
    /,
    *,
    measuring: Measuring,
    against: Path,
    leads: str | None = None,
    output: Path | None = None,
) -> int:
    """Two models on the same recordings: paired differences by bootstrap and by DeLong's test.

    Parameters
    ----------
    truth
        CSV tables: a column `record` with paths, then one 0/1 column per condition.
    against
        Checkpoint folder of the other model; the differences are --model minus this one.
    leads
        Use these leads only, e.g. "I,II".
    output
        Folder for table, JSON, plot and page.
    """
    from cardiolex.evaluation.page_parts import paired_part
    from cardiolex.evaluation.paired import compare_paired

    first, second = asked(measuring, output), asked(measuring, output, model=against)
    incomplete = False
    for path in truth:
        loaded = measuring.load(path)
        answers = [model.answers(loaded, lead_names(leads)) for model in (first, second)]
        result = compare_paired(*answers, resamples=measuring.resamples, seed=measuring.seed)
        print(result.to_markdown())
        incomplete = incomplete or bool(loaded.unreadable)
        if output is not None:
            say_written(result.write(output))
            publish(
                output / f"{result.table}-compare",
                [paired_part(result)],
                loaded=[loaded],
                asked=first,
                measuring=measuring,
                more=[second],
            )
    say_kept(first)
    return 1 if incomplete else 0


def prompts(
    truth: list[Path],
    /,
    *,
    measuring: Measuring,
    leads: str | None = None,
    output: Path | None = None,
) -> int:
    """The same model asked by name, short phrase, description and several wordings averaged.

    Parameters
    ----------
    truth
        CSV tables: a column `record` with paths, then one 0/1 column per condition.
    leads
        Use these leads only, e.g. "I,II".
    output
        Folder for table, JSON and page.
    """
    from cardiolex.evaluation.page_parts import prompts_part
    from cardiolex.evaluation.prompt_styles import compare_prompts

    if measuring.prompts is not None:
        raise CallError("--prompts has no place here: all styles are asked")
    models: dict[str, Asked] = {style: asked(measuring, output, prompts=style) for style in STYLES}
    incomplete = False
    for path in truth:
        loaded = measuring.load(path)
        answers = {
            style: model.answers(loaded, lead_names(leads)) for style, model in models.items()
        }
        texts = {
            style: {
                question.condition: question.wordings
                for question in model.interpreter.questions(loaded.table.conditions)
            }
            for style, model in models.items()
        }
        result = compare_prompts(answers, texts, resamples=measuring.resamples, seed=measuring.seed)
        print(result.to_markdown())
        incomplete = incomplete or bool(loaded.unreadable)
        if output is not None:
            say_written(result.write(output))
            publish(
                output / f"{result.table}-prompts",
                [prompts_part(result)],
                loaded=[loaded],
                asked=models["name"],
                measuring=measuring,
            )
    return 1 if incomplete else 0


def transfer(
    truth: list[Path],
    /,
    *,
    measuring: Measuring,
    kinds: bool = False,
    leads: str | None = None,
    output: Path | None = None,
) -> int:
    """Probes that learn on one table and are judged on another, over the classes they share.

    Parameters
    ----------
    truth
        Two or more CSV tables: a column `record` with paths, then one 0/1 column per condition.
    kinds
        A class of the source also stands for the target's classes that are a kind of it.
    leads
        Use these leads only, e.g. "I,II".
    output
        Folder for table, JSON and page.
    """
    from cardiolex.evaluation.page_parts import transfer_part
    from cardiolex.evaluation.transfer import evaluate_transfer

    if len(truth) < 2:
        raise CallError("transfer needs at least two tables")
    model = asked(measuring, output)
    loaded = [measuring.load(path) for path in truth]
    result = evaluate_transfer(
        [_data_set(model, one, leads) for one in loaded],
        model.interpreter.checkpoint.vocabulary,
        kinds=kinds,
        resamples=measuring.resamples,
        seed=measuring.seed,
    )
    print(result.to_markdown())
    if output is not None:
        say_written(result.write(output))
        publish(
            output / "transfer",
            [transfer_part(result)],
            loaded=loaded,
            asked=model,
            measuring=measuring,
        )
    say_kept(model)
    return 1 if any(one.unreadable for one in loaded) else 0


def _data_set(model: Asked, loaded: LoadedTable, leads: str | None) -> DataSet:
    from cardiolex.evaluation.answers import embed_in_batches
    from cardiolex.evaluation.transfer import DataSet

    answers = model.answers(loaded, lead_names(leads))
    with progress_bar(f"embedding {loaded.table.name}") as progress:
        features = embed_in_batches(
            model.features, answers.recordings, lead_names(leads), progress=progress
        )
    return DataSet(answers, features)
