"""Commands that set things side by side: two models, styles of prompts, data sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cardiolex.cli.batch import lead_names
from cardiolex.cli.call_error import CallError
from cardiolex.cli.each_table import each_table
from cardiolex.cli.measuring import Asked, Measuring, Prompts, asked
from cardiolex.cli.options import MeasuredLeads, TruthTables
from cardiolex.cli.pages import publish, say_kept, say_written
from cardiolex.cli.progress import progress_bar

if TYPE_CHECKING:
    from cardiolex.evaluation.loading import LoadedTable
    from cardiolex.evaluation.paired import PairedResult
    from cardiolex.evaluation.prompt_styles import PromptResult
    from cardiolex.evaluation.transfer import DataSet

STYLES: tuple[Prompts, ...] = ("name", "concise", "enriched", "ensemble")


def compare(
    truth: TruthTables,
    /,
    *,
    measuring: Measuring,
    against: Path,
    leads: MeasuredLeads = None,
    output: Path | None = None,
) -> int:
    """Two models on the same recordings: paired differences by bootstrap and by DeLong's test.

    Parameters
    ----------
    against
        Checkpoint folder of the other model; the differences are --model minus this one.
    output
        Folder for table, JSON, plot and page.
    """
    from cardiolex.evaluation.page_parts import paired_part
    from cardiolex.evaluation.paired import compare_paired

    first, second = asked(measuring, output), asked(measuring, output, model=against)

    def measured(loaded: LoadedTable) -> PairedResult:
        answers = [model.answers(loaded, lead_names(leads)) for model in (first, second)]
        return compare_paired(*answers, resamples=measuring.resamples, seed=measuring.seed)

    _, status = each_table(
        truth, first, measuring, output, measured, paired_part, suffix="-compare", more=[second]
    )
    say_kept(first, second)
    return status


def prompts(
    truth: TruthTables,
    /,
    *,
    measuring: Measuring,
    leads: MeasuredLeads = None,
    output: Path | None = None,
) -> int:
    """The same model asked by name, short phrase, description and several wordings averaged.

    Parameters
    ----------
    output
        Folder for table, JSON and page.
    """
    from cardiolex.evaluation.page_parts import prompts_part
    from cardiolex.evaluation.prompt_styles import compare_prompts

    if measuring.prompts is not None:
        raise CallError("--prompts has no place here: all styles are asked")
    models: dict[str, Asked] = {style: asked(measuring, output, prompts=style) for style in STYLES}

    def measured(loaded: LoadedTable) -> PromptResult:
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
        return compare_prompts(answers, texts, resamples=measuring.resamples, seed=measuring.seed)

    _, status = each_table(
        truth, models["name"], measuring, output, measured, prompts_part, suffix="-prompts"
    )
    say_kept(*models.values())
    return status


def transfer(
    truth: list[Path],
    /,
    *,
    measuring: Measuring,
    subtypes: bool = False,
    leads: MeasuredLeads = None,
    output: Path | None = None,
) -> int:
    """Probes that learn on one table and are judged on another, over the classes they share.

    Parameters
    ----------
    truth
        Two or more CSV tables: a column `record` with paths, then one 0/1 column per condition.
    subtypes
        A class of the source also stands for the target's classes that are a kind of it.
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
        kinds=subtypes,
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
