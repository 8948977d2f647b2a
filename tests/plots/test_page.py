import base64
import re

import numpy as np
import pytest
from html_reader import Reader

from cardiolex.errors import CardiolexError
from cardiolex.plots.ecg_paper import ecg_paper
from cardiolex.plots.page import Page, PageAnswer, PageRecord, PageRow, findings_page, save_page
from cardiolex.plots.paper import render
from cardiolex.recordings.recording import Recording

HOSTILE = "<script>alert('x')</script>\"><img src=http://evil.example/a onerror=alert(1)>"


def picture(form):
    ecg = Recording(np.zeros((1, 1000), np.float32), ("I",), 100.0, id=HOSTILE)
    return render(ecg_paper(ecg), form, dpi=60)


def page(text="AF 001", pictures=("svg", "png")):
    rows = (
        PageRow("atrial fibrillation", (PageAnswer(0.934, True), PageAnswer(0.4, False)), True),
        PageRow(text, (PageAnswer(0.0), None), False),
    )
    records = [
        PageRecord(text, rows, ("12 leads", text), text, picture(form), text, (text,), (text,))
        for form in pictures
    ]
    return Page(text, tuple(records), (text,), (text,))


def test_page_is_whole_html_with_findings_pictures_and_the_notice():
    read = Reader(findings_page(page()))
    assert read.named("html") == [{"lang": "en"}]
    assert "0.93" in read.texts and "yes" in read.texts and "not asked" in read.texts
    assert "seen" in read.texts and "unseen" in read.texts
    assert any("not a medical device" in text for text in read.texts)
    widths = [a["style"] for a in read.named("span") if a.get("class") == "fill"]
    assert widths[:3] == ["width:93.4%", "width:40.0%", "width:0.0%"]


def test_page_is_accessible():
    read = Reader(findings_page(page()))
    assert all(image["alt"] for image in read.named("img"))
    assert all(head["scope"] in ("col", "row") for head in read.named("th"))
    assert len(read.named("caption")) == len(read.named("table")) == 2
    ids = [attrs["id"] for _, attrs in read.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [a["href"] for a in read.named("a")]
    assert targets == [f"#{name}" for name in ids]


def test_hostile_texts_stay_texts():
    read = Reader(findings_page(page(HOSTILE)))
    assert read.named("script") == []
    assert len(read.named("img")) == 2
    assert all(not name.startswith("on") for _, attrs in read.tags for name in attrs)
    assert HOSTILE in read.texts


def test_page_needs_nothing_from_outside():
    html = findings_page(page())
    read = Reader(html)
    assert not re.search(r"https?:|//[a-z]", re.sub(r"base64,[^\"]*", "", html))
    assert not re.search(r"@import|url\(", html)
    loads = [a[key] for _, a in read.tags for key in ("src", "href") if key in a]
    assert all(target.startswith(("data:image/", "#")) for target in loads)
    policy = read.named("meta")[1]["content"]
    assert policy.startswith("default-src 'none'")


def test_pictures_are_embedded_unchanged():
    images = Reader(findings_page(page())).named("img")
    for image, form, kind in zip(images, ("svg", "png"), ("svg+xml", "png"), strict=True):
        head, data = image["src"].split(",", 1)
        assert head == f"data:image/{kind};base64"
        assert base64.b64decode(data) == picture(form)


def test_text_and_page_contrast_is_readable_in_both_schemes():
    style = re.search(r"<style>(.*)</style>", findings_page(page()), re.S).group(1)
    light, dark = re.findall(r":root\s*{(.*?)}", style, re.S)

    def color(scheme, name):
        code = re.search(rf"--{name}: #(\w{{6}})", scheme).group(1)
        rgb = [int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
        return np.dot(linear, (0.2126, 0.7152, 0.0722))

    for scheme in (light, dark):
        for front, back in (
            ("ink", "card"),
            ("soft", "card"),
            ("soft", "page"),
            ("yes", "card"),
            ("bar", "card"),
            ("warn-ink", "warn"),
        ):
            low, high = sorted((color(scheme, front), color(scheme, back)))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (front, back)  # WCAG 2.1, AA


def test_errors_name_the_row_and_the_picture(tmp_path):
    row = PageRow("flutter", (PageAnswer(0.5),))
    with pytest.raises(CardiolexError, match="'flutter' has 1 answers for 2 columns"):
        findings_page(Page("t", (PageRecord("r", (row,), ("a", "b")),)))
    with pytest.raises(CardiolexError, match="neither a PNG nor an SVG"):
        findings_page(Page("t", (PageRecord("r", (row,), picture=b"GIF89a"),)))
    with pytest.raises(CardiolexError, match="outside 0 to 1"):
        findings_page(Page("t", (PageRecord("r", (PageRow("x", (PageAnswer(1.2),)),)),)))
    path = save_page(Page("t", (PageRecord("r", (row,)),)), tmp_path / "page.html")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
