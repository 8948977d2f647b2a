"""Writing what an evaluation found: files, and a page with the cards and the exact command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cardiolex.cli.invocation import command_line
from cardiolex.cli.measuring import Asked, Measuring

if TYPE_CHECKING:
    from cardiolex.evaluation.loading import LoadedTable
    from cardiolex.interpreter import Interpreter
    from cardiolex.plots.result_page import Part


def publish(
    path: Path,
    parts: Sequence[Part],
    *,
    loaded: Sequence[LoadedTable],
    asked: Asked,
    measuring: Measuring,
    more: Sequence[Asked] = (),
) -> None:
    """Write `path`.html (and .pdf if asked): `parts`, data card, model cards, command, versions."""
    from cardiolex.evaluation.page_parts import data_card

    publish_page(
        path,
        f"{asked.name}: {', '.join(one.table.name for one in loaded)}",
        [*parts, data_card(loaded)],
        models=[one.interpreter for one in (asked, *more)],
        seed=measuring.seed,
        resamples=measuring.resamples,
        pdf=measuring.pdf,
        introduction=f"Asked {_asked_how(asked)}.",
    )


def publish_page(
    path: Path,
    title: str,
    parts: Sequence[Part],
    *,
    models: Sequence[Interpreter],
    seed: int,
    resamples: int,
    pdf: bool = False,
    introduction: str = "",
) -> None:
    """Write `path`.html (and .pdf if asked): `parts`, command, versions, the models' cards."""
    from cardiolex.evaluation.page_parts import model_card, run_part
    from cardiolex.plots.print_page import print_page
    from cardiolex.plots.result_page import ResultPage, save_result_page

    cards = [model_card(model.name, model.checkpoint.card) for model in models]
    run = run_part(command_line(), seed, resamples)
    page = ResultPage(title, (*parts, run, *cards), (introduction,) if introduction else ())
    html = save_result_page(page, path.with_name(path.name + ".html"))
    print(f"wrote {html}")
    if pdf:
        print(f"wrote {print_page(html, path.with_name(path.name + '.pdf'))}")


def say_written(paths: Sequence[Path]) -> None:
    """A line per file."""
    for path in paths:
        print(f"wrote {path}")


def say_kept(*models: Asked) -> None:
    """How much was answered from the file of kept answers, which the models share."""
    kept = [model.kept for model in models if model.kept is not None]
    if kept:
        asked, found = sum(one.asked for one in kept), sum(one.found for one in kept)
        print(f"{asked} answers of the model, {found} from {kept[0].path}")


def _asked_how(asked: Asked) -> str:
    told = {
        "name": "by plain names",
        "concise": "by short phrases",
        "enriched": "by descriptions",
        "ensemble": "by several wordings, averaged",
    }
    return told[asked.interpreter.prompts]
