"""The texts that an evaluation of report generation compares: written ones and baselines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cardiolex.cli.measuring import read_answerable
from cardiolex.cli.progress import progress_bar
from cardiolex.cli.report import Writing
from cardiolex.errors import CardiolexError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cardiolex.evaluation.report_table import ReportTable
    from cardiolex.interpreter import Interpreter
    from cardiolex.recordings.recording import Recording

FREQUENT, NEAREST = "most frequent report", "nearest report"


class Texts:
    """Texts of a table's records by name: what is judged first, then the baselines.

    `interpreter` None: no recording is read, so there is no nearest report. `given` holds texts
    from elsewhere, `training` the reports that baselines choose from. `notes` and `missing`
    (record, reason) say what was done and what could not be.
    """

    def __init__(
        self,
        interpreter: Interpreter | None,
        leads: Sequence[str] | None,
        writing: Writing,
        given: ReportTable | None,
        training: ReportTable | None,
    ) -> None:
        self.interpreter, self.leads, self.writing = interpreter, leads, writing
        self.given, self.training = given, training
        self.notes: list[str] = []
        self.missing: list[tuple[str, str]] = []

    def of(self, table: ReportTable) -> tuple[ReportTable, dict[str, list[str]]]:
        """The records of `table` that have a text, and their texts (N,) by name."""
        written: list[str] = []
        if self.given is not None:
            table, written = self._given(table)
        vectors = None
        if self.interpreter is not None:
            table, vectors, own = self._looked_at(table, written)
            written = own
        name = f"texts of {self.given.name}" if self.given else self._name()
        return table, {name: written, **self._baselines(table, vectors)}

    def _name(self) -> str:
        return "generated" if self.interpreter is None else f"written by {self.interpreter.name}"

    def _given(self, table: ReportTable) -> tuple[ReportTable, list[str]]:
        """Records with a text in the other table; a blank one is a text, too."""
        from dataclasses import replace

        from cardiolex.evaluation.report_table import matched

        assert self.given is not None
        blank = self.given.blank
        whole = replace(
            self.given,
            records=self.given.records + blank,
            reports=self.given.reports + ("",) * len(blank),
            patients=None,
        )
        rows = matched(table, whole)
        kept = [row for row, there in enumerate(rows) if there is not None]
        self.missing += [
            (record, f"no text in {self.given.name}")
            for record, there in zip(table.records, rows, strict=True)
            if there is None
        ]
        if not kept:
            raise CardiolexError(
                f"{self.given.name}: names no record of {table.name}; its first is "
                f"{whole.records[0]!r}, the table's {table.records[0]!r}"
            )
        return table.rows(kept), [whole.reports[row] for row in rows if row is not None]

    def _looked_at(
        self, table: ReportTable, written: Sequence[str]
    ) -> tuple[ReportTable, NDArray[np.float32], list[str]]:
        """The readable records, their vectors, and their texts: those `written`, else new ones."""
        import numpy as np

        from cardiolex.evaluation.report_table import read_records

        vectors, kept, texts = [], list[int](), list[str]()
        with progress_bar(f"looking at {table.name}") as progress:
            for rows, recordings, failed in read_records(
                table, read_answerable, leads=self.leads, progress=progress
            ):
                kept += rows
                self.missing += [(table.records[row], why) for row, why in failed]
                if recordings:
                    vectors.append(self._embed(recordings))
                    texts += [written[r] for r in rows] if written else self._write(recordings)
        if not kept:
            raise CardiolexError(
                f"no record of {table.name} can be read; the first says: {self.missing[-1][1]}"
            )
        return table.rows(kept), np.concatenate(vectors), texts

    def _write(self, recordings: list[Recording]) -> list[str]:
        """The report of each recording's first window."""
        assert self.interpreter is not None
        decoding = self.writing.decoding()
        texts = self.interpreter.write_reports(recordings, decoding, leads=self.leads)
        if any(len(windows) > 1 for windows in texts):
            self._note("Of long recordings the first window's report is scored.")
        chosen = {"method": decoding.method} | decoding.model_dump(exclude_defaults=True)
        self._note("Written with " + ", ".join(f"{k} {v}" for k, v in chosen.items()) + ".")
        return [windows[0] for windows in texts]

    def _embed(self, recordings: list[Recording]) -> NDArray[np.float32]:
        assert self.interpreter is not None
        embed: Any = self.interpreter.project if self._aligns() else self.interpreter.embed
        vectors: NDArray[np.float32] = embed(recordings, leads=self.leads)
        return vectors

    def _aligns(self) -> bool:
        from cardiolex.capabilities import Aligns

        return self.interpreter is not None and isinstance(self.interpreter.system, Aligns)

    def _baselines(
        self, table: ReportTable, vectors: NDArray[np.float32] | None
    ) -> dict[str, list[str]]:
        from cardiolex.evaluation import report_baselines as baselines

        owners, _ = table.owners()
        found: dict[str, list[str]] = {}
        other = self.training
        source = "other patients of the table" if other is None else f"{other.name} (training)"
        if vectors is not None and self.interpreter is not None:
            if self._aligns():
                reports = table.reports if other is None else tuple(dict.fromkeys(other.reports))
                gallery = self.interpreter.embed_text(reports)
                how = "report whose text lies nearest to the recording"
            elif other is None:
                reports, gallery, how = table.reports, vectors, "report of the nearest recording"
            else:
                reports, gallery, how = (), vectors, ""
            if other is None:
                found[NEAREST] = baselines.nearest_of_others(vectors, gallery, reports, owners)
            elif reports:
                found[NEAREST] = baselines.nearest(vectors, gallery, reports)
            if found:
                self._note(f"Nearest report: the {how} for {self.interpreter.name}.")
        if other is None:
            found[FREQUENT] = baselines.most_frequent_of_others(table.reports, owners)
        else:
            found[FREQUENT] = [baselines.most_frequent(other.reports)] * len(table)
        self._note(f"Baselines choose among the reports of {source}.")
        return found

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)
