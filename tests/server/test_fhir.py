"""Findings as FHIR R4, checked by fhir.resources.

Its R4B models stand for R4 here: Bundle, DiagnosticReport and Observation have the same elements
in 4.0.1 and 4.3.0.
"""

import numpy as np
import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.diagnosticreport import DiagnosticReport
from fhir.resources.R4B.observation import Observation

from cardiolex.server.fhir import LOINC, MEASURED, SNOMED

ASKED = ["atrial fibrillation", "a purple elephant"]


@pytest.fixture(scope="module")
def bundle(client):
    body = {"sample": "ptb-xl/00010_hr", "conditions": ASKED, "leads": ["I", "II"]}
    response = client.post("/v1/interpret?format=fhir", json=body)
    assert response.headers["content-type"] == "application/fhir+json"
    return response.json()


def resources(bundle, kind):
    found = [entry["resource"] for entry in bundle["entry"]]
    return [resource for resource in found if resource["resourceType"] == kind]


def test_every_resource_is_valid(bundle):
    Bundle.model_validate(bundle)
    (report,) = resources(bundle, "DiagnosticReport")
    DiagnosticReport.model_validate(report)
    for observation in resources(bundle, "Observation"):
        Observation.model_validate(observation)


def test_the_report_names_every_observation_once(bundle):
    (report,) = resources(bundle, "DiagnosticReport")
    addresses = [entry["fullUrl"] for entry in bundle["entry"][1:]]
    assert [result["reference"] for result in report["result"]] == addresses
    assert len(set(addresses)) == len(addresses) > len(ASKED)
    assert report["status"] == "preliminary"
    assert "not a medical device" in report["conclusion"]


def test_a_condition_carries_the_codes_of_the_vocabulary_or_its_words(bundle):
    known, unknown = resources(bundle, "Observation")[:2]
    codes = {(one["system"], one["code"]) for one in known["code"]["coding"]}
    assert (SNOMED, "164889003") in codes  # atrial fibrillation on an electrocardiogram
    assert ("urn:cardiolex:scp-ecg", "AFIB") in codes
    assert unknown["code"] == {"text": "a purple elephant"}
    assert isinstance(known["valueBoolean"], bool)
    probability = known["component"][0]["valueQuantity"]["value"]
    threshold = known["component"][1]["valueQuantity"]["value"]
    assert known["valueBoolean"] == (probability >= threshold)
    assert "never a label in training" in unknown["note"][0]["text"]


def test_measurements_are_observations_too(bundle):
    rates = [
        one
        for one in resources(bundle, "Observation")
        if one["code"].get("coding", [{}])[0].get("system") == LOINC
        and one["code"]["coding"][0]["code"] == "8867-4"
    ]
    assert len(rates) == 1
    assert rates[0]["valueQuantity"]["code"] == "/min"
    assert 40 < rates[0]["valueQuantity"]["value"] < 150


def test_every_measurable_value_is_there_with_a_code_or_in_words(bundle, client):
    facts = client.post("/v1/inspect", json={"sample": "ptb-xl/00010_hr", "leads": ["I", "II"]})
    values = {m["name"]: m["value"] for m in facts.json()["measurements"] if m["value"] is not None}
    told = {one["code"]["text"]: one for one in resources(bundle, "Observation")[len(ASKED) :]}
    assert set(told) == {name.replace("_", " ") for name in values}
    assert {"qtc bazett", "p duration"} <= set(told)
    assert "coding" not in told["p duration"]["code"]
    assert told["qtc bazett"]["code"]["coding"][0]["code"] == "76635-2"
    assert told["p duration"]["valueQuantity"]["value"] == pytest.approx(
        values["p_duration"], abs=0.05
    )
    assert told["heart rate"]["category"][0]["coding"][0]["code"] == "vital-signs"


@pytest.mark.parametrize("code", [code for code, _ in MEASURED.values()])
def test_codes_of_loinc_have_their_check_digit(code):
    """The last digit is Luhn's, as LOINC's guide says (appendix on check digits)."""
    number, digit = code.split("-")
    doubled = [int(n) * (2 - place % 2) for place, n in enumerate(reversed(number))]
    assert (sum(n // 10 + n % 10 for n in doubled) + int(digit)) % 10 == 0


def test_where_nothing_can_be_decided_the_reason_stands_instead(client):
    """Noise: no beat, no decision, in every format."""
    noise = np.random.default_rng(0).normal(0, 2, (2, 5000)).round(3).tolist()
    signal = {"channels": dict(zip(("I", "II"), noise, strict=True)), "fs": 500}
    body = {"signal": signal, "conditions": ASKED}
    answer = client.post("/v1/interpret", json=body).json()
    assert [row["decision"] for row in answer["findings"]] == [None, None]
    assert answer["warnings"][0].endswith("nothing is decided")
    lines = client.post("/v1/interpret?format=csv", json=body).text.splitlines()
    assert [line.split(",")[3] for line in lines[1:]] == ["", ""]
    bundle = client.post("/v1/interpret?format=fhir", json=body).json()
    Bundle.model_validate(bundle)
    for observation in resources(bundle, "Observation")[: len(ASKED)]:
        Observation.model_validate(observation)
        assert "valueBoolean" not in observation and observation["dataAbsentReason"]
    (report,) = resources(bundle, "DiagnosticReport")
    assert report["conclusion"].startswith("Nothing was decided.")
