"""The queue of requests and the workers that take from it.

Each worker has a thread here that hands it one batch at a time. If the worker dies, the batch goes
back to the head of the queue and its requests are tried alone, so that one which kills its worker
takes no other with it; it is given up after it has done so twice. A worker that takes too long is
ended; a request that was alone with it is answered with 504, others are tried alone.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Any

from cardiolex.errors import CardiolexError
from cardiolex.server.jobs import TOGETHER, Desk, Job, Reply, problem
from cardiolex.server.limits import Limits
from cardiolex.server.worker import Worker, WorkerLate, WorkerLost

TRIES = 2  # alone with a worker that died
LOOK_S = 1.0  # how often an idle worker is looked after
CLOSING = "the server is closing"
LOG = logging.getLogger("cardiolex.server")


class Busy(Exception):
    """As many requests wait as may wait."""


@dataclass
class _Ticket:
    job: Job
    deadline: float
    future: Future[Reply] = field(default_factory=Future)
    alone: bool = False
    deaths: int = 0


@dataclass
class Counts:
    """What has happened since the start, for the metrics."""

    batches: int = 0
    batched: int = 0
    """Jobs in those batches."""
    lost: int = 0
    late: int = 0


class Crew:
    """Workers and their queue; `start` first, `close` at the end."""

    def __init__(self, make_desk: Callable[[], Desk], workers: int, limits: Limits) -> None:
        self.limits = limits
        self.counts = Counts()
        self._make_desk = make_desk
        self._queue: deque[_Ticket] = deque()
        self._change = Condition()
        self._closed = False
        self._seats: list[Worker | None] = [None] * workers
        """Workers that are ready."""
        self._starting: list[Worker | None] = [None] * workers
        self._threads: list[Thread] = []

    def start(self) -> dict[str, Any]:
        """Start all workers, wait for the first; what its desk is about, or its CardiolexError."""
        first = Worker(self._make_desk, self.limits.worker_memory_mib)
        about = first.about()
        for seat in range(len(self._seats)):
            hired = first if seat == 0 else None
            thread = Thread(target=self._attend, args=(seat, hired), daemon=True)
            self._threads.append(thread)
            thread.start()
        return about

    def close(self) -> None:
        """End all workers; whoever still waits is told so."""
        with self._change:
            self._closed = True
            waiting = list(self._queue)
            self._queue.clear()
            self._change.notify_all()
        for ticket in waiting:
            _deliver(ticket, problem(503, CLOSING))
        for worker in (*self._seats, *self._starting):
            if worker is not None:
                worker.kill()
        for thread in self._threads:
            thread.join(timeout=5)

    def submit(self, job: Job) -> Future[Reply]:
        """The reply to come; Busy if the queue is full."""
        ticket = _Ticket(job, time.monotonic() + self.limits.wait_s)
        with self._change:
            if self._closed or len(self._queue) >= self.limits.queue:
                raise Busy
            self._queue.append(ticket)
            self._change.notify_all()
        return ticket.future

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return len(self._queue)

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that are ready."""
        return [worker.pid for worker in self._seats if worker and worker.pid and worker.alive]

    def _attend(self, seat: int, hired: Worker | None) -> None:
        worker = hired
        while not self._closed:
            worker = worker or self._hire(seat)
            if worker is None:
                break
            self._seats[seat] = worker
            batch = self._take(worker)
            if not batch or not self._hand(worker, batch):
                worker.end()
                self._seats[seat] = worker = None
        if worker is not None:
            worker.end()

    def _hire(self, seat: int) -> Worker | None:
        """A ready worker, tried for until there is one; None once closed."""
        pause = 0.5
        while not self._closed:
            worker = Worker(self._make_desk, self.limits.worker_memory_mib)
            self._starting[seat] = worker
            try:
                worker.about()
            except CardiolexError as error:
                worker.end()
                if self._closed:
                    break
                LOG.error("a worker could not start: %s", error)
                time.sleep(pause)
                pause = min(2 * pause, 30.0)
            else:
                return worker
            finally:
                self._starting[seat] = None
        return None

    def _hand(self, worker: Worker, batch: list[_Ticket]) -> bool:
        """Have `batch` answered; False if the worker is gone."""
        self.counts.batches += 1
        self.counts.batched += len(batch)
        try:
            replies = worker.ask([ticket.job for ticket in batch], self.limits.work_s)
        except WorkerLost as lost:
            self.counts.lost += 1
            LOG.warning("a worker ended; another takes over %d request(s)", len(batch))
            self._again(batch, died=lost.busy)
            return False
        except WorkerLate:
            self.counts.late += 1
            LOG.warning("a worker took more than %g s and was replaced", self.limits.work_s)
            if len(batch) == 1:
                detail = f"took more than {self.limits.work_s:g} s; ask for less at once"
                _deliver(batch[0], problem(504, detail))
            else:
                self._again(batch, died=False)
            return False
        for ticket, reply in zip(batch, replies, strict=True):
            _deliver(ticket, reply)
        return True

    def _again(self, batch: list[_Ticket], died: bool) -> None:
        """Put `batch` back to the head of the queue, to be tried one by one."""
        if died and len(batch) == 1:
            batch[0].deaths += 1
        kept = [ticket for ticket in batch if ticket.deaths < TRIES]
        for ticket in batch:
            ticket.alone = True
            if ticket not in kept:
                _deliver(ticket, problem(500, "the request ended the process that read it, twice"))
        with self._change:
            if not self._closed:
                self._queue.extendleft(reversed(kept))
                self._change.notify_all()
                return
        for ticket in kept:
            _deliver(ticket, problem(503, CLOSING))

    def _take(self, worker: Worker) -> list[_Ticket]:
        """The next batch for `worker`, waiting for one; empty once closed, or if it has ended."""
        with self._change:
            while True:
                while not self._queue and not self._closed and worker.alive:
                    self._change.wait(LOOK_S)
                if self._closed:
                    return []
                if not worker.alive:
                    self.counts.lost += 1
                    LOG.warning("a worker ended while it was idle; another takes its place")
                    return []
                first = self._queue.popleft()
                if self._stands(first):
                    break
            return self._gather(first)

    def _gather(self, first: _Ticket) -> list[_Ticket]:
        """`first`, and others that may go with it: those there, and those that come soon."""
        batch = [first]
        if first.alone or first.job.task not in TOGETHER:
            return batch
        until = time.monotonic() + self.limits.gather_ms / 1000
        while True:
            for ticket in list(self._queue):
                if len(batch) < self.limits.batch and _goes_with(first, ticket):
                    self._queue.remove(ticket)
                    if self._stands(ticket):
                        batch.append(ticket)
            left = until - time.monotonic()
            if len(batch) == self.limits.batch or left <= 0 or self._closed:
                return batch
            self._change.wait(left)

    def _stands(self, ticket: _Ticket) -> bool:
        """Whether somebody still waits for the answer; those who waited too long are told so."""
        if ticket.future.cancelled():
            return False
        if time.monotonic() > ticket.deadline:
            _deliver(ticket, problem(503, f"waited {self.limits.wait_s:g} s in vain; try later"))
            return False
        return True


def _goes_with(first: _Ticket, other: _Ticket) -> bool:
    return other.job.task == first.job.task and not other.alone


def _deliver(ticket: _Ticket, reply: Reply) -> None:
    if ticket.future.set_running_or_notify_cancel():
        ticket.future.set_result(reply)
