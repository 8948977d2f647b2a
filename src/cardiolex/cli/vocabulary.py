"""Commands that build a vocabulary: names -> decisions for a person to review -> vocabulary."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cardiolex.cli.call_error import CallError
from cardiolex.cli.llm import LLMOptions, read_names

if TYPE_CHECKING:
    from cardiolex.reports.building import DecisionTable, Proposals
    from cardiolex.reports.building.similarity import Encode
    from cardiolex.reports.vocabulary import Vocabulary


def build_vocabulary(
    names: Path,
    decisions: Path,
    /,
    *,
    vocabulary: Path | None = None,
    encoder: str | None = None,
    merge_above: float = 0.8,
    map_above: float = 0.75,
    language_model: LLMOptions = LLMOptions(),  # noqa: B008
) -> int:
    """Decide what names mean, with reasons, in a table to review; edited lines always win.

    Parameters
    ----------
    names
        CSV with the columns name, mentions (or one name a line).
    decisions
        CSV to write. If it exists, lines that a person edited in it stay and win.
    vocabulary
        Vocabulary to map to (.toml or .json); the bundled one if not given.
    encoder
        Text encoder (folder or Hugging Face name) for similarity; without it wordings decide.
    merge_above
        Cosine above which names are one finding, if no guard objects.
    map_above
        Mean cosine above which names mean a finding of the vocabulary, if no guard objects.
    """
    from cardiolex.reports.building import DecisionTable, build
    from cardiolex.reports.vocabulary import Vocabulary

    known = Vocabulary.load(vocabulary)
    found = read_names(names)
    reviewed = DecisionTable.load(decisions) if decisions.exists() else None
    table = build(
        found,
        known,
        encode=_encode(encoder),
        proposals=_proposals(found, known, language_model, decisions.parent),
        reviewed=reviewed,
        merge_above=_cosine("--merge-above", merge_above),
        map_above=_cosine("--map-above", map_above),
    )
    table.save(decisions)
    _report(table, known)
    print(f"{len(table)} decisions in {decisions}; edit it, then: cardiolex vocabulary apply")
    return 0


def apply_decisions(
    decisions: Path,
    output: Path,
    /,
    *,
    vocabulary: Path | None = None,
    version: str = "custom",
    min_mentions: int = 1,
) -> int:
    """Write the vocabulary that a table of decisions makes: new findings, synonyms, superclasses.

    Parameters
    ----------
    decisions
        The reviewed table.
    output
        Vocabulary to write, .toml to read and edit or .json.
    vocabulary
        Vocabulary to start from; the bundled one if not given.
    version
        Version to write into it.
    min_mentions
        Leave out new findings mentioned less often, unless a person decided.
    """
    from cardiolex.reports.building import DecisionTable, extended, warnings
    from cardiolex.reports.vocabulary import Vocabulary

    known = Vocabulary.load(vocabulary)
    table = DecisionTable.load(decisions)
    grown = extended(table, known, version=version, min_mentions=min_mentions)
    for warning in warnings(table, known):
        print(f"cardiolex: look again: {warning}", file=sys.stderr)
    grown.save(output)
    print(f"{len(grown)} findings ({len(grown) - len(known)} new) in {output}")
    return 0


def _cosine(option: str, value: float) -> float:
    if not -1.0 <= value <= 1.0:
        raise CallError(f"{option} {value:g}: a cosine lies between -1 and 1")
    return value


def _encode(encoder: str | None) -> Encode | None:
    if encoder is None:
        return None
    from cardiolex.encoders.text import HuggingFaceText

    text = HuggingFaceText(encoder)
    return lambda names: text.encode(names, "mean").numpy()


def _report(table: DecisionTable, vocabulary: Vocabulary) -> None:
    from cardiolex.reports.building import statistics

    for row in statistics([], table, vocabulary):
        print(f"{row.stage}: {row.count}" + (f" ({row.note})" if row.note else ""))


def _proposals(
    names: Mapping[str, int], vocabulary: Vocabulary, options: LLMOptions, folder: Path
) -> Proposals | None:
    """What a language model says of the names that the vocabulary does not know."""
    if options.model is None:
        return None
    ordered = sorted(names, key=lambda name: (-names[name], name))
    resolved = {name: vocabulary.resolve(name) for name in ordered}
    unknown = [name for name in ordered if resolved[name] is None]
    if not unknown:
        return None
    everything = list(dict.fromkeys(resolved[name] or name for name in ordered))
    return asyncio.run(_ask(everything, unknown, options, options.journal_in(folder)))


async def _ask(
    names: list[str], unknown: list[str], options: LLMOptions, journal_path: Path
) -> Proposals:
    from cardiolex.reports.building import Proposals
    from cardiolex.reports.llm import Journal
    from cardiolex.reports.llm.asking import Asker
    from cardiolex.reports.llm.chat import Chat
    from cardiolex.reports.llm.kmerl import KMERL
    from cardiolex.reports.llm.supreme import SuPreME

    with Journal(journal_path) as journal:
        async with Chat(options.endpoint()) as chat:
            asker = Asker(chat, journal)
            if options.procedure == "supreme":
                judged = await SuPreME(options.prompts).ecg_terms(asker, unknown)
                return Proposals(
                    no_terms=[name for name, is_term in judged.items() if is_term is False]
                )
            kmerl = KMERL(options.prompts)
            merges = await kmerl.merges(asker, names)
            left = [name for name in names if name not in merges]
            return Proposals(merges, await kmerl.superclasses(asker, left))
