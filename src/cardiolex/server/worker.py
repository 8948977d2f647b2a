"""A worker process, seen from both sides of its pipe.

Jobs are pickled on their way to the worker; replies come back as JSON, so that a worker which a
hostile file has taken over cannot make the front execute anything.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from cardiolex.errors import CardiolexError
from cardiolex.server.jobs import Desk, Job, Reply, problem
from cardiolex.workers import follow_parent

START_S = 300.0  # a large model on a slow disk


class WorkerLost(Exception):
    """The process has ended; `busy` tells whether it had begun with the jobs."""

    def __init__(self, busy: bool) -> None:
        super().__init__("a worker has ended")
        self.busy = busy


class WorkerLate(Exception):
    """The process took longer than allowed and was ended."""


class Worker:
    """The front's handle of one worker process; used by one thread."""

    def __init__(self, make_desk: Callable[[], Desk], memory_mib: int) -> None:
        """Start the process; `about` waits until it is ready."""
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_work, args=(theirs, make_desk, memory_mib), daemon=True, name="cardiolex worker"
        )
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int | None:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    def about(self) -> dict[str, Any]:
        """Wait for the worker; CardiolexError with its words if it could not start."""
        try:
            said = self._receive(START_S)
        except (WorkerLost, WorkerLate) as error:
            raise CardiolexError("a worker process ended while it started") from error
        if "failed" in said:
            raise CardiolexError(said["failed"])
        return dict(said["ready"])

    def ask(self, jobs: Sequence[Job], seconds: float) -> list[Reply]:
        """Replies to `jobs`; WorkerLost or WorkerLate, after which the worker is gone."""
        try:
            self._pipe.send(jobs)
        except OSError:
            self.end()
            raise WorkerLost(busy=False) from None
        return list(self._receive(seconds)["replies"])

    def kill(self) -> None:
        """Kill the process; the thread that uses it will notice."""
        self._process.kill()

    def end(self) -> None:
        """End the process, whatever it is at."""
        self._pipe.close()
        self._process.kill()
        self._process.join()

    def _receive(self, seconds: float) -> dict[str, Any]:
        try:
            if not self._pipe.poll(seconds):
                self.end()
                raise WorkerLate
            said: dict[str, Any] = json.loads(self._pipe.recv_bytes())
        except (EOFError, OSError):
            self.end()
            raise WorkerLost(busy=True) from None
        return said


def _work(pipe: Connection, make_desk: Callable[[], Desk], memory_mib: int) -> None:
    """The life of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    follow_parent()
    try:
        desk = make_desk()
    except (CardiolexError, OSError) as error:
        pipe.send_bytes(json.dumps({"failed": str(error)}).encode())
        return
    pipe.send_bytes(json.dumps({"ready": desk.about()}).encode())
    _bound_memory(memory_mib)
    while True:
        try:
            jobs = pipe.recv()
        except EOFError:
            return
        pipe.send_bytes(_encoded(desk.answer(jobs)))


def _encoded(replies: Sequence[Reply]) -> bytes:
    """The replies as JSON, which knows no NaN: a reply that holds one becomes a problem."""
    try:
        return json.dumps({"replies": replies}, allow_nan=False).encode()
    except ValueError:
        detail = "the answer is not a number: the signal is beyond what can be computed with"
        if len(replies) == 1:
            return json.dumps({"replies": [problem(422, detail)]}).encode()
        each = [json.loads(_encoded([reply]))["replies"][0] for reply in replies]
        return json.dumps({"replies": each}).encode()


def _bound_memory(mib: int) -> None:
    """Let the process grow by so much address space, where the system can bound it."""
    try:
        import resource
        from pathlib import Path

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + (mib << 20)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    except (ImportError, OSError, ValueError):
        return  # elsewhere the time limit alone holds
