"""A server that speaks OpenAI's chat protocol and answers what a script says, also badly.

A script is a function of (request, times this very request came before) that returns a step.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Say:
    content: str | None
    finish: str = "stop"
    refusal: str | None = None


@dataclass
class Fail:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "scripted failure"


@dataclass
class Raw:
    """Any body; `claimed` bytes announced, so that the connection drops in its middle."""

    body: bytes
    claimed: int | None = None


class Drop:
    """Close the connection without a word."""


@dataclass
class Hold:
    """Answer nothing until the server is closed or the seconds are over."""

    seconds: float = 60.0


Step = Say | Fail | Raw | Drop | Hold
Script = Callable[[dict[str, Any], int], Step]


class Server:
    """`requests` holds every request that is no probe, as parsed JSON, in order of arrival."""

    def __init__(self, script: Script, probe: Script | None = None) -> None:
        self.script = script
        self.probe = probe or (lambda request, before: Say(PROBE_ANSWER))
        self.requests: list[dict[str, Any]] = []
        self.probes: list[dict[str, Any]] = []
        self.seen: Counter[str] = Counter()
        self.most_at_once = 0
        self.closing = threading.Event()
        self._at_once = 0
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: object) -> None:
                pass

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                request = json.loads(self.rfile.read(length))
                server.answer(self, request)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()

    def asked_twice(self) -> list[str]:
        return [request for request, times in self.seen.items() if times > 1]

    def answer(self, handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        is_probe = "colour" in request["messages"][-1]["content"]
        with self._lock:
            same = json.dumps(request["messages"])
            before = self.seen[same]
            if is_probe:
                self.probes.append(request)
            else:
                self.seen[same] += 1
                self.requests.append(request)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            script = self.probe if is_probe else self.script
            self._perform(handler, script(request, len(self.probes) - 1 if is_probe else before))
        finally:
            with self._lock:
                self._at_once -= 1

    def _perform(self, handler: BaseHTTPRequestHandler, step: Step) -> None:
        if isinstance(step, Hold):
            self.closing.wait(step.seconds)
            step = Drop()
        if isinstance(step, Drop):
            handler.close_connection = True
            handler.connection.close()
        elif isinstance(step, Raw):
            send(handler, 200, {}, step.body, step.claimed)
        elif isinstance(step, Fail):
            body = json.dumps({"error": {"message": step.message, "code": step.status}})
            send(handler, step.status, step.headers, body.encode())
        else:
            send(handler, 200, {}, json.dumps(completion(step)).encode())


def send(
    handler: BaseHTTPRequestHandler,
    status: int,
    headers: dict[str, str],
    body: bytes,
    claimed: int | None = None,
) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(claimed or len(body)))
    handler.end_headers()
    handler.wfile.write(body)
    handler.wfile.flush()
    if claimed:
        handler.close_connection = True
        handler.connection.close()


def completion(step: Say) -> dict[str, Any]:
    message = {"role": "assistant", "content": step.content, "refusal": step.refusal}
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 0,
        "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": step.finish}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }


PROBE_ANSWER = json.dumps({"ecg_probe_ready": "lead-aVR-42", "leads": ["V1"]})


@contextmanager
def serving(script: Script, probe: Script | None = None) -> Iterator[Server]:
    server = Server(script, probe)
    try:
        yield server
    finally:
        server.close()


def data_of(request: dict[str, Any]) -> dict[str, Any]:
    """The data object of a request's first user message."""
    user = next(m["content"] for m in request["messages"] if m["role"] == "user")
    data: dict[str, Any] = json.loads(user)
    return data


def knows(entities: dict[str, list[str]], verdict: str = "YES") -> Script:
    """A model that answers K-MERL's first two calls from a table of statements in lower case."""

    def script(request: dict[str, Any], before: int) -> Step:
        data = data_of(request)
        if "finding" in data:
            return Say(json.dumps({"answer": verdict}))
        return Say(json.dumps({"entities": entities.get(data["report"].lower(), [])}))

    return script
