import json

from made_files import write_csv


def test_facts_are_those_of_the_file(call, sample):
    ended = call("inspect", sample, "--format", "json")
    (facts,) = map(json.loads, ended.out.splitlines())
    assert (ended.status, ended.err) == (0, "")
    assert (facts["record"], facts["fs_hz"], facts["duration_s"]) == ("104", 500.0, 10.0)
    assert len(facts["leads"]) == 12 and facts["unit_known"] and facts["sex"] == "female"


def test_the_table_has_a_line_per_lead_with_its_range(call, tmp_path):
    path = write_csv(tmp_path / "ecg.csv", leads=["I", "V1"])
    lines = call("inspect", path).out.splitlines()
    assert lines[0] == f"ecg  table {path}" and lines[1] == "  500 Hz, 10 s, mV"
    assert lines[2].split() == ["I", "-0.00", "…", "0.60", "good"] or "0.60" in lines[2]
    assert lines[3].split()[0] == "V1" and "-0.60" in lines[3]


def test_bad_signal_is_said(call, tmp_path):
    path = write_csv(tmp_path / "ecg.csv", leads=["I", "V1"], seconds=3)
    head, *rows = path.read_text().split("I,V1\n")
    flat = "\n".join(f"{line.split(',')[0]},0.3" for line in rows[0].splitlines())
    path.write_text(f"{head}I,V1\n{flat}\n")
    ended = call("inspect", path, "--format", "json")
    facts = json.loads(ended.out)
    assert facts["lead_flags"]["V1"] == ["flat"]
    assert any("V1: flat" in warning for warning in facts["warnings"])
    assert any("only 3.0 s long" in warning for warning in facts["warnings"])


def test_damaged_files_are_named_and_the_rest_is_shown(call, ward, tmp_path):
    plots = tmp_path / "plots"
    ended = call("inspect", ward, "--plot", plots)
    assert ended.status == 1
    shown = [line.split()[0] for line in ended.out.splitlines() if line[:1].strip()]
    assert shown == ["00010_hr", "A0023", "holter"]
    assert sorted(path.stem for path in plots.iterdir()) == shown
    assert ended.err.endswith(f"cardiolex: 1 of 4 not done:\n  {ward / 'broken.hea'}\n")


def test_main_measurements_are_given_with_a_caution(call, sample, tmp_path):
    facts = json.loads(call("inspect", sample, "--format", "json").out)["measurements"]
    assert 40 < facts["heart_rate"] < 150 and 50 < facts["qrs_duration"] < 200
    assert "physician" in facts["note"]
    short = write_csv(tmp_path / "ecg.csv", leads=["V1"], seconds=1)
    text = call("inspect", short).out
    assert "QRS axis not measurable" in text and "to be checked by a physician" in text
