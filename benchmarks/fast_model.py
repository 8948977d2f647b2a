"""A local OpenAI-compatible server that answers K-MERL's and SuPreME's questions from a table."""

import asyncio
import json
import re
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from types import TracebackType
from typing import Any, Self

from cardiolex.reports.clean import clean
from cardiolex.reports.corpus import MIMIC_STATEMENTS, lines
from cardiolex.reports.extract import bundled_rules

PROBE = {"ecg_probe_ready": "lead-aVR-42", "leads": ["V1"]}


class FastModel:
    """Runs in a process of its own; a context manager."""

    def __enter__(self) -> Self:
        context = get_context("spawn")
        self._count: Synchronized[int] = context.Value("q", 0)
        ready, told = context.Pipe(duplex=False)
        self._process = context.Process(target=_serve, args=(told, self._count), daemon=True)
        self._process.start()
        self.url = f"http://127.0.0.1:{ready.recv()}/v1"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.join()

    def asked(self) -> int:
        """Questions so far, without the probes for the form of requests."""
        return int(self._count.value)


def _serve(told: Any, count: "Synchronized[int]") -> None:
    asyncio.run(_Server(count).run(told))


class _Server:
    def __init__(self, count: "Synchronized[int]") -> None:
        self.count = count
        self.known = {clean(s).casefold(): _findings(s) for s in lines(MIMIC_STATEMENTS)}

    async def run(self, told: Any) -> None:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = re.search(rb"content-length: (\d+)", head.lower())
                body = await reader.readexactly(int(length[1]) if length else 0)
                content = json.dumps(self.answer(json.loads(body)["messages"]))
                writer.write(_response(content))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def answer(self, messages: list[dict[str, str]]) -> dict[str, Any]:
        """The JSON object that the last message asks for."""
        text = messages[-1]["content"]
        if "colour" in text:
            return PROBE
        self.count.value += 1
        data = json.loads(text)
        if "finding" in data:
            return {"answer": "YES"}
        present, uncertain = self.look_up(data["report"])
        if "normal" in messages[0]["content"].lower() and "uncertain" in messages[0]["content"]:
            everything = [*present, *uncertain]
            rest = {"normal": [], "abnormal": present, "uncertain": uncertain}
            return {"entities": everything, **rest}
        return {"entities": present}

    def look_up(self, report: str) -> tuple[list[str], list[str]]:
        whole = self.known.get(report.casefold())
        if whole is not None:
            return whole
        parts = [self.known.get(p.casefold(), ([], [])) for p in report.rstrip(".").split(". ")]
        present, uncertain = ([name for p in parts for name in p[kind]] for kind in (0, 1))
        return present, uncertain


def _findings(statement: str) -> tuple[list[str], list[str]]:
    """The words of what is present, and of what is uncertain."""
    found = bundled_rules().extract(statement)
    words = {
        said: [statement[m.start : m.end] for m in found.mentions if m.assertion == said]
        for said in ("present", "uncertain")
    }
    return words["present"], words["uncertain"]


def _response(content: str) -> bytes:
    message = {"role": "assistant", "content": content}
    body = json.dumps(
        {
            "id": "x",
            "object": "chat.completion",
            "created": 0,
            "model": "fast",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
        }
    ).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body
