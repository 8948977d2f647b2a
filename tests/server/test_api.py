"""What the API answers, compared with what the library answers."""

import csv
import io
import os
import signal
import time

import numpy as np
import pytest
from server_calls import ONE, WATCH, problem_of, upload

from cardiolex import read
from cardiolex.recordings.samples import FOLDER, samples
from cardiolex.server import answers

ASKED = ["sinus rhythm", "lbbb", "a purple elephant"]


def library(model, path, conditions=ASKED, leads=None):
    findings = model.interpret(read(path), conditions, leads=leads)
    return [row.probability for row in findings]


def probabilities(response):
    assert response.status_code == 200, response.text
    return [row["probability"] for row in response.json()["findings"]]


@pytest.mark.parametrize("leads", [None, ["I"], ["II", "V1"]])
def test_a_file_a_sample_and_numbers_get_the_answers_of_the_library(client, model, leads):
    recording = read(FOLDER / ONE[0])
    channels = {
        lead: [float(value) for value in row]
        for lead, row in zip(recording.leads, recording.mv, strict=True)
    }
    form = {"conditions": ";".join(ASKED), "leads": ",".join(leads or [])}
    options = {"conditions": ASKED, "leads": leads}
    responses = [
        client.post("/v1/interpret", files=upload(*ONE), data=form),
        client.post("/v1/interpret", json={"sample": "ptb-xl/00010_hr", **options}),
        client.post(
            "/v1/interpret", json={"signal": {"channels": channels, "fs": recording.fs}, **options}
        ),
    ]
    expected = library(model, FOLDER / ONE[0], leads=leads)
    for response in responses:
        assert probabilities(response) == pytest.approx(expected, abs=1e-5)
        answers.Interpretation.model_validate(response.json())
    body = responses[0].json()
    assert body["leads"] == (leads or list(recording.leads))
    assert [row["name"] for row in body["findings"]] == [
        "sinus rhythm",
        "left bundle branch block",
        None,
    ]


def test_requests_of_one_batch_get_the_answers_that_each_would_get_alone(client, crew, model):
    chosen = samples()[:6]
    conditions = [[*ASKED, sample.conditions[0]] for sample in chosen]
    requests = [
        (
            "POST",
            "/v1/interpret",
            {"json": {"sample": f"{s.path.parent.name}/{s.path.stem}", "conditions": asked}},
        )
        for s, asked in zip(chosen, conditions, strict=True)
    ]
    spoilt = ("POST", "/v1/interpret", {"files": [("files", ("x.csv", b"I,II\n1,oops\n"))]})
    before = crew.counts.batches, crew.counts.batched
    *responses, bad = client.together([*requests, spoilt])
    batches, batched = crew.counts.batches - before[0], crew.counts.batched - before[1]
    assert batched == 7
    assert batches < 7
    for sample, asked, response in zip(chosen, conditions, responses, strict=True):
        expected = library(model, sample.path, asked)
        assert probabilities(response) == pytest.approx(expected, abs=1e-5)
    problem_of(bad, 422)


def test_a_killed_worker_loses_no_request(client, crew, model):
    until = time.monotonic() + 60
    while len(crew.pids) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    lost = crew.counts.lost
    request = ("POST", "/v1/interpret", {"json": {"sample": "ludb/104", "conditions": ASKED}})
    kill = os.kill
    victim = crew.pids[0]

    async def killing(scope, receive, send):
        if scope["path"] == "/kill":
            kill(victim, signal.SIGKILL)
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})
        else:
            await client.app(scope, receive, send)

    requests = [request] * 12
    requests.insert(6, ("POST", "/kill", {}))
    responses = type(client)(killing).together(requests)
    expected = library(model, FOLDER / "ludb/104.hea")
    for response in responses[:6] + responses[7:]:
        assert probabilities(response) == pytest.approx(expected, abs=1e-5)
    while crew.counts.lost == lost and time.monotonic() < until:
        time.sleep(0.05)
    assert crew.counts.lost == lost + 1


def test_csv(client):
    response = client.post(
        "/v1/interpret?format=csv", json={"sample": "ludb/104", "conditions": ASKED}
    )
    assert response.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["condition"] for row in rows] == ASKED
    assert {row["record"] for row in rows} == {"104"}
    assert all(0 <= float(row["probability"]) <= 1 for row in rows)


def test_inspect_returns_the_signal_in_microvolts(client):
    recording = read(FOLDER / ONE[0])
    form = {"with_signal": "true", "from_s": "2", "seconds": "1.5", "leads": "V2 II"}
    body = client.post("/v1/inspect", files=upload(*ONE), data=form).json()
    answers.Inspection.model_validate(body)
    assert list(body["signal"]["microvolts"]) == ["II", "V2"]
    row = recording.mv[recording.leads.index("V2"), 1000:1750]
    assert np.abs(np.array(body["signal"]["microvolts"]["V2"]) / 1000 - row).max() < 0.0006
    assert body["fs_hz"] == 500
    rate = next(one for one in body["measurements"] if one["name"] == "heart_rate")
    assert rate["unit"] == "/min"
    assert 30 < rate["value"] < 200


def test_inspect_tells_what_was_understood_and_what_was_not(client):
    response = client.post("/v1/inspect", files=[("files", ("ecg.csv", WATCH))])
    body = response.json()
    answers.Inspection.model_validate(body)
    assert "Sinus Rhythm" in body["report"]
    assert "Dizziness" in body["details"].values()
    assert any("name" in what for what in body["not_read"])
    assert "Jane" not in response.text


def test_what_a_file_does_not_say_can_be_stated(client):
    recording, content = read(FOLDER / ONE[0]), io.BytesIO()
    np.save(content, recording.mv[[7, 1]])
    files = [("files", ("x.npy", content.getvalue()))]
    detail = problem_of(client.post("/v1/inspect", files=files, data={"fs": "500"}), 422)["detail"]
    assert "state `channels`" in detail
    stated = {"fs": "500", "unit": "mV", "channels": "V2 II", "with_signal": "true"}
    body = client.post("/v1/inspect", files=files, data=stated).json()
    assert body["leads"] == ["II", "V2"] and body["unit_known"]
    assert body["signal"]["microvolts"]["V2"][0] == round(1000 * float(recording.mv[7, 0]))


def test_missing_samples_stay_missing(client):
    wave = [float(np.sin(n / 10)) for n in range(1000)]
    channels = {"I": [None, *wave[1:]], "V1": wave, "II": [None] * 1000}
    signal = {"channels": channels, "fs": 250, "unit": "uV"}
    body = client.post("/v1/inspect", json={"signal": signal, "with_signal": True}).json()
    assert body["signal"]["microvolts"]["I"][0] is None
    found = client.post("/v1/interpret", json={"signal": signal}).json()
    assert found["leads"] == ["I", "V1"]  # a lead without a sample is absent


def test_embed_and_search(client, model):
    body = client.post("/v1/embed", json={"sample": "ludb/104"}).json()
    answers.Embedding.model_validate(body)
    expected = model.embed([read(FOLDER / "ludb/104.hea")])[0]
    assert np.abs(np.array(body["embedding"]) - expected).max() < 1e-5
    first = samples()[0]
    found = client.post("/v1/search", files=upload(*ONE), data={"top": "2"}).json()
    answers.Found.model_validate(found)
    assert [hit["rank"] for hit in found["hits"] if hit["kind"] == "recording"] == [1, 2]
    assert found["hits"][0]["id"] == first.path.stem
    assert found["hits"][0]["similarity"] == pytest.approx(1, abs=1e-4)
    words = client.post("/v1/search", json={"text": "atrial fibrillation", "top": 1})
    assert words.status_code == 200
    problem_of(client.post("/v1/search", json={"text": "af", "sample": "ludb/104"}), 422)
    problem_of(client.post("/v1/search", json={"top": 3}), 422)


def test_what_was_no_label_in_training_comes_with_the_nearest_that_was(client, model):
    asked = ["atrial fibrillation", "sinus rhythm", "a purple elephant"]
    body = client.post("/v1/interpret", json={"sample": "ludb/104", "conditions": asked}).json()
    seen, known, unknown = body["findings"]
    assert seen["seen"] and seen["nearest"] == []
    assert known["name"] == "sinus rhythm" and not known["seen"]
    for row in (known, unknown):
        terms = [(one["name"], pytest.approx(one["cosine"])) for one in row["nearest"]]
        assert model.nearest_terms(row["condition"]) == terms
        assert {name for name, _ in terms} == model.terms.seen


def test_which_leads_suffice(client, model):
    asked = {"condition": "sinus rhythm", "leads": ["I", "II", "V1", "V5"], "within": 0.02}
    response = client.post("/v1/sufficient-leads", json={"sample": "ludb/104", **asked})
    body = response.json()
    answers.SufficientLeads.model_validate(body)
    chosen = read(FOLDER / "ludb/104.hea")
    expected = model.sufficient_leads(chosen, "sinus rhythm", leads=asked["leads"], within=0.02)
    assert (tuple(body["leads"]), body["tried"]) == (expected.leads, expected.tried)
    assert abs(body["probability"] - body["whole"]) <= 0.02 or len(body["leads"]) == 4
    channels = {"I": [float(np.sin(n / 10)) for n in range(100 * 61)]}
    long = {"signal": {"channels": channels, "fs": 100}, "condition": "af"}
    assert "cut out" in problem_of(client.post("/v1/sufficient-leads", json=long), 422)["detail"]


def test_explain(client, model):
    body = client.post(
        "/v1/explain",
        json={"sample": "ludb/104", "condition": "atrial fibrillation", "leads": ["II"]},
    ).json()
    answers.Explained.model_validate(body)
    expected = model.explain(read(FOLDER / "ludb/104.hea"), "atrial fibrillation", leads=["II"])
    relevance = np.array(body["relevance"], dtype=float)
    row = body["leads"].index("II")
    assert np.isnan(np.delete(relevance, row, axis=1)).all()
    assert relevance[:, row] == pytest.approx(expected.relevance[:, row], abs=1e-4)
    assert body["deletion"]["passed"] == expected.deletion.passed
    assert body["deletion"]["marked_fall"] == pytest.approx(expected.deletion.marked, abs=1e-4)


def test_conditions_are_found_by_their_wordings(client):
    every = client.get("/v1/conditions").json()
    answers.Conditions.model_validate(every)
    assert len(every["conditions"]) > 100
    found = client.get("/v1/conditions", params={"text": "AFib"}).json()
    assert found["resolved"] == found["conditions"][0]["name"] == "atrial fibrillation"
    assert "164889003" in found["conditions"][0]["codes"]["snomed"]


def test_model_samples_health_ready_metrics(client):
    card = client.get("/v1/model").json()
    answers.Model.model_validate(card)
    assert card["model"] == "sharp 1.0"
    assert card["window_s"] == 10
    listed = client.get("/v1/samples").json()["samples"]
    assert len(listed) == len(samples())
    assert client.get("/v1/health").json() == {"status": "alive"}
    assert client.get("/v1/ready").json() == {"status": "ready"}
    text = client.get("/v1/metrics").text
    assert 'cardiolex_requests_total{method="GET",route="/v1/health",status="200"}' in text
    assert "cardiolex_batches_total" in text


def test_the_front_needs_no_torch():
    import subprocess
    import sys

    code = "import sys, cardiolex.server.running; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
