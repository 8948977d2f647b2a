"""Requests to the application, and what their answers must be."""

import asyncio
import json
from dataclasses import dataclass, field

import httpx

from cardiolex.recordings.samples import FOLDER
from cardiolex.server.limits import Limits

LIMITS = Limits(
    upload_mib=4,
    unpacked_mib=16,
    longest_s=120.0,
    rate_per_s=1000.0,
    conditions=40,
    work_s=60.0,
    wait_s=120.0,
)


@dataclass
class Client:
    """Requests to an application in this process."""

    app: object
    base: str = "http://127.0.0.1"
    headers: dict = field(default_factory=dict)

    def request(self, method, path, **given):
        return self.together([(method, path, given)])[0]

    def get(self, path, **given):
        return self.request("GET", path, **given)

    def post(self, path, **given):
        return self.request("POST", path, **given)

    def together(self, requests):
        """Responses to requests that are all under way at once."""

        async def send():
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url=self.base, headers=self.headers, timeout=60
            ) as client:
                asked = (client.request(method, path, **more) for method, path, more in requests)
                return await asyncio.gather(*asked)

        return asyncio.run(send())


def upload(*names, folder=FOLDER):
    """Files of the samples as a form carries them."""
    paths = [folder / name for name in names]
    return [("files", (path.name, path.read_bytes())) for path in paths]


ONE = ("ptb-xl/00010_hr.hea", "ptb-xl/00010_hr.dat")


def problem_of(response, status):
    """The problem that a response must be."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = json.loads(response.text)
    assert body["status"] == status
    assert body["detail"]
    return body


WATCH = "\n".join(
    (
        *("Name,Jane Roe", 'Date of Birth,"1959-04-01"', "Recorded Date,2020-05-17 13:14:15 +0100"),
        *("Classification,Sinus Rhythm", "Symptoms,Dizziness", "Software Version,1.90"),
        *('Device,"Watch4,4"', "Sample Rate,512 hertz", "", "", "Lead,Lead I", "Unit,µV", "", ""),
        *(f"{abs(n % 512 - 256) * 4 - 512:.1f}" for n in range(5120)),
    )
).encode()
"""A watch's recording, as it exports it."""
