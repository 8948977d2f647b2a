import base64
import re

import pytest
from html_reader import Reader

from cardiolex import demo
from cardiolex.recordings.samples import samples


@pytest.fixture(scope="module")
def output(model_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "new"
    assert demo.run(folder, model_folder) == 0
    return folder


def test_it_writes_a_picture_per_sample_and_one_page(output):
    ids = {sample.path.stem for sample in samples()}
    assert len(ids) >= 8 and len({sample.dataset for sample in samples()}) >= 4
    names = {path.name for path in output.iterdir()}
    assert names == {f"{name}.png" for name in ids} | {"findings.html"}
    for path in output.glob("*.png"):
        assert path.stat().st_size > 50_000 and path.read_bytes().endswith(b"IEND\xaeB`\x82")


def test_the_page_opens_without_network_or_other_files(output):
    html = (output / "findings.html").read_text(encoding="utf-8")
    page = Reader(html)
    assert not re.search(r"https?:|//[a-z]|@import|url\(", re.sub(r"base64,[^\"]*", "", html))
    loads = [a[key] for _, a in page.tags for key in ("src", "href") if key in a]
    assert all(target.startswith(("data:image/png;base64,", "#")) for target in loads)
    images = {base64.b64decode(a["src"].split(",")[1]) for a in page.named("img")}
    assert images == {path.read_bytes() for path in output.glob("*.png")}
    ids = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    assert {a["href"][1:] for a in page.named("a")} <= ids


def test_the_page_shows_data_set_words_findings_and_the_notice(output, model):
    page = Reader((output / "findings.html").read_text(encoding="utf-8"))
    for sample in samples():
        assert f"The data set says: {sample.diagnosis}" in page.texts
    columns = [text for text in page.texts if re.fullmatch(r"\d+ leads|lead I", text)]
    assert len(columns) == 2 * len(samples()) == 2 * columns.count("lead I")
    assert columns.count("12 leads") >= 8
    assert page.texts.count("atrial fibrillation") >= len(samples())
    assert any("not a medical device" in text for text in page.texts)
    assert model.name in page.texts
    fills = [a["style"] for a in page.named("span") if a.get("class") == "fill"]
    assert len(set(fills)) > len(samples())


def test_the_command_prints_findings_and_says_where(capsys, output, model_folder, monkeypatch):
    monkeypatch.setattr(demo, "samples", lambda: samples()[:1])
    assert demo.run(output.parent / "again", model_folder) == 0
    assert demo.run(output.parent / "again", model_folder) == 0  # a second time over the first
    out = capsys.readouterr().out
    assert out.startswith("sharp 1.0: research software, not a medical device\n")
    assert f"{samples()[0].path.stem} (PTB-XL): {samples()[0].diagnosis}" in out
    assert "\n  12 leads: " in out and "\n  lead I:   " in out
    assert str(output.parent / "again" / "findings.html") in out
