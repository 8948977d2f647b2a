import json
from dataclasses import replace

import pytest
from recordings.making import strip

from cardiolex.errors import CardiolexError
from cardiolex.findings import Finding, Findings, findings_frame
from cardiolex.plots.ecg_paper import ecg_paper


def row(condition, probability, threshold=0.5, query=None, seen=True):
    return Finding(
        condition=condition,
        query=query or condition,
        probability=probability,
        decision=probability >= threshold,
        threshold=threshold,
        seen=seen,
        calibrated=seen,
        window_probabilities=(probability,),
    )


ROWS = (
    row("AF", 0.3, 0.2, query="atrial fibrillation"),
    row("sinus rhythm", 0.7, 0.8),
    row("purple heart", 0.9, seen=False),
    row("LBBB", 0.1, query="left bundle branch block"),
)


@pytest.fixture
def findings():
    return Findings(
        recording=replace(strip(), source="WFDB /ward/strip.hea"),
        leads=("I", "II"),
        rows=ROWS,
        warnings=("II: noisy",),
        model="tiny 1.0",
    )


def test_rows_come_in_the_order_asked(findings):
    assert [r.condition for r in findings] == ["AF", "sinus rhythm", "purple heart", "LBBB"]
    assert len(findings) == 4


def test_what_is_present_comes_first_then_the_likelier(findings):
    """A low threshold can make a less probable condition the one that is present."""
    order = ["purple heart", "AF", "sinus rhythm", "LBBB"]
    assert [r.condition for r in findings.ranked()] == order
    assert [r.condition for r in findings.positive()] == order[:2]


def test_a_row_is_found_by_the_words_asked_or_the_query(findings):
    assert findings["AF"] is findings["atrial fibrillation"] is ROWS[0]
    with pytest.raises(CardiolexError, match="'flutter' was not asked of 'strip'; asked: 'AF', 's"):
        findings["flutter"]


def test_plain_data_goes_through_json(findings):
    data = json.loads(json.dumps(findings.to_dict()))
    assert data["record"] == "strip" and data["source"] == "WFDB /ward/strip.hea"
    assert data["leads"] == ["I", "II"] and data["model"] == "tiny 1.0"
    assert data["warnings"] == ["II: noisy"] and data["window_starts_s"] == [0.0]
    assert data["findings"][0] == {
        "condition": "AF",
        "query": "atrial fibrillation",
        "probability": 0.3,
        "decision": True,
        "threshold": 0.2,
        "seen": True,
        "calibrated": True,
        "window_probabilities": [0.3],
    }


def test_frames_are_long(findings):
    other = replace(findings, recording=replace(strip(), id="b"), rows=ROWS[:1])
    frame = findings_frame([findings, other])
    columns = ["record", "condition", "probability", "decision", "leads"]
    assert list(frame.columns)[:5] == columns
    assert list(frame["record"]) == ["strip"] * 4 + ["b"]
    assert list(frame["decision"]) == [1, 0, 1, 0, 1]
    assert set(frame["leads"]) == {"I II"}
    assert list(frame["seen"]) == [True, True, False, True, True]
    assert findings.to_frame().equals(frame[:4])
    assert list(findings_frame([]).columns)[:5] == columns and findings_frame([]).empty


@pytest.mark.parametrize(("name", "magic"), [("a.png", b"\x89PNG"), ("a.pdf", b"%PDF")])
def test_pictures_are_written_whole(findings, tmp_path, name, magic):
    path = findings.plot(tmp_path / "new" / name)
    assert path == tmp_path / "new" / name
    assert path.read_bytes().startswith(magic) and path.stat().st_size > 10_000
    assert [file.name for file in path.parent.iterdir()] == [name]


def test_a_picture_shows_the_used_leads_and_what_is_present(findings, tmp_path, monkeypatch):
    drawn = []

    def draw(recording, findings):
        drawn.append((recording, findings))
        return ecg_paper(recording, findings=findings)

    monkeypatch.setattr("cardiolex.plots.ecg_paper.ecg_paper", draw)
    findings.plot(tmp_path / "a.png")
    ((recording, lines),) = drawn
    assert recording.leads == ("I", "II")
    assert lines == ["purple heart 0.90", "AF 0.30"]
    findings.plot(tmp_path / "a.png", most=1)
    assert drawn[-1][1] == ["purple heart 0.90"]
    replace(findings, rows=ROWS[3:]).plot(tmp_path / "a.png")
    assert drawn[-1][1] == ["no asked condition found"]


def test_derived_leads_are_drawn_and_marked(tmp_path):
    two = strip().select(["I", "II"])
    findings = Findings(two, ("aVF",), ROWS, (), "tiny 1.0")
    svg = findings.plot(tmp_path / "a.svg").read_text()
    assert svg.startswith("<?xml") and "trace-0-aVF" in svg
    figure = ecg_paper(two.select(["aVF"], derive=True))
    assert "aVF (derived)" in [text.get_text() for ax in figure.axes for text in ax.texts]


def test_a_picture_of_unknown_kind_is_refused(findings, tmp_path):
    with pytest.raises(CardiolexError, match=r"a\.gif: its name must end in \.png, \.pdf or \.svg"):
        findings.plot(tmp_path / "a.gif")
    assert list(tmp_path.iterdir()) == []
