"""A language model over tables of reports: parts, kill -9, bounded memory, the audit page."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from scripted_server import Fail, Hold, Say, Server, Step, data_of, serving

from cardiolex.cli import main
from cardiolex.reports.llm import Endpoint, LLMExtractor, extractor
from cardiolex.reports.llm.found import Answered, Named, Rejected
from cardiolex.reports.llm.tally import FURTHER, Tally
from cardiolex.reports.tables import ReportLabels

pytestmark = pytest.mark.timeout(120)

STATEMENTS = [f"sinus rhythm variant {n}" for n in range(40)]


def model(request: dict[str, Any], before: int) -> Step:
    """Names the rhythm, and invents an embolism; variant 7 is refused."""
    data = data_of(request)
    if "finding" in data:
        return Say('{"answer": "YES"}')
    if data["report"].endswith("variant 7"):
        return Fail(400, message="content_filter")
    return Say(json.dumps({"entities": ["sinus rhythm", "pulmonary embolism", "variant"]}))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """4,200 reports, so two parts; the second has statements that the first has not."""
    path = tmp_path / "reports.csv"
    with path.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(("study_id", "report_0", "report_1"))
        for n in range(4200):
            known = 25 if n < 4096 else 40
            writer.writerow((n, STATEMENTS[n % known], STATEMENTS[7 * n % known]))
    return path


def command(source: Path, out: Path, server: Server, *more: str) -> list[str]:
    told = ["--extractor", "llm", "--url", server.url, "--model", "m", "--in-flight", "4"]
    return ["extract", str(source), str(out), *told, *more]


def call(*tokens: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(tokens))
    return int(ended.value.code or 0)


def results(folder: Path) -> dict[str, bytes]:
    """Everything that does not say what this very run asked."""
    own = ("answers.sqlite", "llm_requests.csv")
    return {p.name: p.read_bytes() for p in folder.iterdir() if not p.name.startswith(own)}


@pytest.mark.parametrize("held", [21, 85])
def test_a_killed_run_asks_nothing_twice_and_gives_the_same_files(
    table: Path, tmp_path: Path, held: int
) -> None:
    enough = threading.Event()

    def script(request: dict[str, Any], before: int) -> Step:
        if not enough.is_set() and len(server.requests) > held:
            return Hold()
        return model(request, before)

    with serving(model) as server:
        assert call(*command(table, tmp_path / "whole", server)) == 1  # one statement is refused
        usual = len(server.requests)
    out = tmp_path / "killed"
    with serving(script) as server:
        tokens = [sys.executable, "-m", "cardiolex", *command(table, out, server)]
        child = subprocess.Popen(tokens, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while len(server.requests) < held + 4:
            assert time.monotonic() < end and child.poll() is None
            time.sleep(0.01)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert not (out / "labels.npz").exists()
        assert (out / "unfinished" / "000000.json").exists() == (held == 85)
        enough.set()
        assert call(*command(table, out, server)) == 1
        assert len(server.requests) <= usual + 4
        assert len(server.asked_twice()) <= 4  # what had no answer when the run was killed
    assert results(out) == results(tmp_path / "whole")


def test_a_statement_without_an_answer_is_unknown_not_absent(table: Path, tmp_path: Path) -> None:
    with serving(model) as server:
        call(*command(table, tmp_path / "out", server))
    labels = ReportLabels.load(tmp_path / "out" / "labels.npz")
    place = labels.names.index("sinus rhythm")
    by_id = {name: labels.rows([row])[0, place] for row, name in enumerate(labels.ids[:60])}
    both_refused = [n for n in range(60) if n % 25 == 7 * n % 25 == 7]
    assert all(by_id[str(n)] != 0 for n in range(60))
    assert all(by_id[str(n)] != 1 for n in both_refused)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def test_the_audit_page_tells_what_the_model_said(table: Path, tmp_path: Path) -> None:
    decisions = tmp_path / "decisions.csv"
    decisions.write_text("decision,name,target\ndrop,variant,\n")
    with serving(model) as server:
        call(*command(table, tmp_path / "out", server, "--decisions", str(decisions)))
    page = _Text()
    page.feed((tmp_path / "out" / "audit.html").read_text(encoding="utf-8"))
    words = [word for word in page.words if word]

    def after(cell: str, count: int) -> list[str]:
        place = words.index(cell)
        return words[place + 1 : place + 1 + count]

    with (tmp_path / "out" / "llm_statistics.csv").open() as handle:
        stages = {row["stage"]: int(row["count"]) for row in csv.DictReader(handle)}
    answered = stages["statements answered"]
    assert stages["statements"] == 8400 == answered + stages["statements refused"]
    assert stages["distinct statements"] == 40
    assert stages["raw mentions"] == 3 * answered
    assert after("pulmonary embolism", 2) == ["unsupported", f"{answered:,}"]
    assert after("refused", 2) == [f"{stages['statements refused']:,}", "sinus rhythm variant 7"]
    assert after("variant", 2) == [f"{answered:,}", "drop: by hand"]
    assert "What names mean" in words and "its name" in words


def test_memory_of_answers_is_bounded_and_the_counts_stay_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extractor, "REMEMBERED", 5)
    with serving(model) as server:
        found = LLMExtractor(Endpoint(server.url, "m"), journal=tmp_path / "j.sqlite")
        for start in (0, 20, 0, 20):
            found(STATEMENTS[start : start + 20])
            assert len(found._answers) <= 5 and len(found._extractions) <= 5
        assert not server.asked_twice()
        assert found.tally.distinct == 40
        assert found.tally.statements == 80
        assert found.tally.mentions["sinus rhythm"] == 78
        assert found.tally.left_out == {"refused": "sinus rhythm variant 7"}


def tally(*rows: tuple[str, Answered, int]) -> Tally:
    made = Tally(texts=len(rows))
    for statement, answered, times in rows:
        made.add(answered, times, statement, {"af": "atrial fibrillation"}.get)
    return made


def test_tallies_of_parts_add_up_to_that_of_the_whole() -> None:
    one = Answered((Named("af", "present", "uncertain"), Named("x", "uncertain")))
    two = Answered((Named("af", "present"),), (Rejected("y", "unsupported"),))
    none = Answered(outcome="refused")
    first, second = [("a", one, 3), ("b", two, 1)], [("b", two, 2), ("c", none, 5), ("a", one, 1)]
    merged = Tally()
    for part in (first, second):
        merged.merge(Tally.from_dict(json.loads(json.dumps(tally(*part).to_dict()))))
    whole = tally(*first, *second)
    assert merged.to_dict() == whole.to_dict()
    assert (merged.distinct, merged.statements, merged.texts) == (3, 12, 5)
    assert merged.rejected_in == {("y", "unsupported"): "b"}
    assert merged.stages() == whole.stages()


def test_endless_inventions_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cardiolex.reports.llm.tally.LISTED", 10)
    made = Tally()
    for n in range(50):
        made.add(Answered((), (Rejected(f"name {n}", "unsupported"),)), 1, "s", lambda name: None)
    assert len(made.rejected) == 11 and made.rejected[FURTHER, "unsupported"] == 40
    assert dict(made.stages())["mentions rejected: unsupported"] == 50
