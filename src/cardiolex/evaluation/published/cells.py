"""One figure of a paper, with everything that is needed to find it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from cardiolex.errors import CardiolexError

Obtained = Literal["paper", "quoted", "summary", "not available"]
"""Read in the paper; printed by a later paper; told in a summary by others; not to be had."""
SPLIT_SETS = ("ptbxl_super", "ptbxl_sub", "ptbxl_form", "ptbxl_rhythm", "cpsc2018", "csn")
"""The six evaluation sets, in the order of the papers' columns."""
MEAN = "mean"
"""Split set of a figure that is the mean over the six."""
PERCENT = ("AUROC", "accuracy")
METRICS = (*PERCENT, "records", "t", "p")
PROTOCOLS = ("zero-shot", "linear-probe", "extraction", "data", "test")


@dataclass(frozen=True)
class Cell:
    """A figure as printed; AUROC and accuracy in per cent.

    `value` None: printed as a dash (obtained "paper") or not to be had here ("not available").
    """

    paper: str
    table: str
    part: str
    row: str
    split_set: str
    protocol: str
    metric: str
    share: float | None
    """Per cent of the training labels of a linear probe."""
    leads: int | None
    classes: str
    """"unseen" or "all" where a table tells them apart, else ""."""
    value: float | None
    decimals: int
    """With how many decimals the figure is printed."""
    sd: float | None
    obtained: Obtained
    note: str

    @property
    def column(self) -> tuple[str, str, str, float | None, int | None, str]:
        """What the figure measures, apart from whose it is."""
        return (
            self.split_set,
            self.protocol,
            self.metric,
            self.share,
            self.leads,
            self.classes,
        )

    @property
    def printed(self) -> str:
        """The figure with its spread, as the paper prints it; what is missing says so."""
        if self.value is None:
            return "not available here" if self.obtained == "not available" else "–"
        text = f"{self.value:.{self.decimals}f}"
        return text if self.sd is None else f"{text} ± {self.sd:g}"

    @property
    def where(self) -> str:
        """Paper, table and row, for messages."""
        return f"{self.paper} {self.table}{self.part and f' ({self.part})'}, {self.row}"


def cell_of(paper: str, row: dict[str, str]) -> Cell:
    """A line of a CSV file; CardiolexError naming what is no figure of a table."""
    where = f"{paper}.csv, table {row.get('table')}, row {row.get('row')}"
    if row["obtained"] not in get_args(Obtained):
        raise CardiolexError(f"{where}: obtained {row['obtained']!r} is not known")
    if row["metric"] not in METRICS or row["protocol"] not in PROTOCOLS:
        raise CardiolexError(f"{where}: metric {row['metric']!r} or protocol is not known")
    if row["split_set"] not in (*SPLIT_SETS, MEAN, ""):
        raise CardiolexError(f"{where}: split set {row['split_set']!r} is not known")
    value = _number(row["value"], where)
    if value is not None and row["metric"] in PERCENT and not 0 <= value <= 100:
        raise CardiolexError(f"{where}: {value} is no percentage")
    if row["obtained"] == "not available" and value is not None:
        raise CardiolexError(f"{where}: a figure cannot be there and not available")
    leads = _number(row["leads"], where)
    return Cell(
        paper=paper,
        table=row["table"],
        part=row["part"],
        row=row["row"],
        split_set=row["split_set"],
        protocol=row["protocol"],
        metric=row["metric"],
        share=_number(row["share"], where),
        leads=None if leads is None else int(leads),
        classes=row["classes"],
        value=value,
        decimals=len(row["value"].partition(".")[2]),
        sd=_number(row["sd"], where),
        obtained=row["obtained"],  # type: ignore[arg-type]
        note=row["note"],
    )


def _number(text: str, where: str) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise CardiolexError(f"{where}: {text!r} is no number") from None
