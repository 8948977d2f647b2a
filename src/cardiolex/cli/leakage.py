"""The command that looks for what a test should not share with training."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from cardiolex.cli.call_error import CallError
from cardiolex.cli.progress import progress_bar

if TYPE_CHECKING:
    from cardiolex.reports.vocabulary import Vocabulary

SHOWN = 10


def leakage(
    paths: list[Path],
    /,
    *,
    root: Path | None = None,
    prompts: str | None = None,
    output: Path | None = None,
) -> int:
    """Look for patients, records, signals and prompts that parts share. Exit status 1 if any.

    Every path is a part: a store (each of its own parts separately), a truth table, or a folder.

    Parameters
    ----------
    paths
        Stores, truth tables (.csv) and folders of recordings.
    root
        Folder that the record paths of truth tables start from.
    prompts
        JSON file with condition: prompt, or [prompts]; or name, concise, enriched: the bundled
        prompts for the conditions of the truth tables.
    output
        JSON file for all findings.
    """
    import json

    from cardiolex.evaluation.leakage.checks import (
        KINDS,
        LEAKS,
        Found,
        check_prompts,
        check_recordings,
    )
    from cardiolex.evaluation.leakage.sides import Item, items_of
    from cardiolex.files import write_text
    from cardiolex.reports.extract import Rules

    if not paths:
        raise CallError("give stores, truth tables or folders")
    items: list[Item] = []
    unreadable: list[tuple[str, str]] = []
    for path in paths:
        with progress_bar(f"reading {path.name}") as progress:
            items += items_of(path, root, progress, unreadable)
    found = check_recordings(items)
    if prompts is not None:
        rules = Rules()
        asked = _prompts(prompts, paths, root, rules.vocabulary)
        found += check_prompts(asked, items, rules)
    sides = Counter(item.side for item in items)
    print(f"{len(items)} recordings: " + ", ".join(f"{s} {n}" for s, n in sides.items()))
    for kind, about in KINDS.items():
        some: list[Found] = [one for one in found if one.kind == kind]
        print(f"{len(some):6d} {about}")
        for one in some[:SHOWN]:
            print(f"       {one.first}  |  {one.second}  ({one.what})")
        if len(some) > SHOWN:
            print(f"       … and {len(some) - SHOWN} more" + " (see --output)" * (output is None))
    for name, reason in unreadable:
        print(f"cardiolex: {name}: {reason}", file=sys.stderr)
    if output is not None:
        plain = {
            "recordings": dict(sides),
            "found": [vars(one) for one in found],
            "unreadable": [list(one) for one in unreadable],
        }
        write_text(output, json.dumps(plain, indent=1, ensure_ascii=False) + "\n")
    return 1 if unreadable or any(one.kind in LEAKS for one in found) else 0


def _prompts(
    given: str, paths: list[Path], root: Path | None, vocabulary: Vocabulary
) -> dict[str, list[str]]:
    """Condition -> prompts, from a file or from the bundled styles."""
    import json
    from typing import cast, get_args

    from cardiolex.evaluation.truth import read_truth
    from cardiolex.reports.prompts import Style, prompt

    if given in get_args(Style):
        tables = [read_truth(path, root) for path in paths if path.suffix == ".csv" and root]
        names = dict.fromkeys(name for table in tables for name in table.conditions)
        if not names:
            raise CallError(f"--prompts {given}: needs a truth table that names the conditions")
        style = cast(Style, given)
        return {name: [prompt(name, vocabulary, style)] for name in names}
    try:
        told = json.loads(Path(given).read_text(encoding="utf-8"))
        return {
            str(name): [text] if isinstance(text, str) else [str(one) for one in text]
            for name, text in told.items()
        }
    except OSError as error:
        raise CallError(f"--prompts {given}: {error.strerror}") from error
    except (ValueError, AttributeError, TypeError) as error:
        raise CallError(
            f"--prompts {given}: write JSON, {{condition: prompt or [prompts]}} ({error})"
        ) from error
