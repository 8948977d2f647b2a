"""K-MERL's entity mining (arXiv 2502.17900, section "entity mining"): four kinds of calls.

1. the positive findings of a report, 2. YES or NO for each of them, 3. names of equal meaning,
4. superclasses. Deviations: JSON instead of a bracketed list, pairs instead of a free dictionary
(a schema can enforce both); entities that the text does not support, or denies, are
not even verified.
"""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from cardiolex.reports.llm.answers import Entities, Merges, Superclasses, Verdict
from cardiolex.reports.llm.asking import Asker
from cardiolex.reports.llm.failures import NoAnswer
from cardiolex.reports.llm.found import Answered, Named, Objection, Rejected, sift, unique_names
from cardiolex.reports.llm.prompt import load_prompt

NAMES_PER_CALL = 400  # K-MERL gives all names at once; it had 341


class KMERL:
    """The calls of K-MERL; `prompts` is a folder with other wordings of them."""

    name = "kmerl"

    def __init__(self, prompts: Path | None = None) -> None:
        self.extract = load_prompt("kmerl/extract", Entities, prompts)
        self.verify = load_prompt("kmerl/verify", Verdict, prompts)
        self.merge = load_prompt("kmerl/merge", Merges, prompts)
        self.superclass = load_prompt("kmerl/superclasses", Superclasses, prompts)

    @property
    def version(self) -> str:
        """Versions of the prompts that decide what is found."""
        return f"{self.extract.version}+{self.verify.version}"

    async def find(self, asker: Asker, text: str, identity: str, objection: Objection) -> Answered:
        """Steps 1 and 2 for one statement or report."""
        answer = await asker.ask(self.extract, {"report": text}, identity)
        supported, rejected = sift(unique_names(answer.entities), objection)
        verdicts = await asyncio.gather(
            *(self._verdict(asker, text, identity, name) for name in supported)
        )
        judged = dict(zip(supported, verdicts, strict=True))
        kept = tuple(Named(name, "present") for name in supported if judged[name] == "YES")
        rejected += [
            Rejected(name, "no verdict" if verdict is None else "denied at verification")
            for name, verdict in judged.items()
            if verdict != "YES"
        ]
        return Answered(kept, tuple(rejected))

    async def _verdict(self, asker: Asker, text: str, identity: str, name: str) -> str | None:
        data = {"report": text, "finding": name}
        try:
            return (await asker.ask(self.verify, data, verdict_key(identity, name))).answer
        except NoAnswer:
            return None

    async def merges(self, asker: Asker, names: Sequence[str]) -> dict[str, str]:
        """Step 3: name -> the name that replaces it, both out of `names`.

        What names anything else is left out and counted as ("kmerl/merge", "unknown name").
        More than `NAMES_PER_CALL` names are asked in parts, and what is left of them once more.
        """
        found: dict[str, str] = {}
        for part in _parts(names):
            found.update(await self._merges(asker, part))
        left = [name for name in names if name not in found]
        if found and len(names) > NAMES_PER_CALL:
            for part in _parts(left[::2] + left[1::2]):
                found.update(await self._merges(asker, part))
        return found

    async def _merges(self, asker: Asker, names: Sequence[str]) -> dict[str, str]:
        answer = await asker.ask(self.merge, {"names": list(names)}, json.dumps(list(names)))
        known = set(names)
        pairs = [(same.name, same.same_as) for same in answer.merges]
        good = {a: b for a, b in pairs if a in known and b in known and a != b}
        asker.counts[self.merge.step, "unknown name"] += sum(
            a not in known or b not in known for a, b in pairs
        )
        return {name: _last(name, good) for name in good if _last(name, good) != name}

    async def superclasses(self, asker: Asker, names: Sequence[str]) -> dict[str, list[str]]:
        """Step 4: superclass -> at least two members out of `names`."""
        found: dict[str, list[str]] = {}
        for part in _parts(names):
            data, text = {"names": list(part)}, json.dumps(list(part))
            answer = await asker.ask(self.superclass, data, text)
            for row in answer.superclasses:
                members = [m for m in row.members if m in part]
                asker.counts[self.superclass.step, "unknown name"] += len(row.members) - len(
                    members
                )
                for title in unique_names([row.superclass]):
                    found.setdefault(title, []).extend(m for m in members if m != title)
        return {title: list(dict.fromkeys(m)) for title, m in found.items() if len(set(m)) > 1}


def _last(name: str, replaced_by: dict[str, str]) -> str:
    """The end of a chain of replacements; where it runs in a circle, the first name stays."""
    seen = [name]
    while (following := replaced_by.get(seen[-1])) is not None:
        if following in seen:
            return name
        seen.append(following)
    return seen[-1]


def verdict_key(identity: str, name: str) -> str:
    """What a verdict is kept under: the statement and the finding."""
    return json.dumps([identity, name], ensure_ascii=False)


def _parts(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[i : i + NAMES_PER_CALL] for i in range(0, len(names), NAMES_PER_CALL)]
