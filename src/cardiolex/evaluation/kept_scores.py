"""Answers and features kept on disk, so that every protocol re-uses what another one asked.

A key is the model, the samples of the recording and the leads it is asked with: a record that was
moved or renamed is found again, one that changed is asked anew. The file is an SQLite database
with a write-ahead log: a kill loses the batch in work and nothing else.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.loading import Score
from cardiolex.recordings.recording import Recording

Embed = Callable[[Sequence[Recording], Sequence[str] | None], NDArray[np.floating]]
_TABLES = (
    "CREATE TABLE IF NOT EXISTS conditions (id INTEGER PRIMARY KEY, name TEXT UNIQUE)",
    "CREATE TABLE IF NOT EXISTS answers (key BLOB, condition INTEGER, probability REAL, "
    "PRIMARY KEY (key, condition)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS features (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID",
)


class KeptScores:
    """The answers of one model, kept in `path`; `fingerprint` names its weights and prompts."""

    def __init__(self, path: str | Path, fingerprint: str) -> None:
        self.path, self.fingerprint = Path(path), fingerprint
        self.asked = self.found = 0
        """Recordings put to the model, and recordings answered from the file."""
        self._digests: dict[int, tuple[Recording, bytes]] = {}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._open()) as file:
            for table in _TABLES:
                file.execute(table)

    def score(self, score: Score) -> Score:
        """`score` that asks for what is missing only."""

        def kept(
            recordings: Sequence[Recording], conditions: Sequence[str], leads: Sequence[str] | None
        ) -> NDArray[np.float64]:
            keys = [self._key(recording, leads) for recording in recordings]
            answers = self._answers(keys, conditions)
            missing = np.flatnonzero(np.isnan(answers).any(axis=1)).tolist()
            self.found += len(keys) - len(missing)
            self.asked += len(missing)
            if missing:
                new = np.asarray(
                    score([recordings[i] for i in missing], conditions, leads), np.float64
                )
                answers[missing] = new
                self._keep_answers([keys[i] for i in missing], conditions, new)
            return answers

        return kept

    def features(self, embed: Embed) -> Embed:
        """`embed` that computes what is missing only."""

        def kept(
            recordings: Sequence[Recording], leads: Sequence[str] | None
        ) -> NDArray[np.float32]:
            keys = [self._key(recording, leads) for recording in recordings]
            vectors = self._vectors(keys)
            missing = [i for i, key in enumerate(keys) if key not in vectors]
            self.found += len(keys) - len(missing)
            self.asked += len(missing)
            if missing:
                new = np.asarray(embed([recordings[i] for i in missing], leads), np.float32)
                vectors |= {keys[i]: row for i, row in zip(missing, new, strict=True)}
                rows = [(keys[i], row.tobytes()) for i, row in zip(missing, new, strict=True)]
                self._write("INSERT OR REPLACE INTO features VALUES (?, ?)", rows)
            return np.stack([vectors[key] for key in keys])

        return kept

    def _key(self, recording: Recording, leads: Sequence[str] | None) -> bytes:
        asked = "all" if leads is None else ",".join(sorted(set(leads)))
        whole = (self.fingerprint.encode(), self._digest(recording), asked.encode())
        return hashlib.blake2b(b"\0".join(whole), digest_size=16).digest()

    def _digest(self, recording: Recording) -> bytes:
        """Of everything in the recording that a model sees; computed once per object."""
        known = self._digests.get(id(recording))
        if known is not None and known[0] is recording:
            return known[1]
        told = f"{recording.fs!r} {recording.leads} {recording.unit_known} {recording.mv.shape}"
        digest = hashlib.blake2b(told.encode(), digest_size=16)
        digest.update(np.ascontiguousarray(recording.mv, np.float32).tobytes())
        if len(self._digests) > 4096:
            self._digests.clear()
        self._digests[id(recording)] = (recording, digest.digest())
        return digest.digest()

    def _answers(self, keys: Sequence[bytes], conditions: Sequence[str]) -> NDArray[np.float64]:
        """(N, C), NaN where nothing is kept."""
        answers = np.full((len(keys), len(conditions)), np.nan)
        with closing(self._open()) as file:
            ids = self._ids(file, conditions)
            for n, key in enumerate(keys):
                found = dict(
                    file.execute(
                        "SELECT condition, probability FROM answers WHERE key = ?", (key,)
                    ).fetchall()
                )
                answers[n] = [found.get(number, np.nan) for number in ids]
        return answers

    def _keep_answers(
        self, keys: Sequence[bytes], conditions: Sequence[str], answers: NDArray[np.float64]
    ) -> None:
        with closing(self._open()) as file:
            ids = self._ids(file, conditions)
        rows = [
            (key, number, float(value))
            for key, row in zip(keys, answers, strict=True)
            for number, value in zip(ids, row, strict=True)
        ]
        self._write("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", rows)

    def _ids(self, file: sqlite3.Connection, conditions: Sequence[str]) -> list[int]:
        with file:
            file.executemany(
                "INSERT OR IGNORE INTO conditions (name) VALUES (?)", [(c,) for c in conditions]
            )
        known = dict(file.execute("SELECT name, id FROM conditions").fetchall())
        return [known[condition] for condition in conditions]

    def _vectors(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        with closing(self._open()) as file:
            rows = [
                file.execute("SELECT key, vector FROM features WHERE key = ?", (key,)).fetchone()
                for key in keys
            ]
        return {row[0]: np.frombuffer(row[1], np.float32) for row in rows if row is not None}

    def _write(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        with closing(self._open()) as file, file:
            file.executemany(statement, rows)

    def _open(self) -> sqlite3.Connection:
        try:
            file = sqlite3.connect(self.path, timeout=60)
            file.execute("PRAGMA journal_mode = WAL")
            file.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.Error as error:
            raise CardiolexError(
                f"{self.path}: not a file of kept scores ({error}); remove it, or name another "
                "with --cache"
            ) from error
        return file


def fingerprint(folder: str | Path, *extra: str) -> str:
    """32 hexadecimal digits of a checkpoint folder, its card left aside, and of `extra` words."""
    root = Path(folder)
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        if path.name == "README.md":
            continue
        digest.update(str(path.relative_to(root)).encode() + b"\0")
        digest.update(hashlib.blake2b(path.read_bytes(), digest_size=16).digest())
    digest.update("\0".join(extra).encode())
    return digest.hexdigest()
