"""A desk without a model, that does what a job's options say."""

import os
import signal
import time
from dataclasses import dataclass

from cardiolex.errors import CardiolexError


@dataclass
class FakeDesk:
    """Echoes, sleeps, dies."""

    def about(self):
        return {"pid": os.getpid()}

    def answer(self, jobs):
        return [self._one(job, len(jobs)) for job in jobs]

    def _one(self, job, together):
        wanted = dict(job.options)
        time.sleep(wanted.get("seconds", 0))
        if wanted.get("die"):
            os.kill(os.getpid(), signal.SIGKILL)
        return {"answer": {"echo": wanted.get("echo"), "together": together, "pid": os.getpid()}}


def broken():
    """A desk that cannot be opened."""
    raise CardiolexError("no such checkpoint folder")
