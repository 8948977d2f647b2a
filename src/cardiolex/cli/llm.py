"""Options of commands that ask a language model, and what they say of the cost and the outcome."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cyclopts import Group, Parameter

from cardiolex.cli.call_error import CallError
from cardiolex.errors import CardiolexError

if TYPE_CHECKING:
    from cardiolex.reports.llm import Cost, Endpoint, LLMExtractor
    from cardiolex.reports.vocabulary import Vocabulary

GROUP = Group("Language model")


@Parameter(name="*", group=GROUP)
@dataclass(frozen=True)
class LLMOptions:
    """A language model and how it is asked; without `llm` none is asked."""

    llm: str | None = None
    """Address of an OpenAI-compatible server, such as http://localhost:8000/v1."""
    model: str | None = None
    """Name of the model on that server."""
    procedure: Literal["kmerl", "supreme"] = "kmerl"
    """Whose calls: K-MERL's (extract, then verify) or SuPreME's (with certainty, one call)."""
    journal: Path = Path("llm-journal.sqlite")
    """Where every answer is kept; the same journal goes on where a run ended."""
    in_flight: int = 16
    """Requests at the same time."""
    answer_timeout: float = 120.0
    """Seconds to wait for one answer."""
    key_variable: str | None = None
    """Environment variable with the API key (CARDIOLEX_LLM_KEY if not given)."""
    prompts: Path | None = None
    """Folder with other wordings of the prompts."""

    def endpoint(self) -> Endpoint:
        """The server; CallError where the options do not go together."""
        from cardiolex.reports.llm import KEY_VARIABLE, Endpoint, key_from_environment

        if self.llm is None or self.model is None:
            given = "--llm" if self.llm else "--model"
            raise CallError(f"{given} alone: a language model needs both --llm and --model")
        key = key_from_environment(self.key_variable or KEY_VARIABLE)
        return Endpoint(
            self.llm, self.model, key, in_flight=self.in_flight, timeout_s=self.answer_timeout
        )


@Parameter(name="*", group=GROUP)
@dataclass(frozen=True)
class ExtractionOptions(LLMOptions):
    """As `LLMOptions`, for extracting from reports."""

    whole_reports: bool = False
    """Ask for a report at a time, as the papers did, instead of each distinct statement."""
    dry_run: bool = False
    """Only say how many calls and tokens it would take."""


def llm_extractor(
    options: ExtractionOptions,
    vocabulary: Vocabulary | None = None,
    decisions: Path | None = None,
) -> LLMExtractor:
    """The extractor of a command line; `decisions` is a reviewed table that maps names."""
    from cardiolex.reports.building import DecisionTable, targets
    from cardiolex.reports.llm import LLMExtractor
    from cardiolex.reports.vocabulary import Vocabulary

    known = vocabulary or Vocabulary.load()
    mapped = {} if decisions is None else targets(DecisionTable.load(decisions), known)
    return LLMExtractor(
        options.endpoint(),
        procedure=options.procedure,
        journal=options.journal,
        vocabulary=known,
        targets=lambda name: mapped[name] if name in mapped else known.resolve(name),
        whole_reports=options.whole_reports,
        prompts=options.prompts,
    )


def cost_of(
    texts: Iterable[str], options: ExtractionOptions, vocabulary: Vocabulary | None
) -> Cost:
    """What asking about `texts` will cost; asks nothing and needs no client."""
    from cardiolex.reports.llm import Journal, cost, procedure_named

    journal = options.journal if options.journal.exists() else ":memory:"
    with Journal(journal) as answers:
        return cost(
            texts,
            procedure_named(options.procedure, options.prompts),
            options.endpoint(),
            answers,
            vocabulary=vocabulary,
            whole_reports=options.whole_reports,
        )


def say_outcome(found: LLMExtractor) -> None:
    """Print on stderr what a run asked, found and rejected."""
    tally = found.tally
    asked = sum(n for what, n in found.counts.items() if what.endswith(": asked"))
    kept = sum(n for what, n in found.counts.items() if what.endswith(": from journal"))
    print(
        f"{tally.texts} texts, {tally.statements} statements, {tally.distinct} distinct; "
        f"{asked} answers asked for, {kept} from the journal",
        file=sys.stderr,
    )
    for outcome, times in sorted(tally.outcomes.items()):
        if outcome != "answered":
            print(f"{times} statements {outcome}", file=sys.stderr)
    for stage, count in tally.stages():
        print(f"{stage}: {count}", file=sys.stderr)
    if tally.unmapped:
        print(
            f"{len(tally.unmapped)} names are not in the vocabulary: write them with --names, "
            "decide about them with `cardiolex vocabulary build`",
            file=sys.stderr,
        )


def write_names(names: Mapping[str, int], path: Path) -> None:
    """Write names and their mentions as CSV: name, mentions."""
    from cardiolex.files import write_text

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("name", "mentions"))
    writer.writerows(names.items())
    write_text(path, text.getvalue())


def read_names(path: Path) -> dict[str, int]:
    """Read what `write_names` wrote, or one name a line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CardiolexError(f"{path}: cannot be read as UTF-8 text ({error})") from error
    rows = list(csv.reader(io.StringIO(text)))
    if rows and rows[0][:1] == ["name"]:
        rows = rows[1:]
    names: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        if row and row[0].strip():
            count = row[1].strip() if len(row) > 1 else "1"
            if not count.isdigit():
                raise CardiolexError(f"{path}, name {number}: {count!r} is no number of mentions")
            name = row[0].strip().lower()
            names[name] = names.get(name, 0) + int(count)
    if not names:
        raise CardiolexError(f"{path}: holds no name; give a CSV with the columns name, mentions")
    return names
