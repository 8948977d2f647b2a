import shutil

import numpy as np
import pytest
from html_reader import Reader

from cardiolex.errors import CardiolexError
from cardiolex.plots.curves import Dot, per_class
from cardiolex.plots.paper import render
from cardiolex.plots.print_page import BROWSERS, print_page
from cardiolex.plots.protocols import (
    differences,
    group_dots,
    lead_heat_map,
    level_curves,
    reliability,
)
from cardiolex.plots.result_page import Part, Picture, ResultPage, Table, result_page

HOSTILE = "<script>alert('x')</script>\"><img src=http://evil.example/a onerror=alert(1)>"


def page(text="cpsc2018"):
    figure = per_class([Dot(text, 0.8, 0.7, 0.9)])
    part = Part(
        text,
        (text,),
        (Picture(render(figure, "svg"), text),),
        (Table(("condition", "AUROC"), [("**macro mean**", "0.8"), (text, "0.7")], text),),
        (text,),
        (text,),
        f"## Card\n\n| a | b |\n| --- | --- |\n| {text} | 1 |\n\n![x](http://evil.example/p.png)\n",
        f"cardiolex evaluate {text}",
    )
    return ResultPage(text, (part, part, part), (text,))


def test_a_page_is_whole_and_loads_nothing():
    html = result_page(page())
    read = Reader(html)
    links = [attrs["href"] for attrs in read.named("a")]
    assert [one for one in links if "#" in one] == ["#part-1", "#part-2", "#part-3"]
    assert all(image["src"].startswith("data:") for image in read.named("img"))
    assert "Card" in read.texts and "macro mean" in read.texts
    assert "cardiolex evaluate cpsc2018" in read.texts
    assert "default-src 'none'" in read.named("meta")[1]["content"]
    assert read.named("link") == read.named("script") == []


def test_hostile_texts_stay_texts():
    read = Reader(result_page(page(HOSTILE)))
    assert read.named("script") == []
    assert len(read.named("img")) == 3  # the drawn ones; a card's picture is no picture
    assert all(not name.startswith("on") for _, attrs in read.tags for name in attrs)


def test_pictures_draw_what_they_are_given():
    dots = [Dot("a", 0.1, 0.0, 0.2), Dot("b", -0.2, -0.3, np.nan)]
    axes = differences(dots, mean=Dot("mean", -0.05, -0.1, 0.0)).axes[0]
    assert axes.get_yticklabels()[0].get_text() == "mean"
    empty = np.array([0.2, np.nan]), np.array([0.1, np.nan]), np.array([5.0, 0.0])
    line = reliability({"m": empty}).axes[0].lines[1]
    np.testing.assert_array_equal(line.get_xydata(), [[0.2, 0.1]])  # empty bins are not drawn
    kinds = {"mains": dots, "length": dots[:1]}
    figure = level_curves(kinds, Dot("", 0.8, 0.7, 0.9), unordered=["length"])
    assert [axes.lines[-1].get_linestyle() for axes in figure.axes] == ["-", "None"]
    assert [a.get_title(loc="left") for a in figure.axes if a.get_visible()] == ["mains", "length"]
    assert len(group_dots({"sex": dots}).axes[0].get_yticks()) == 2
    with pytest.raises(CardiolexError, match="not \\(conditions, leads\\)"):
        lead_heat_map(np.zeros((2, 2)), ["a"], ["I", "II"])


def test_without_a_browser_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(CardiolexError, match="install chromium, or open the page and print it"):
        print_page(tmp_path / "page.html", tmp_path / "page.pdf")


@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="no browser to print with")
def test_a_page_prints(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(result_page(page()))
    assert print_page(path, tmp_path / "page.pdf").read_bytes().startswith(b"%PDF-")
