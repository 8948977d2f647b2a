"""What measurements on truth tables share: one table after the other, printed, written, shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from cardiolex.cli.measuring import Asked, Measuring
from cardiolex.cli.pages import publish, say_written

if TYPE_CHECKING:
    from cardiolex.evaluation.loading import LoadedTable
    from cardiolex.plots.result_page import Part


class Result(Protocol):
    """What every protocol gives."""

    def to_markdown(self) -> str:
        """A table."""
        ...

    def write(self, folder: str | Path) -> Sequence[Path]:
        """Files in `folder`."""
        ...


R = TypeVar("R", bound=Result)


def each_table(
    truth: Sequence[Path],
    model: Asked,
    measuring: Measuring,
    output: Path | None,
    measure: Callable[[LoadedTable], R],
    part: Callable[[R], Part],
    *,
    suffix: str = "",
    more: Sequence[Asked] = (),
) -> tuple[list[R], int]:
    """Measure every table, print it and, with `output`, write its files and its page.

    `suffix` ends the page's name; `more` are other models whose cards belong on it. Returns the
    results and the exit status: 1 if a record could not be read.
    """
    results, status = list[R](), 0
    for path in truth:
        loaded = measuring.load(path)
        result = measure(loaded)
        results.append(result)
        print(result.to_markdown())
        status = 1 if loaded.unreadable else status
        if output is not None:
            say_written(result.write(output))
            publish(
                output / f"{loaded.table.name}{suffix}",
                [part(result)],
                loaded=[loaded],
                asked=model,
                measuring=measuring,
                more=more,
            )
    return results, status
