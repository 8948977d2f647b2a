"""Nothing lost, nothing asked twice: also after kill -9 in the middle."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from scripted_server import Fail, Hold, Say, Step, data_of, knows, serving

from cardiolex.errors import CardiolexError
from cardiolex.reports.llm import Endpoint, Journal, LLMExtractor
from cardiolex.reports.llm.journal import Entry, Question

pytestmark = pytest.mark.timeout(90)

TEXTS = [f"sinus rhythm variant {n}" for n in range(24)]
TABLE = {text: ["sinus rhythm"] for text in TEXTS}

CHILD = """
import sys
from cardiolex.reports.entities_found import Extraction
from cardiolex.reports.llm import Endpoint, LLMExtractor
class Silent:
    name = version = "silent"
    def __call__(self, texts): return [Extraction(text) for text in texts]
url, journal, count = sys.argv[1:]
endpoint = Endpoint(url, "m", in_flight=4, first_wait_s=0.01)
found = LLMExtractor(endpoint, journal=journal, rules=Silent())
results = found([f"sinus rhythm variant {n}" for n in range(int(count))])
print(sum(bool(r.present) for r in results))
"""


def start(url: str, journal: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, url, str(journal), str(len(TEXTS))]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def rows(journal: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(journal) as file:
        return file.execute("SELECT key, step, text, content, status FROM answers").fetchall()


def wait_for(condition: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_kill_9_loses_nothing_that_was_answered_and_asks_nothing_twice(tmp_path: Path) -> None:
    journal = tmp_path / "j.sqlite"
    enough = threading.Event()
    answered = 15

    def script(request: dict[str, Any], before: int) -> Step:
        if not enough.is_set() and len(server.requests) > answered:
            return Hold()
        return knows(TABLE)(request, before)

    with serving(script) as server:
        child = start(server.url, journal)
        # the first 15 requests are answered, four more are under way and never will be
        wait_for(lambda: len(server.requests) == answered + 4 and len(rows(journal)) == answered)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        kept = rows(journal)
        assert len(kept) == answered
        held = {json.dumps(r["messages"]) for r in server.requests[answered:]}
        enough.set()
        again = start(server.url, journal)
        output, _ = again.communicate(timeout=200)
        assert output.strip() == str(len(TEXTS))
        assert set(server.asked_twice()) == held  # only what had no answer
        assert max(server.seen.values()) == 2
        assert rows(journal)[:answered] == kept  # only added to
        assert len(server.seen) == len(rows(journal)) == 2 * len(TEXTS)
        asked = len(server.requests)
        third = start(server.url, journal)
        assert third.communicate(timeout=200)[0].strip() == str(len(TEXTS))
        assert len(server.requests) == asked


def test_kill_9_at_any_moment_leaves_a_journal_that_goes_on(tmp_path: Path) -> None:
    journal = tmp_path / "j.sqlite"

    def slow(request: dict[str, Any], before: int) -> Step:
        time.sleep(0.005)
        return knows(TABLE)(request, before)

    with serving(slow) as server:
        for moment in (7, 31):
            child = start(server.url, journal)
            wait_for(lambda m=moment, c=child: len(server.requests) >= m or c.poll() is not None)
            child.kill()
            child.communicate()
        output, _ = start(server.url, journal).communicate(timeout=200)
        assert output.strip() == str(len(TEXTS))
        keys = [row[0] for row in rows(journal)]
        assert len(keys) == len(set(keys)) == 2 * len(TEXTS)
        # asked twice at most what was in flight when a run was killed
        assert len(server.requests) <= 2 * len(TEXTS) + 2 * 4


def test_equal_statements_share_one_request(tmp_path: Path) -> None:
    def slow(request: dict[str, Any], before: int) -> Step:
        time.sleep(0.02)
        return knows({"sinus rhythm": ["sinus rhythm"], "old infarct": []})(request, before)

    texts = ["SINUS RHYTHM", "sinus rhythm.", "*** Sinus rhythm ***", "Sinus rhythm. Old infarct"]
    with serving(slow) as server:
        found = LLMExtractor(Endpoint(server.url, "m"), journal=tmp_path / "j")
        results = found(texts * 50)
        assert all(r.present == {"sinus rhythm"} for r in results)
        assert [r.text for r in results] == texts * 50
        assert len(server.requests) == 3  # two statements, one verdict
        assert found.tally.statements == 250
        assert found.tally.mentions == {"sinus rhythm": 200}


def test_equal_questions_under_way_are_asked_once() -> None:
    import asyncio

    from cardiolex.reports.llm.asking import Asker
    from cardiolex.reports.llm.chat import Chat
    from cardiolex.reports.llm.kmerl import KMERL

    async def ask_ten(url: str) -> Any:
        prompt = KMERL().extract
        async with Chat(Endpoint(url, "m")) as chat:
            asker = Asker(chat, Journal(":memory:"))
            questions = [asker.ask(prompt, {"report": "sinus rhythm"}, "x") for _ in range(10)]
            return await asyncio.gather(*questions), asker.counts

    with serving(knows({"sinus rhythm": ["sinus rhythm"]})) as server:
        answers, counts = asyncio.run(ask_ten(server.url))
        assert len(server.requests) == 1
        assert {tuple(a.entities) for a in answers} == {("sinus rhythm",)}
        assert counts["kmerl/extract", "shared"] == 9


@pytest.mark.parametrize("change", ["model", "temperature", "procedure", "prompt"])
def test_another_model_prompt_or_procedure_asks_anew(tmp_path: Path, change: str) -> None:
    def script(request: dict[str, Any], before: int) -> Step:
        if "finding" in data_of(request):
            return Say('{"answer": "YES"}')
        return Say('{"entities": [], "normal": [], "abnormal": [], "uncertain": []}')

    settings: dict[str, Any] = {}
    fields: dict[str, Any] = {"model": "m"}
    if change == "prompt":
        from cardiolex.reports.llm.prompt import PROMPTS

        for file in PROMPTS.glob("*.txt"):
            text = file.read_text(encoding="utf-8").replace("Rules", "Some rules")
            (tmp_path / file.name).write_text(text, encoding="utf-8")
        settings = {"prompts": tmp_path}
    elif change == "procedure":
        settings = {"procedure": "supreme"}
    else:
        fields = {"model": "m2"} if change == "model" else {"model": "m", "temperature": 0.5}
    with serving(script) as server:
        journal = tmp_path / "j"
        LLMExtractor(Endpoint(server.url, "m"), journal=journal)(["sinus rhythm"])
        LLMExtractor(Endpoint(server.url, "m"), journal=journal)(["sinus rhythm"])
        assert len(server.requests) == 1
        changed = LLMExtractor(Endpoint(server.url, **fields), journal=journal, **settings)
        changed(["sinus rhythm"])
        assert len(server.requests) == 2


def test_malformed_answers_are_kept_and_count_over_restarts(tmp_path: Path) -> None:
    with serving(lambda request, before: Say("no")) as server:
        for _ in range(3):
            LLMExtractor(Endpoint(server.url, "m"), journal=tmp_path / "j")(["sinus rhythm"])
        assert len(server.requests) == 3
        assert [row[4] for row in rows(tmp_path / "j")] == ["malformed"] * 3


def test_odd_texts_are_kept(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        question = Question(
            "m", "s", "1", "lone \ud800 surrogate, nul \x00, '); DROP TABLE answers;--"
        )
        journal.add(question, Entry("valid", "\ud800\x00"))
        assert [entry.status for entry in journal.entries(question)] == ["valid"]


def test_a_file_that_is_no_journal_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "reports.csv"
    path.write_text("id,report\n1,sinus rhythm\n" * 100, encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(CardiolexError, match=r"reports\.csv: cannot be used as journal"):
        Journal(path)
    assert path.read_bytes() == before
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("PRAGMA user_version=77")
    other.commit()
    other.close()
    with pytest.raises(CardiolexError, match="format 77"):
        Journal(tmp_path / "other.sqlite")


def test_two_runs_may_share_a_journal(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def work(url: str) -> int:
        found = LLMExtractor(Endpoint(url, "m"), journal=tmp_path / "j")
        return sum(bool(r.present) for r in found(TEXTS))

    with serving(knows(TABLE)) as server, ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, [server.url] * 2)) == [len(TEXTS)] * 2
        asked = len(server.requests)
        assert work(server.url) == len(TEXTS)
        assert len(server.requests) == asked


def test_what_the_server_did_not_accept_is_asked_again_by_the_next_run(tmp_path: Path) -> None:
    with serving(lambda request, before: Fail(400, message="context too long")) as server:
        found = LLMExtractor(Endpoint(server.url, "m"), journal=tmp_path / "j")
        found(["sinus rhythm"])
        found(["sinus rhythm"])
        assert found.tally.outcomes == {"not accepted": 2}
        assert len(server.requests) == 1
        server.script = knows({"sinus rhythm": ["sinus rhythm"]})
        again = LLMExtractor(Endpoint(server.url, "m"), journal=tmp_path / "j")
        assert again(["sinus rhythm"])[0].present == {"sinus rhythm"}


@pytest.mark.parametrize("bad", [Say("no"), Say(None, refusal="I will not.")])
def test_refusals_and_malformed_answers_are_asked_again_on_request(
    tmp_path: Path, bad: Say
) -> None:
    with serving(lambda request, before: bad) as server:
        LLMExtractor(Endpoint(server.url, "m"), journal=tmp_path / "j")(["sinus rhythm"])
        server.script = knows({"sinus rhythm": ["sinus rhythm"]})
        endpoint = Endpoint(server.url, "m")
        assert not LLMExtractor(endpoint, journal=tmp_path / "j")(["sinus rhythm"])[0].present
        again = LLMExtractor(endpoint, journal=tmp_path / "j", ask_again=True)
        assert again(["sinus rhythm"])[0].present == {"sinus rhythm"}
        asked = len(server.requests)
        third = LLMExtractor(endpoint, journal=tmp_path / "j")
        assert third(["sinus rhythm"])[0].present == {"sinus rhythm"}
        assert len(server.requests) == asked
