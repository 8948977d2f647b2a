"""Requests of strangers: hostile files, floods, foreign names. Each ends in a clear problem."""

import io
import json
import logging
import pickle
import zipfile

import numpy as np
import pytest
from server_calls import LIMITS, ONE, Client, problem_of, upload

from cardiolex.recordings.samples import FOLDER
from cardiolex.server.app import make_app
from cardiolex.server.guards import Access, Rates
from cardiolex.server.limits import Limits
from cardiolex.server.running import LOCAL


def sent(client, name, content, **form):
    return client.post("/v1/inspect", files=[("files", (name, content))], data=form)


@pytest.mark.parametrize(
    "name", ["../evil.csv", "/etc/evil.csv", "a\\b.csv", ".hidden", "x" * 200, "C:evil"]
)
def test_names_with_folders_are_refused(client, name):
    response = sent(client, name, b"I,II\n1,2\n")
    assert "name" in problem_of(response, 422)["detail"]


def test_a_header_reads_no_file_outside_its_upload(client):
    for target in ("../../../etc/passwd", "/etc/passwd"):
        header = f"x 1 500 1000\n{target} 16 200/mV 16 0 0 0 0 I\n".encode()
        detail = problem_of(sent(client, "x.hea", header), 422)["detail"]
        assert "own folder" in detail or "no field" in detail or "x.hea" in detail
        assert "root:" not in detail


def test_problems_name_no_path_of_the_server(client):
    for files in (upload("ptb-xl/00010_hr.hea"), upload("ptb-xl/00010_hr.dat")):
        detail = problem_of(client.post("/v1/inspect", files=files), 422)["detail"]
        assert "00010_hr" in detail
        assert "/tmp" not in detail
        assert "cardiolex-" not in detail


def test_files_of_two_recordings_are_refused(client):
    files = upload(*ONE, "ptb-xl/00138_hr.hea", "ptb-xl/00138_hr.dat")
    assert "2 recordings" in problem_of(client.post("/v1/interpret", files=files), 422)["detail"]
    twice = [*upload(*ONE), *upload(ONE[1])]
    assert "two files" in problem_of(client.post("/v1/interpret", files=twice), 422)["detail"]


def test_a_zip_bomb_is_refused(client):
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("mv.npy", "w", force_zip64=True) as member,
    ):
        shape = {"descr": "<f4", "fortran_order": False, "shape": (10, 500_000)}
        np.lib.format.write_array_header_1_0(member, shape)
        for _ in range(5):
            member.write(bytes(4_000_000))
    assert len(packed.getvalue()) < 2_000_000
    assert "unpacks to" in problem_of(sent(client, "x.npz", packed.getvalue()), 422)["detail"]


def packed_files(*members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def test_an_archive_of_one_recordings_files_is_unpacked(client):
    files = [(f"ward/{path}", (FOLDER / path).read_bytes()) for path in ONE]
    litter = [("__MACOSX/ward/._x.hea", b"x"), ("ward/.DS_Store", b"x")]
    body = sent(client, "x.zip", packed_files(*files, *litter)).json()
    assert (body["record"], len(body["leads"])) == ("00010_hr", 12)


def test_archives_that_climb_lie_or_hold_too_much_are_refused(client):
    climbing = packed_files(("../../evil.csv", b"I,II\n1,2\n"))
    assert "evil.csv" in problem_of(sent(client, "x.zip", climbing), 422)["detail"]  # as a file
    many = packed_files(*((f"{n}.csv", b"I\n1\n") for n in range(17)))
    assert "17 files" in problem_of(sent(client, "x.zip", many), 422)["detail"]
    large = bytearray(packed_files(("x.csv", bytes(20 << 20))))
    assert len(large) < 1 << 20
    assert "unpacks to" in problem_of(sent(client, "x.zip", bytes(large)), 422)["detail"]
    for place in (22, large.rindex(b"PK\x01\x02") + 24):  # both heads say that it is small
        large[place : place + 4] = (1000).to_bytes(4, "little")
    problem_of(sent(client, "x.zip", bytes(large)), 422)
    twice = packed_files(*((f"{n}/{path}", b"x") for n in (1, 2) for path in ONE))
    assert "two files" in problem_of(sent(client, "x.zip", twice), 422)["detail"]


def test_an_xml_bomb_is_refused(client):
    lines = ['<!DOCTYPE x [<!ENTITY a "ha">']
    lines += [
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    content = '<?xml version="1.0"?>' + "".join(lines) + "]><AnnotatedECG>&i;</AnnotatedECG>"
    problem_of(sent(client, "x.xml", content.encode()), 422)


def test_nothing_is_unpickled(client):
    class Evil:
        def __reduce__(self):
            return eval, ("__import__('os')._exit(3)",)

    array = io.BytesIO()
    np.save(array, np.array([Evil()], dtype=object), allow_pickle=True)
    for name, content in (("x.npy", array.getvalue()), ("x.pkl", pickle.dumps(Evil()))):
        problem_of(sent(client, name, content, fs="500"), 422)


@pytest.mark.parametrize("fs", [1e-300, 0, -1, 1e308, "NaN"])
def test_impossible_rates_are_refused(client, fs):
    content = "I,II\n" + "0.1,0.2\n" * 1000
    problem_of(sent(client, "x.csv", content.encode(), fs=str(fs)), 422)
    signal = {"channels": {"I": [0.1] * 1000}, "fs": fs}
    problem_of(
        client.post("/v1/inspect", content=json.dumps({"signal": signal}), headers=JSON), 422
    )


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", "1e999", '"x"', "null", "1e30", "0"]
)
def test_floods_of_what_is_no_voltage(client, value):
    body = f'{{"signal": {{"fs": 500, "channels": {{"I": [{", ".join([value] * 5000)}]}}}}}}'
    response = client.post("/v1/interpret", content=body, headers=JSON)
    problem_of(response, 422)


def test_nan_floods_in_files(client):
    content = io.BytesIO()
    np.savez(content, mv=np.full((2, 5000), np.nan, np.float32), fs=500, leads=["I", "II"])
    assert "missing" in problem_of(sent(client, "x.npz", content.getvalue()), 422)["detail"]


def test_too_long_too_large_too_many(client):
    flat = {"channels": {"I": [0.1] * 5000}, "fs": 20}
    problem_of(client.post("/v1/interpret", json={"signal": flat}), 422)  # 250 s
    many = {"sample": "ludb/104", "conditions": [f"condition {n}" for n in range(41)]}
    problem_of(client.post("/v1/interpret", json=many), 422)
    large = bytes(LIMITS.upload_mib * 2**20 + 1)
    problem_of(client.post("/v1/interpret", content=large, headers=JSON), 413)

    async def pieces():
        for _ in range(5):
            yield bytes(2**20)

    problem_of(client.post("/v1/interpret", content=pieces(), headers=JSON), 413)
    files = [("files", (f"{n}.csv", b"I\n1\n")) for n in range(17)]
    problem_of(client.post("/v1/interpret", files=files), 422)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"sample": 3}', b'{"x": 1}', b'{"leads": ["nose"]}', b"\xff"],
)
def test_bodies_that_are_no_request(client, body):
    problem_of(client.post("/v1/interpret", content=body, headers=JSON), 422)


def test_other_media_types_paths_and_methods(client):
    problem_of(
        client.post("/v1/interpret", content=b"x", headers={"Content-Type": "text/xml"}), 415
    )
    problem_of(client.post("/v1/interpret"), 415)
    broken = {"Content-Type": "multipart/form-data"}
    problem_of(client.post("/v1/interpret", content=b"x", headers=broken), 422)
    problem_of(client.get("/v1/nothing"), 404)
    problem_of(client.get("/v1/interpret"), 405)
    problem_of(client.get("/../../etc/passwd"), 404)
    problem_of(client.get("/%2e%2e/%2e%2e/pyproject.toml"), 404)
    problem_of(client.post("/v1/interpret?format=pdf", json={"sample": "ludb/104"}), 422)
    problem_of(client.post("/v1/interpret", json={"sample": "../../ludb/104"}), 422)


def test_a_token_is_asked_for_where_there_is_one(crew):
    app = make_app(crew, crew.about, Access(token="long and random"), LIMITS)
    given = {"Authorization": "Bearer long and random"}
    problem_of(Client(app).get("/v1/model"), 401)
    problem_of(Client(app, headers={"Authorization": "Bearer wrong"}).get("/v1/model"), 401)
    problem_of(
        Client(app, headers={"Authorization": "Basic long and random"}).get("/v1/model"), 401
    )
    assert Client(app, headers=given).get("/v1/model").status_code == 200
    assert Client(app).get("/v1/health").status_code == 200
    assert Client(app).get("/").status_code == 200  # the page asks for the token
    described = Client(app).get("/v1/openapi.json").json()
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_a_loopback_server_answers_to_loopback_names_and_its_own_page_alone(crew):
    app = make_app(crew, crew.about, Access(hosts=LOCAL), LIMITS)
    for base in ("http://localhost:8000", "http://127.0.0.1", "http://[::1]:8000"):
        assert Client(app, base).get("/v1/health").status_code == 200
    problem_of(Client(app, "http://attacker.example").get("/v1/samples"), 403)
    foreign = Client(app, headers={"Origin": "http://attacker.example"})
    problem_of(foreign.post("/v1/inspect", json={"sample": "ludb/104"}), 403)
    own = Client(app, headers={"Origin": "http://127.0.0.1"})
    assert own.get("/v1/samples").status_code == 200


def test_rates_are_bounded_by_client():
    rates = Rates(2.0)
    assert [rates.admit("a", now=0.0) for _ in range(5)] == [True] * 4 + [False]
    assert rates.admit("b", now=0.0)
    assert rates.admit("a", now=0.6)
    assert not rates.admit("a", now=0.6)


def test_who_asks_too_often_is_told_when_to_come_again(crew):
    client = Client(make_app(crew, crew.about, Access(), Limits(rate_per_s=0.5)))
    assert client.get("/v1/samples").status_code == 200
    response = client.get("/v1/samples")
    problem_of(response, 429)
    assert response.headers["retry-after"] == "1"


def test_the_page_may_run_and_load_nothing_but_its_own(client):
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert client.get("/v1/samples").headers["cache-control"] == "no-store"


def test_an_error_of_the_server_says_neither_client_nor_log_what_it_held(crew, caplog, capfd):
    class Broken:
        counts, waiting, pids = crew.counts, 0, ()

        def submit(self, job):
            raise RuntimeError("Secretperson")

    logging.getLogger("cardiolex.server").propagate = True
    client = Client(make_app(Broken(), crew.about, Access(), LIMITS))
    response = client.post("/v1/inspect", json={"sample": "ludb/104"})
    assert "RuntimeError" in problem_of(response, 500)["detail"]
    assert "RuntimeError at test_strangers.py" in caplog.text
    assert "Secretperson" not in response.text + caplog.text + "".join(capfd.readouterr())


def test_who_goes_away_is_not_worked_for(client):
    import asyncio

    async def leave():
        sent = []
        body = {"type": "http.request", "body": b'{"sample": "ludb/104"}', "more_body": False}
        messages = iter((body,))

        async def receive():
            return next(messages, {"type": "http.disconnect"})

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/interpret",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
        }

        async def send(message):
            sent.append(message)

        await client.app(scope, receive, send)
        return sent

    assert asyncio.run(leave())[0]["status"] == 499


def test_no_patient_data_in_the_log(served):
    import httpx

    slow = httpx.Client(timeout=120)
    header = (FOLDER / ONE[0]).read_bytes() + b"# Patient: Secretperson\n"
    named = header.replace(b"00010_hr", b"Secretperson")
    signal = (FOLDER / ONE[1]).read_bytes()
    files = [("files", ("Secretperson.hea", named)), ("files", ("Secretperson.dat", signal))]
    url = f"{served.url}/v1/interpret"
    good = slow.post(url, files=files, data={"conditions": "does Secretperson have af"})
    assert good.json()["record"] == "Secretperson"
    bad = slow.post(url, files=files[:1])
    assert "Secretperson" in bad.json()["detail"]
    slow.get(f"{served.url}/v1/conditions", params={"text": "Secretperson"})
    slow.get(f"{served.url}/v1/Secretperson")
    slow.post(f"{url}?format=Secretperson", json={"sample": "Secretperson"})
    slow.post(url, content=b'{"Secretperson": 1', headers=JSON)
    log = "".join(served.lines)
    assert "POST /v1/interpret 200" in log
    assert "POST /v1/interpret 422" in log
    assert "Secretperson" not in log
    assert log.isascii()
