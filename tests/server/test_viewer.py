"""The page in a real browser, from file to print; nothing is loaded from elsewhere."""

import re
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright
from server_calls import ONE, WATCH

from cardiolex.recordings.samples import FOLDER

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
if BROWSER is None:
    pytest.skip(
        "the page was not tested: there is no Chromium; on Debian or Ubuntu it comes with "
        "`apt-get install chromium`",
        allow_module_level=True,
    )

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
DESK, PHONE = {"width": 1300, "height": 900}, {"width": 380, "height": 740}
FILES = [str(FOLDER / name) for name in ONE]
SLOW_MS = 60_000  # machines that run tests may be busy


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, served):
    """Opens the page; at the end nothing was loaded from elsewhere and nothing went wrong."""
    contexts, wrong = [], []

    def note(text):
        if "status of 422" not in text:  # a file that was refused
            wrong.append(text)

    def opened(**options):
        context = browser.new_context(**{"viewport": DESK, **options})
        context.set_default_timeout(SLOW_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda told: note(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(served.url) else wrong.append(r.url))
        page.goto(served.url)
        return page

    expect.set_options(timeout=SLOW_MS)
    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def page(visit):
    """The page with a recording on it and its findings."""
    page = visit()
    page.set_input_files("#file-A", FILES)
    expect(page.locator(".findings .number").first).to_be_visible()
    return page


def until(page, expression):
    """Wait for an expression to be true; the page's policy lets no string be run repeatedly."""
    for _ in range(SLOW_MS // 100):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(expression)


def number(page, condition, place=0):
    """The probability shown for a condition, in percent."""
    cell = page.locator(f'tr[data-condition="{condition}"] .answer').nth(place)
    expect(cell.locator(".number")).to_be_visible()
    expect(cell).to_have_attribute("aria-busy", "false")
    return int(re.match(r"(\d+)", cell.locator(".number").inner_text())[1])


def test_a_file_is_shown_on_paper_with_its_findings(page, model):
    from cardiolex import read

    recording = read(FOLDER / ONE[0])
    expect(page.get_by_text("not a medical device").first).to_be_visible()
    box = page.locator("svg.ecg").get_attribute("viewBox").split()
    assert float(box[2]) == pytest.approx(10 * 25 + 12)  # 10 s at 25 mm/s, margins
    drawn = page.locator('.cell[data-lead="V1"] path').get_attribute("d")
    points = [tuple(map(float, p.split())) for p in re.findall(r"[ML]([\d.]+ [\d.-]+)", drawn)]
    mv = recording.mv[recording.leads.index("V1"), 2500:3751]
    assert len(points) == len(mv)
    assert points[-1][0] - points[0][0] == pytest.approx(62.5, abs=0.01)  # 2.5 s
    heights = [points[0][1] - y for _, y in points]
    assert heights == pytest.approx(list((mv - mv[0]) * 10), abs=0.03)  # 10 mm/mV
    findings = model.interpret(recording)
    for row in findings:
        assert number(page, row.condition) == pytest.approx(100 * row.probability, abs=0.51)
    expect(page.locator(".badge").first).to_contain_text("seen in training")
    assert page.get_by_test_id("summary").inner_text().startswith("00010_hr")
    expect(page.locator(".measurements")).to_contain_text(re.compile(r"Heart rate\s*\d+ bpm"))


def test_leads_switched_off_change_the_findings(page, model):
    from cardiolex import read

    asked = model.default_conditions
    for lead in ("V1", "V2", "V3", "V4", "V5", "V6"):
        page.locator(f'input[name=lead][value="{lead}"]').uncheck()
    expect(page.locator(".change").first).to_contain_text("all leads")
    expect(page.get_by_test_id("summary")).to_contain_text("with leads I II III aVR aVL aVF:")
    expect(page.locator('.cell.off[data-lead="V1"]')).to_have_count(1)
    limb = model.interpret(read(FOLDER / ONE[0]), leads=["I", "II", "III", "aVR", "aVL", "aVF"])
    for condition in asked:
        shown = number(page, condition)
        assert shown == pytest.approx(100 * limb[condition].probability, abs=0.51)
    page.keyboard.press("a")
    expect(page.locator(".change")).to_have_count(0)
    for lead in ("I", "II", "III"):
        page.locator(f'input[name=lead][value="{lead}"]').uncheck()
    expect(page.locator(".cell.off")).to_have_count(4)  # II is there twice


def test_any_condition_is_answered_and_its_evidence_shown(page):
    page.keyboard.press("/")
    page.keyboard.type("a purple elephant")
    page.keyboard.press("Enter")
    row = page.locator('tr[data-condition="a purple elephant"]')
    expect(row.locator(".number")).to_be_visible()
    expect(row).to_contain_text("not seen in training")
    expect(row).to_contain_text("not calibrated")
    row.get_by_role("button", name="a purple elephant").click()
    expect(page.get_by_test_id("verdict")).to_contain_text("deletion test")
    expect(page.locator(".evidence rect").first).to_be_attached()
    expect(page.locator(".explained")).to_contain_text("at random")
    page.keyboard.press("Escape")
    expect(page.locator(".evidence")).to_have_count(0)
    page.get_by_role("button", name="Forget a purple elephant").click()
    expect(row).to_have_count(0)


def test_the_few_leads_that_suffice_are_found_and_switched_to(page):
    page.get_by_role("button", name="sinus rhythm").click()
    page.get_by_role("button", name="Which leads suffice?").click()
    few = page.get_by_test_id("few")
    expect(few).to_contain_text(re.compile(r"suffices?: \d+"))
    leads = few.locator("strong").inner_text()
    few.get_by_role("button", name=f"Switch to {leads}").click()
    expect(page.get_by_test_id("summary")).to_contain_text(f"with leads {leads}:")


def test_what_was_not_learned_names_the_nearest_that_was(page):
    row = page.locator('tr[data-condition="sinus rhythm"]')
    expect(row).to_contain_text("not seen in training")
    expect(row).to_contain_text("nearest in training: a")  # atrial fibrillation or arrhythmia
    learned = page.locator('tr[data-condition="atrial fibrillation"]')
    expect(learned.locator(".near")).to_have_count(0)


def test_the_archive_is_searched_by_a_recording_and_in_words(page):
    page.get_by_role("button", name="Similar recordings").click()
    archive = page.get_by_test_id("similar")
    first = archive.locator(".hits tbody tr").first
    expect(first).to_contain_text("1.000")  # the recording shown is in the index
    expect(first).to_contain_text("00010_hr")
    archive.get_by_label("Search the archive in words").fill("sinus rhythm")
    page.keyboard.press("Enter")
    expect(archive.locator("h3")).to_have_text("For “sinus rhythm”")
    expect(archive.locator(".hits tbody tr").first).to_be_visible()


def test_what_the_file_says_and_what_was_not_read_is_shown(page):
    page.set_input_files("#file-A", {"name": "ecg.csv", "mimeType": "text/csv", "buffer": WATCH})
    said = page.locator("summary", has_text="What else the file says")
    said.click()
    expect(page.locator(".notes").first).to_contain_text("Sinus Rhythm")
    expect(page.locator("summary", has_text="What was not read (1)")).to_be_visible()


def test_calipers_measure_by_mouse_and_keyboard(page):
    page.keyboard.press("c")
    paper = page.locator("svg.ecg").bounding_box()
    mm = paper["width"] / (10 * 25 + 12)
    x, y = paper["x"] + 30 * mm, paper["y"] + 20 * mm
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20 * mm, y + 15 * mm)
    page.mouse.up()
    reading = page.get_by_test_id("reading")
    ms, bpm, mv = map(float, re.findall(r"[\d.]+", reading.inner_text()))
    assert (ms, bpm, mv) == pytest.approx((800, 75, 1.5), rel=0.02)
    page.locator(".handle").nth(1).focus()
    for key in ("Shift+ArrowRight", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    after = list(map(float, re.findall(r"[\d.]+", reading.inner_text())))
    assert after[0] - ms == pytest.approx(44, abs=1)
    assert mv - after[2] == pytest.approx(0.01, abs=0.006)
    page.keyboard.press("c")
    expect(page.get_by_test_id("calipers")).to_have_count(0)


def test_two_recordings_are_compared(page, model):
    from cardiolex import read

    page.select_option("#sample-B", "ludb/104")
    expect(page.locator("svg.ecg")).to_have_count(2)
    other = model.interpret(read(FOLDER / "ludb/104.hea"))
    for row in other:
        assert number(page, row.condition, 1) == pytest.approx(100 * row.probability, abs=0.51)
    expect(page.locator(".measurements thead")).to_contain_text("B")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("svg.ecg")).to_have_count(1)


def test_layouts_and_zoom(page):
    leads = page.locator("svg.ecg text.lead")
    for layout, count in (("3x4+rhythm", 13), ("6x2", 12), ("12x1", 12)):
        page.select_option("#layout", layout)
        expect(leads).to_have_count(count)
    page.locator("h1").click()
    width = page.locator("svg.ecg").bounding_box()["width"]
    page.keyboard.press("+")
    expect(page.locator("svg.ecg")).not_to_have_attribute("width", "100%")
    assert page.locator("svg.ecg").bounding_box()["width"] > width
    page.keyboard.press("0")
    expect(page.locator("svg.ecg")).to_have_attribute("width", "100%")
    frame = page.locator(".frame")
    for _ in range(3):
        page.keyboard.press("+")
    frame.focus()
    page.keyboard.press("ArrowRight")
    until(page, "document.querySelector('.frame').scrollLeft > 0")


def luminance(color):
    parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


LOOKS = """elements => elements.map(e => {
  let back = e, of = x => getComputedStyle(x).backgroundColor;
  while (back.parentElement && /, 0\\)|transparent/.test(of(back))) back = back.parentElement;
  return [getComputedStyle(e).color, of(back), e.textContent.trim().slice(0, 30)];
})"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast_in_both_schemes(visit, scheme):
    page = visit(color_scheme=scheme)
    page.select_option("#sample-A", "cpsc2018/A0023")
    expect(page.locator(".findings .number").first).to_be_visible()
    words = "h1, h2, .notice, .soft, .badge, .word, .number, .condition, button, label, caption, td"
    seen = page.locator(words).evaluate_all(LOOKS)
    assert len(seen) > 40
    for text, back, what in seen:
        light, dark = sorted((luminance(text), luminance(back)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (what, text, back)
    assert (luminance(seen[0][1]) < 0.2) == (scheme == "dark")
    page.locator("h1").click()
    page.keyboard.press("d")
    until(page, "Boolean(document.documentElement.dataset.theme)")
    turned = page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    assert (luminance(turned) < 0.2) == (scheme == "light")


def test_a_phone_shows_everything_without_scrolling_sideways(visit):
    page = visit(viewport=PHONE, has_touch=True)
    page.set_input_files("#file-A", FILES)
    expect(page.locator(".findings .number").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    paper = page.locator("svg.ecg").bounding_box()
    assert paper["width"] > 2 * PHONE["width"]  # large enough to read; it scrolls in its frame
    expect(page.locator(".findings .number").first).to_be_visible()


def test_everything_has_a_name_and_the_keyboard_reaches_it(page):
    nameless = page.locator("button, input, select, svg, [role=slider]").evaluate_all(
        """found => found.filter(e => !(e.getAttribute('aria-label') || e.textContent.trim()
        || (e.labels && e.labels.length))).map(e => e.outerHTML)"""
    )
    assert nameless == []
    page.locator("h1").click()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        what = page.evaluate("[document.activeElement.tagName, document.activeElement.className]")
        reached.add(tuple(what))
    names = {name for name, _ in reached}
    assert {"INPUT", "SELECT", "BUTTON", "SUMMARY"} <= names
    assert ("DIV", "frame") in reached
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).not_to_be_visible()


def test_a_file_that_cannot_be_read_is_said(visit):
    page = visit()
    page.set_input_files("#file-A", FILES[:1])
    expect(page.get_by_role("alert")).to_contain_text("00010_hr")
    expect(page.locator("svg.ecg")).to_have_count(0)


def test_the_print_is_true_to_scale(page):
    page.emulate_media(media="print")
    width = page.locator("svg.ecg").evaluate("e => e.getBoundingClientRect().width")
    assert width / 96 * 25.4 == pytest.approx(262, rel=0.002)
    assert not page.locator(".toolbar").is_visible()
    expect(page.get_by_text("not a medical device").first).to_be_visible()
    assert page.pdf().startswith(b"%PDF")
