"""The server under load, on loopback only: response times and requests a second.

It starts a server of its own on a free port, sends a bounded number of requests from 1, 4 and 16
clients that each ask again as soon as they are answered, and ends it. The clients share the
machine's cores with the server. Processor time of the server a request (Linux) says something on a
busy machine too.
"""

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy as np
from measuring import Figure, main

from cardiolex.recordings.samples import FOLDER

CONDITIONS = "atrial fibrillation; left bundle branch block; normal ecg; sinus bradycardia"
FILES = ("ptb-xl/00010_hr.hea", "ptb-xl/00010_hr.dat")
CLIENTS = (1, 4, 16)
ASKED = {"12 leads": "", "lead I": "I"}


def measure(options: argparse.Namespace) -> list[Figure]:
    """Upload one WFDB record again and again, with the bundled model (or `--model`)."""
    command = [sys.executable, "-m", "cardiolex", "serve", "--port", "0", "--rate", "100000"]
    command += ["--model", str(options.model)] * bool(options.model)
    environment = {key: value for key, value in os.environ.items() if key != "CARDIOLEX_TOKEN"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as server:
        try:
            assert server.stdout is not None
            url = next(line.split()[1] for line in server.stdout if line.startswith("serving "))
            return [
                figure
                for label, leads in ASKED.items()
                for clients in CLIENTS
                for figure in _load(
                    url, server.pid, label, leads, clients, 24 if options.quick else 240
                )
            ]
        finally:
            server.terminate()


def _load(
    url: str, server: int, label: str, leads: str, clients: int, requests: int
) -> list[Figure]:
    before = _processor_s(server)
    times, elapsed = asyncio.run(_ask(url, leads, clients, requests))
    spent = (_processor_s(server) - before) / (requests + 1)  # one more warms up
    case = f"{label}, {clients} client{'s' * (clients > 1)}"
    p50, p95, p99 = np.percentile(times, [50, 95, 99]) * 1000
    note = f"p95 {p95:.0f} ms, p99 {p99:.0f} ms, {requests} requests"
    return [
        Figure("serve", f"{case}, p50", float(p50), "ms", note),
        Figure("serve", case, requests / elapsed, "requests/s"),
        Figure("serve", f"{case}, processor time a request", spent * 1000, "ms"),
    ]


def _processor_s(server: int) -> float:
    """Processor time of the server and its workers so far, in seconds; NaN but on Linux."""
    ticks = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            fields = stat.read_text().rpartition(")")[2].split()
            if server in (int(stat.parent.name), int(fields[1])):
                ticks.append(int(fields[11]) + int(fields[12]))
    return sum(ticks) / os.sysconf("SC_CLK_TCK") if ticks else float("nan")


async def _ask(url: str, leads: str, clients: int, requests: int) -> tuple[list[float], float]:
    """Seconds of each request, and of all together."""
    files = [("files", (name, (FOLDER / name).read_bytes())) for name in FILES]
    files = [(field, (name.rpartition("/")[2], content)) for field, (name, content) in files]
    times: list[float] = []
    left = iter(range(requests))

    async def client(connection: httpx.AsyncClient) -> None:
        for _ in left:
            began = time.perf_counter()
            response = await connection.post(
                f"{url}/v1/interpret", files=files, data={"conditions": CONDITIONS, "leads": leads}
            )
            response.raise_for_status()
            times.append(time.perf_counter() - began)

    async with httpx.AsyncClient(timeout=120) as connection:
        await connection.post(f"{url}/v1/interpret", files=files, data={"conditions": CONDITIONS})
        began = time.perf_counter()
        await asyncio.gather(*(client(connection) for _ in range(clients)))
        return times, time.perf_counter() - began


if __name__ == "__main__":
    main(measure, model="")
