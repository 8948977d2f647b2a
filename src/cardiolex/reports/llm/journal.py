"""Every answer a language model ever gave, on disk before it is used: nothing is asked twice.

One SQLite file, only ever added to. Each answer is committed (write-ahead log, synchronous) before
it counts, so a killed process or a power cut loses at most what the server had not yet answered.
"""

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from cardiolex.errors import CardiolexError

Status = Literal["valid", "refused", "malformed", "not accepted"]
FORMAT = 1

_TABLES = """
CREATE TABLE IF NOT EXISTS answers(
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, status TEXT NOT NULL, model TEXT NOT NULL,
  step TEXT NOT NULL, prompt TEXT NOT NULL, text TEXT NOT NULL, content TEXT NOT NULL,
  finish TEXT NOT NULL, prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL,
  at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
CREATE INDEX IF NOT EXISTS answers_by_key ON answers(key);
"""


@dataclass(frozen=True)
class Question:
    """What an answer is kept under: model, step, version of the prompt, text."""

    model: str
    step: str
    prompt: str
    text: str

    @property
    def key(self) -> str:
        """64 hexadecimal digits."""
        plain = json.dumps([self.model, self.step, self.prompt, self.text], ensure_ascii=False)
        return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Entry:
    """One answer as it came."""

    status: Status
    content: str
    finish: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Journal:
    """The file of answers; a context manager. ":memory:" keeps nothing.

    Raises CardiolexError where the file is no journal or cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        try:
            if self.path != ":memory:":
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(self.path, timeout=60, check_same_thread=False)
            self._open()
        except (sqlite3.Error, OSError) as error:
            raise CardiolexError(
                f"{path}: cannot be used as journal of answers ({error}); "
                "give the path of an earlier journal or of a new file"
            ) from error

    def _open(self) -> None:
        self._share()
        self._file.execute("PRAGMA synchronous=FULL")
        (found,) = self._file.execute("PRAGMA user_version").fetchone()
        if found not in (0, FORMAT):
            raise sqlite3.DatabaseError(f"format {found}, this version reads {FORMAT}")
        self._file.executescript(_TABLES)
        self._file.execute(f"PRAGMA user_version={FORMAT}")
        self._file.commit()

    def _share(self) -> None:
        """Write-ahead logging; SQLite does not wait by itself while another run sets it."""
        for waited in range(100):
            try:
                self._file.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or waited == 99:
                    raise
                time.sleep(0.05)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def add(self, question: Question, entry: Entry) -> None:
        """Keep an answer; it is on disk when this returns."""
        q, e = question, entry
        with self._file:
            self._file.execute(
                "INSERT INTO answers(key, status, model, step, prompt, text, content, finish,"
                " prompt_tokens, completion_tokens) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (q.key, e.status, q.model, q.step, q.prompt, _storable(q.text),
                 _storable(e.content), e.finish, e.prompt_tokens, e.completion_tokens),
            )  # fmt: skip

    def entries(self, question: Question) -> list[Entry]:
        """All answers to a question, the first one first."""
        rows = self._file.execute(
            "SELECT status, content, finish, prompt_tokens, completion_tokens FROM answers"
            " WHERE key = ? ORDER BY id",
            (question.key,),
        )
        return [Entry(*row) for row in rows]

    def usage(self, model: str, step: str) -> tuple[int, float, float]:
        """Valid answers so far, their mean tokens asked and answered (0 where none has any)."""
        row = self._file.execute(
            "SELECT count(*), coalesce(avg(prompt_tokens), 0), coalesce(avg(completion_tokens), 0)"
            " FROM answers WHERE model = ? AND step = ? AND status = 'valid'"
            " AND prompt_tokens > 0",
            (model, step),
        ).fetchone()
        return int(row[0]), float(row[1]), float(row[2])

    def counts(self) -> Iterator[tuple[str, str, str, int]]:
        """(model, step, status, answers), for a table of what the file holds."""
        yield from self._file.execute(
            "SELECT model, step, status, count(*) FROM answers GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        )


def _storable(text: str) -> str:
    """Text that SQLite takes: lone surrogates become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
