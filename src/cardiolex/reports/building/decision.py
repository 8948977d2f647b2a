"""One decision about a name, and the table of all of them that a person can review and edit."""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from cardiolex.errors import CardiolexError
from cardiolex.files import write_text

Kind = Literal["same", "kind of", "new", "drop", "apart"]
KINDS: tuple[Kind, ...] = get_args(Kind)
COLUMNS = ("decision", "name", "target", "mentions", "similarity", "reason", "check")
_WITH_TARGET = ("same", "kind of", "apart")


@dataclass(frozen=True)
class Decision:
    """What becomes of `name`.

    "same": it means `target`. "kind of": it is narrower than `target`, which holds whenever it
    does. "new": a finding of its own that the vocabulary lacks. "drop": no finding of an ECG.
    "apart": it does not mean `target`, though similarity or a model would say so.
    """

    decision: Kind
    name: str
    target: str = ""
    mentions: int = 0
    similarity: float | None = None
    reason: str = ""
    by_hand: bool = False

    @property
    def pair(self) -> tuple[str, str]:
        """Name and target."""
        return self.name, self.target

    @property
    def check(self) -> str:
        """Digits that no longer fit when a person has edited decision, name or target."""
        plain = "\x1f".join((self.decision, self.name, self.target))
        return hashlib.sha256(plain.encode()).hexdigest()[:8]


@dataclass(frozen=True)
class DecisionTable:
    """All decisions, in the order in which a person reads them: the frequent names first."""

    rows: tuple[Decision, ...]
    source: str = "decisions"

    def __post_init__(self) -> None:
        settled: dict[str, Decision] = {}
        for row in self.rows:
            if row.decision not in ("same", "new", "drop"):
                continue
            other = settled.setdefault(row.name, row)
            if (other.decision, other.target) != (row.decision, row.target):
                raise CardiolexError(
                    f"{self.source}: '{row.name}' is both '{_say(other)}' and '{_say(row)}'. "
                    "Delete one of the two lines."
                )

    def __iter__(self) -> Iterator[Decision]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def by_hand(self) -> tuple[Decision, ...]:
        """The rows that a person wrote or changed."""
        return tuple(row for row in self.rows if row.by_hand)

    # ------------------------------------------------------------ files
    def save(self, path: str | Path) -> None:
        """Write the table as CSV; a row by hand has no check."""
        write_text(path, self.to_csv())

    def to_csv(self) -> str:
        """The table as CSV text."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_cells(row) for row in self.rows)
        return text.getvalue()

    @classmethod
    def load(cls, path: str | Path) -> "DecisionTable":
        """Read a table, also one that a spreadsheet saved (mark of order, semicolons).

        A row whose check does not fit, or is missing, is by hand. Errors name file, line, remedy.
        """
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CardiolexError(f"{path}: cannot be read as UTF-8 text ({error}).") from error
        head = text.partition("\n")[0]
        reader = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in head else ",")
        missing = [c for c in ("decision", "name") if c not in (reader.fieldnames or ())]
        if missing:
            raise CardiolexError(
                f"{path}: has no column '{missing[0]}'; a table of decisions has "
                f"{', '.join(COLUMNS)}."
            )
        rows = [
            _row({k: v or "" for k, v in cells.items() if k}, f"{path}, line {reader.line_num}")
            for cells in reader
        ]
        return cls(tuple(row for row in rows if row is not None), str(path))


def ordered(rows: Iterable[Decision]) -> tuple[Decision, ...]:
    """Names by mentions; for one name what it is, then what it is a kind of, then the rest."""
    rows = list(rows)
    mentions: dict[str, int] = {}
    for row in rows:
        mentions[row.name] = max(mentions.get(row.name, 0), row.mentions)
    places: Sequence[str] = ("same", "new", "drop", "kind of", "apart")
    return tuple(
        sorted(
            rows,
            key=lambda r: (
                -mentions[r.name],
                r.name,
                places.index(r.decision),
                -(r.similarity or 0),
                r.target,
            ),
        )
    )


def _cells(row: Decision) -> list[str]:
    similarity = "" if row.similarity is None else f"{row.similarity:.3f}"
    check = "" if row.by_hand else row.check
    return [row.decision, row.name, row.target, str(row.mentions), similarity, row.reason, check]


def _row(cells: dict[str, str], where: str) -> Decision | None:
    cells = {k.strip().lower(): v.strip() for k, v in cells.items()}
    if not any(cells.values()):
        return None
    decision = cells["decision"].lower()
    if decision not in KINDS:
        raise CardiolexError(
            f"{where}: decision '{decision}' is none of {', '.join(KINDS)}. Correct it."
        )
    name, target = cells["name"].lower(), cells.get("target", "").lower()
    if not name:
        raise CardiolexError(f"{where}: has no name. Fill it in or delete the line.")
    if (decision in _WITH_TARGET) != bool(target):
        need = "needs a target" if decision in _WITH_TARGET else "takes no target"
        raise CardiolexError(f"{where}: decision '{decision}' for '{name}' {need}.")
    row = Decision(
        next(kind for kind in KINDS if kind == decision),
        name,
        target,
        int(_number(cells.get("mentions", ""), where) or 0),
        _number(cells.get("similarity", ""), where),
        cells.get("reason", ""),
    )
    if cells.get("check", "") == row.check:
        return row
    return Decision(**{**row.__dict__, "by_hand": True})


def _number(text: str, where: str) -> float | None:
    try:
        return float(text.replace(",", ".")) if text else None
    except ValueError as error:
        raise CardiolexError(f"{where}: '{text}' is no number. Correct or empty it.") from error


def _say(row: Decision) -> str:
    return f"{row.decision} {row.target}".strip()
