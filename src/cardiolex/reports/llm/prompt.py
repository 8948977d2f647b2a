"""Prompts as text files that a person can read, with a version that travels with every answer."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Generic

from cardiolex.errors import CardiolexError
from cardiolex.reports.llm.answers import A, schema

PROMPTS = Path(__file__).with_name("prompts")
_MARKS = ("=== system ===", "=== user ===")


@dataclass(frozen=True)
class Prompt(Generic[A]):
    """One step of a procedure: instructions, the place of the data, the form of the answer."""

    step: str
    number: str
    system: str
    user: str
    form: type[A]

    @cached_property
    def version(self) -> str:
        """The file's version number and a hash of prompt and form: any edit makes it new."""
        content = json.dumps([self.system, self.user, schema(self.form)], sort_keys=True)
        return f"{self.number}-{hashlib.sha256(content.encode()).hexdigest()[:10]}"

    def messages(self, data: Mapping[str, object]) -> list[dict[str, str]]:
        """The chat to send. The data travel as one JSON object: no text can end its quotes."""
        packed = json.dumps(dict(data), ensure_ascii=False)
        return [
            {"role": "system", "content": self.system},
            {"role": "user", "content": self.user.replace("{data}", packed)},
        ]


def load_prompt(step: str, form: type[A], folder: Path | None = None) -> Prompt[A]:
    """Read a step's prompt ("kmerl/extract" is `kmerl_extract.txt`) from `folder` or the package.

    Raises CardiolexError that names the file where it is missing or lacks a part.
    """
    path = (folder or PROMPTS) / f"{step.replace('/', '_')}.txt"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CardiolexError(f"prompt {path} cannot be read: {error.strerror}.") from error
    head, _, rest = text.partition(_MARKS[0])
    system, mark, user = rest.partition(_MARKS[1])
    number = dict(_field(line) for line in head.splitlines() if ":" in line).get("version")
    if not (mark and number and system.strip() and user.count("{data}") == 1):
        raise CardiolexError(
            f"prompt {path} must have a line 'version: ...', a part '{_MARKS[0]}' and "
            f"a part '{_MARKS[1]}' with {{data}} in it once."
        )
    return Prompt(step, number, system.strip(), user.strip(), form)


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()
