"""The desk of a worker: it holds the model, opens recordings and answers jobs, several at a time.

Requests of one batch go through one forward pass. Each is answered as if it had come alone: a
condition's score depends neither on the other conditions asked nor on batch neighbours.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from cardiolex import __version__
from cardiolex.capabilities import Aligns, ScoresQueries
from cardiolex.checkpoint.identity import fingerprint
from cardiolex.errors import CardiolexError
from cardiolex.findings import Findings
from cardiolex.interpreter import Interpreter
from cardiolex.recordings.recording import Recording
from cardiolex.search import Kind, Maker, SearchIndex
from cardiolex.server.facts import facts, measurements
from cardiolex.server.jobs import Job, Reply, problem
from cardiolex.server.limits import Limits
from cardiolex.server.opening import open_source
from cardiolex.server.problems import internal, spot

LONGEST_TRIED_S = 60.0
"""Of a recording in which few leads are looked for: more than a hundred subsets are asked."""
LOG = logging.getLogger("cardiolex.server")


class ModelDesk:
    """A model that answers jobs; a `Desk`."""

    def __init__(self, interpreter: Interpreter, index: Path | None, limits: Limits) -> None:
        """With an `index`, CardiolexError unless this model made it."""
        self.interpreter = interpreter
        self.limits = limits
        self.index = None if index is None else SearchIndex(index)
        if self.index is not None:
            self.index.check_maker(self.maker)

    @cached_property
    def maker(self) -> Maker:
        """Who makes the vectors."""
        return Maker(
            name=self.interpreter.name,
            fingerprint=fingerprint(self.interpreter.checkpoint),
            space="shared" if isinstance(self.interpreter.system, Aligns) else "recordings",
        )

    def about(self) -> dict[str, Any]:
        """Model, vocabulary and abilities: plain data for the front."""
        checkpoint = self.interpreter.checkpoint
        calibration = checkpoint.calibration
        names = checkpoint.vocabulary.names
        return {
            "version": __version__,
            "model": checkpoint.name,
            "system": checkpoint.system_name,
            "fingerprint": self.maker.fingerprint,
            "fs_hz": checkpoint.preprocess.fs,
            "window_s": checkpoint.preprocess.samples / checkpoint.preprocess.fs,
            "answers": isinstance(self.interpreter.system, ScoresQueries),
            "texts": self.maker.space == "shared" and checkpoint.text is not None,
            "searches": self.index is not None,
            "calibrated_on": calibration.fitted_on,
            "operating_point": calibration.operating_point,
            "default_conditions": list(checkpoint.default_conditions),
            "seen": sorted(checkpoint.seen),
            "calibrated": [name for name in names if calibration.is_fitted(name)],
            "vocabulary": checkpoint.vocabulary.to_dict(),
            "card": checkpoint.card,
        }

    def answer(self, jobs: Sequence[Job]) -> list[Reply]:
        """A reply to each job, whatever it contains."""
        if len(jobs) > 1:
            return self._together(jobs)
        return [_guarded(lambda: {"answer": self._one(jobs[0])})]

    def _one(self, job: Job) -> dict[str, Any]:
        match job.task:
            case "interpret":
                return self._interpret([job], [self._open(job)])[0]
            case "embed":
                return self._embed([job], [self._open(job)])[0]
            case "inspect":
                return facts(self._open(job), job.options)
            case "search":
                return self._search(job)
            case "explain":
                return self._explain(job)
            case "leads":
                return self._sufficient_leads(job)

    def _together(self, jobs: Sequence[Job]) -> list[Reply]:
        """One forward pass for all that can be opened; each alone if that fails."""
        opened: dict[int, Recording] = {}
        replies: list[Reply] = [{} for _ in jobs]
        for place, job in enumerate(jobs):

            def opens(place: int = place, job: Job = job) -> Reply:
                opened[place] = self._open(job)
                return {}

            replies[place] = _guarded(opens)
        able = [jobs[place] for place in opened]
        function = self._interpret if jobs[0].task == "interpret" else self._embed
        try:
            answers = function(able, list(opened.values())) if able else []
        except Exception:  # one spoils it: each gets the answer that it would get alone
            for place, job in enumerate(jobs):
                if place in opened:
                    replies[place] = self.answer([job])[0]
            return replies
        for place, answer in zip(opened, answers, strict=True):
            replies[place] = {"answer": answer}
        return replies

    def _open(self, job: Job) -> Recording:
        """The recording with the leads asked for."""
        if job.source is None:
            raise CardiolexError("name a recording: files, a signal or a sample")
        recording = open_source(job.source, self.limits)
        return recording if job.leads is None else recording.select(job.leads, derive=True)

    def _interpret(
        self, jobs: Sequence[Job], recordings: Sequence[Recording]
    ) -> list[dict[str, Any]]:
        asked = [
            self.interpreter.default_conditions if job.conditions is None else job.conditions
            for job in jobs
        ]
        union = list(dict.fromkeys(condition for some in asked for condition in some))
        found = self.interpreter.interpret_many(recordings, union)
        answers = []
        for one, some, job in zip(found, asked, jobs, strict=True):
            rows = {row.condition: row for row in one}
            answer = self._findings(replace(one, rows=tuple(rows[name] for name in some)))
            if job.options.get("measure"):
                answer["measurements"] = measurements(one.recording)
            answers.append(answer)
        return answers

    def _findings(self, findings: Findings) -> dict[str, Any]:
        answer = findings.to_dict()
        vocabulary = self.interpreter.checkpoint.vocabulary
        for row in answer["findings"]:
            row["name"] = vocabulary.resolve(row["condition"])
            near = [] if row["seen"] else self.interpreter.nearest_terms(row["condition"])
            row["nearest"] = [{"name": name, "cosine": cosine} for name, cosine in near]
        answer["window_s"] = self.interpreter.checkpoint.preprocess.samples / (
            self.interpreter.checkpoint.preprocess.fs
        )
        return answer

    def _embed(self, jobs: Sequence[Job], recordings: Sequence[Recording]) -> list[dict[str, Any]]:
        aligned = [bool(job.options.get("aligned")) for job in jobs]
        if len(set(aligned)) > 1:
            raise CardiolexError("two spaces in one batch")  # each is asked alone then
        function = self.interpreter.project if aligned[0] else self.interpreter.embed
        return [
            {
                "record": recording.id,
                "model": self.interpreter.name,
                "fingerprint": self.maker.fingerprint,
                "space": "shared" if aligned[0] else "recordings",
                "leads": list(recording.leads),
                "embedding": [float(number) for number in vector],
            }
            for recording, vector in zip(recordings, function(recordings), strict=True)
        ]

    def _explain(self, job: Job) -> dict[str, Any]:
        found = self.interpreter.explain(self._open(job), job.options["condition"])
        return found.to_dict() | {
            "record": found.record,
            "model": found.model,
            "text": found.sentence(),
        }

    def _sufficient_leads(self, job: Job) -> dict[str, Any]:
        recording, condition = self._open(job), job.options["condition"]
        if recording.duration > LONGEST_TRIED_S:
            raise CardiolexError(
                f"the recording lasts {recording.duration:.0f} s; leads are tried on at most "
                f"{LONGEST_TRIED_S:g} s: cut out the part that matters"
            )
        within = job.options["within"]
        found = self.interpreter.sufficient_leads(recording, condition, within=within)
        return found.to_dict() | {
            "record": recording.id,
            "model": self.interpreter.name,
            "condition": condition,
            "within": within,
        }

    def _search(self, job: Job) -> dict[str, Any]:
        index, text = self.index, job.options.get("text")
        if index is None:
            raise CardiolexError("this server has no search index")
        if text is not None:
            (vector,) = self.interpreter.embed_text([text])
        else:
            aligned = self.maker.space == "shared"
            embed = self.interpreter.project if aligned else self.interpreter.embed
            (vector,) = embed([self._open(job)])
        kinds: list[Kind] = ["recording", "report"]
        found = {
            kind: index.nearest(vector[None], job.options["top"], kind)[0]
            for kind in kinds
            if job.options["among"] in ("both", f"{kind}s") and index.counts[kind]
        }
        return {
            "model": self.interpreter.name,
            "hits": [
                {
                    "kind": kind,
                    "rank": hit.rank,
                    "similarity": hit.similarity,
                    "id": hit.entry.id,
                    "report": hit.entry.report,
                    "records": hit.entry.count,
                }
                for kind, hits in found.items()
                for hit in hits
            ],
        }


def _guarded(function: Callable[[], Reply]) -> Reply:
    """What `function` returns, or the problem that it met; what it held is never logged."""
    try:
        return function()
    except CardiolexError as error:
        return problem(422, str(error))
    except MemoryError:
        return problem(413, "needs more memory than one request may take; send a shorter recording")
    except Exception as error:
        if isinstance(error, RuntimeError) and "allocate memory" in str(error):
            return problem(413, "needs more memory than one request may take; send less at once")
        LOG.error("%s", spot(error))
        return problem(500, internal(error).detail)
