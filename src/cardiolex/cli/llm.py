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
    from cardiolex.reports.llm import Endpoint, LLMExtractor
    from cardiolex.reports.vocabulary import Vocabulary

GROUP = Group("Language model")


@Parameter(name="*", group=GROUP)
@dataclass(frozen=True)
class LLMOptions:
    """A language model and how it is asked; without `model` none is asked."""

    url: str = "http://localhost:8000/v1"
    """Address of an OpenAI-compatible server."""
    model: str | None = None
    """Name of the model on that server."""
    procedure: Literal["kmerl", "supreme"] = "kmerl"
    """Whose calls: K-MERL's (extract, then verify) or SuPreME's (with certainty, one call)."""
    journal: Path | None = None
    """Where every answer is kept (answers.sqlite beside the results if not given)."""
    in_flight: int = 16
    """Requests at the same time."""
    answer_timeout: float = 120.0
    """Seconds to wait for one answer."""
    answer_tokens: int = 1024
    """Tokens an answer may take at first; models that think aloud need more."""
    key_variable: str | None = None
    """Environment variable with the API key (CARDIOLEX_LLM_KEY if not given)."""
    prompts: Path | None = None
    """Folder with other wordings of the prompts."""

    def endpoint(self) -> Endpoint:
        """The server; CallError without a model."""
        from cardiolex.reports.llm import KEY_VARIABLE, Endpoint, key_from_environment

        if self.model is None:
            raise CallError(f"name the model by --model, and its server by --url (now {self.url})")
        key = key_from_environment(self.key_variable or KEY_VARIABLE)
        return Endpoint(
            self.url,
            self.model,
            key,
            in_flight=self.in_flight,
            timeout_s=self.answer_timeout,
            max_tokens=self.answer_tokens,
        )

    def journal_in(self, folder: Path) -> Path:
        """The journal: the given one, or answers.sqlite in `folder`."""
        return self.journal or folder / "answers.sqlite"


@Parameter(name="*", group=GROUP)
@dataclass(frozen=True)
class ExtractionOptions(LLMOptions):
    """As `LLMOptions`, for extracting from reports."""

    whole_reports: bool = False
    """Ask for a report at a time, as the papers did, instead of each distinct statement."""
    ask_again: bool = False
    """Ask once more what an earlier run left refused or malformed."""
    dry_run: bool = False
    """Only say how many calls and tokens it would take."""


def llm_extractor(
    options: ExtractionOptions,
    folder: Path,
    vocabulary: Vocabulary,
    decisions: Path | None = None,
) -> LLMExtractor:
    """The extractor of a command line; `decisions` is a reviewed table that maps names."""
    from cardiolex.reports.building import DecisionTable, reasons, targets
    from cardiolex.reports.llm import LLMExtractor

    endpoint = options.endpoint()
    table = DecisionTable(()) if decisions is None else DecisionTable.load(decisions)
    mapped = targets(table, vocabulary)
    return LLMExtractor(
        endpoint,
        procedure=options.procedure,
        journal=options.journal_in(folder),
        vocabulary=vocabulary,
        targets=lambda name: mapped[name] if name in mapped else vocabulary.resolve(name),
        reasons=reasons(table),
        whole_reports=options.whole_reports,
        prompts=options.prompts,
        ask_again=options.ask_again,
    )


def say_cost(
    texts: Iterable[str], options: ExtractionOptions, folder: Path, vocabulary: Vocabulary
) -> int:
    """Print what asking about `texts` will cost; asks nothing, needs no client, writes nothing."""
    from cardiolex.reports.llm import Journal, cost, procedure_named

    journal = options.journal_in(folder)
    with Journal(journal if journal.exists() else ":memory:") as answers:
        expected = cost(
            texts,
            procedure_named(options.procedure, options.prompts),
            options.endpoint(),
            answers,
            vocabulary=vocabulary,
            whole_reports=options.whole_reports,
        )
    print("\n".join(expected.lines()))
    return 0


def say_outcome(found: LLMExtractor, folder: Path) -> int:
    """Write names.csv and the two tables of counts; print what was left out; 1 if anything was."""
    from cardiolex.files import write_text

    found.close()
    tally = found.tally
    write_names(tally.certain_names(), folder / "names.csv")
    for name, counts in (("statistics", found.statistics()), ("requests", found.requests())):
        rows = [f"{what},{count}" for what, count in counts]
        write_text(folder / f"llm_{name}.csv", "\n".join(["stage,count", *rows]) + "\n")
    left_out = {o: n for o, n in sorted(tally.outcomes.items()) if o != "answered"}
    for outcome, times in left_out.items():
        print(
            f"cardiolex: {times} statements {outcome}: what the rules read in them is uncertain",
            file=sys.stderr,
        )
    if tally.unmapped:
        print(
            f"{len(tally.unmapped)} names are not in the vocabulary; to decide about them:\n"
            f"cardiolex vocabulary build {folder / 'names.csv'} {folder / 'decisions.csv'}"
        )
    return 1 if left_out else 0


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
    except OSError as error:
        raise CardiolexError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CardiolexError(f"{path}: is not UTF-8 text ({error})") from error
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
