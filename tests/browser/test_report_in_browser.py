"""The page of a report in Chromium: on a phone, on a desk, in print and by keyboard, without asking anybody else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from experiments.report.document import Document, Section, Table
from experiments.report.html import html_of
from tests.browser.conftest import WITHOUT
from tests.browser.devtools import Browser, Page, found

if found() is None:
    # The file as a whole: its reason is said once, and nothing is simulated for it.
    pytest.skip(WITHOUT, allow_module_level=True)

PHONE, DESK = 400, 1280
PRINTED = 680
"""Width of A4 between the margins of the page (180 mm), in CSS pixels."""
TAB, ENTER = ("Tab", 9), ("Enter", 13, "\r")

TOO_WIDE = """[...document.querySelectorAll('body *')].filter(one => !one.closest('.box') && !one.closest('.skip')
  && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(one => one.outerHTML.slice(0, 80))"""
HEADINGS = """[...document.querySelectorAll('h1, h2')].map(one => {
  const box = one.getBoundingClientRect(), look = getComputedStyle(one);
  return {text: one.textContent, left: box.left, right: box.right, height: box.height, size: parseFloat(look.fontSize),
          shown: one.checkVisibility({opacityProperty: true, visibilityProperty: true})};
})"""
CUT_OFF = """[...document.querySelectorAll('.box')].filter(one => one.scrollWidth > one.clientWidth + 1)
  .map(one => one.getAttribute('aria-labelledby') || one.getAttribute('aria-label'))"""
SIZES = """[...document.querySelectorAll('p, li, td, th, caption')]
  .filter(one => one.checkVisibility()).map(one => parseFloat(getComputedStyle(one).fontSize))"""

Opener = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opener]:
    """Return what opens a page, which is closed after the test."""
    pages: list[Page] = []

    def open_page(file: Path, width: int, medium: str = "") -> Page:
        pages.append(Page(browser, file, width, medium))
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()


def foreign(page: Page, file: Path) -> list[str]:
    """Return the addresses that a page asked for beside itself and what is inside it."""
    return [url for url in page.watch().requests if url != file.as_uri() and not url.startswith("data:")]


def width_of(page: Page) -> tuple[int, int]:
    """Return the width that the page takes and the width that there is, in CSS pixels."""
    taken, there = page.value("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    return taken, there


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_console_stays_empty_and_nobody_else_is_asked(report: Path, opened: Opener, width: int) -> None:
    page = opened(report, width)
    # Also not when everything has been seen once.
    page.value("window.scrollTo(0, document.documentElement.scrollHeight)")
    page.value("new Promise(done => requestAnimationFrame(() => done(true)))")
    assert page.watch().errors == []
    assert page.watch().requests[0] == report.as_uri() and foreign(page, report) == []


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_page_itself_does_not_scroll_sideways(report: Path, opened: Opener, width: int) -> None:
    page = opened(report, width)
    taken, there = width_of(page)
    # A phone would zoom out of a page that is too wide: its window would then be wider than the phone.
    assert page.value("innerWidth") == width
    assert taken <= there
    assert page.value(TOO_WIDE) == []


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_headings_are_seen_in_full(report: Path, opened: Opener, width: int) -> None:
    headings = opened(report, width).value(HEADINGS)
    assert [one["text"] for one in headings][1:3] == ["The answer", "All outcomes"]
    for one in headings:
        assert one["shown"] and one["height"] > 0 and one["left"] >= 0 and one["right"] <= width, one
        assert one["size"] > 18, one


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_text_is_large_enough_to_read(report: Path, opened: Opener, width: int) -> None:
    sizes = opened(report, width).value(SIZES)
    assert len(sizes) > 100 and min(sizes) >= 13


def test_the_answer_is_on_the_first_screens_of_a_phone(report: Path, opened: Opener) -> None:
    top = opened(report, PHONE).value("document.querySelector('#answer ol').getBoundingClientRect().top")
    assert 0 < top < 2 * 800


def test_at_a_desk_no_figure_has_to_be_scrolled(report: Path, opened: Opener) -> None:
    page = opened(report, DESK)
    assert page.value("document.querySelectorAll('figure svg').length") >= 4
    assert page.value(CUT_OFF) == []


@pytest.mark.parametrize(
    ("width", "medium", "kind"), [(PHONE, "", "narrow"), (DESK, "", "wide"), (PHONE, "print", "wide")]
)
def test_a_narrow_screen_has_figures_of_its_own(
    report: Path, opened: Opener, width: int, medium: str, kind: str
) -> None:
    """Each figure is shown once, and on a narrow screen none of them is wider than it."""
    page = opened(report, width, medium)
    shown = page.value(
        "[...document.querySelectorAll('figure')].map(one => [...one.querySelectorAll('svg')]"
        ".filter(svg => svg.checkVisibility()).map(svg => [svg.parentElement.className.split(' ').pop(), "
        "svg.getBoundingClientRect().right <= document.documentElement.clientWidth]))"
    )
    assert len(shown) >= 4
    assert all(figure == [[kind, True]] for figure in shown)


def test_the_first_tab_reaches_the_link_that_skips_to_the_answer(report: Path, opened: Opener) -> None:
    page = opened(report, PHONE)
    where = "(box => [box.left, box.top, box.right])(document.activeElement.getBoundingClientRect())"
    assert page.value("document.querySelector('.skip').getBoundingClientRect().right") < 0
    page.press(*TAB)
    assert page.value("document.activeElement.className") == "skip"
    left, top, right = page.value(where)
    assert 0 <= left < right <= PHONE and top >= 0
    page.press(*ENTER)
    assert page.value("location.hash") == "#answer"
    assert abs(page.value("document.querySelector('#answer').getBoundingClientRect().top")) < 2
    # From there the keyboard goes on, and does not start again at the top.
    page.press(*TAB)
    assert page.value("document.querySelector('main').contains(document.activeElement)")


def test_the_keyboard_reaches_every_link_and_every_box_and_its_place_is_seen(report: Path, opened: Opener) -> None:
    page = opened(report, PHONE)
    page.value("window.reachable = [...document.querySelectorAll('a, .box')].filter(one => one.checkVisibility())")
    there = page.value("reachable.length")
    assert there > 15
    page.value("window.reached = new Set()")
    for _ in range(there):
        page.press(*TAB)
        style = page.value(
            "(reached.add(document.activeElement), (look => look.outlineStyle === 'none' ? 0 : "
            "parseFloat(look.outlineWidth))(getComputedStyle(document.activeElement)))"
        )
        assert style >= 2
    assert page.value("reachable.every(one => reached.has(one))")


def test_a_box_that_is_too_wide_for_a_phone_is_scrolled_by_the_arrow_keys(report: Path, opened: Opener) -> None:
    page = opened(report, PHONE)
    assert page.value(CUT_OFF)
    page.value(
        "window.box = [...document.querySelectorAll('.box')].find(one => one.scrollWidth > one.clientWidth + 1), "
        "box.focus()"
    )
    page.press("ArrowRight", 39)
    page.value(
        "new Promise(done => box.scrollLeft > 0 ? done(true) : box.addEventListener('scroll', () => done(true)))"
    )
    assert page.value("box.scrollLeft") > 0


def test_print_leaves_out_what_is_for_the_screen_and_cuts_nothing_off(report: Path, opened: Opener) -> None:
    page = opened(report, PRINTED, "print")
    assert page.value("[...document.querySelectorAll('nav, .skip')].every(one => !one.checkVisibility())")
    assert page.value(CUT_OFF) == []
    taken, there = width_of(page)
    assert taken <= there


def test_a_table_of_five_arms_fits_a_printed_page(tmp_path: Path, opened: Opener) -> None:
    """A page that is wider than its paper is printed smaller, so that all of its text is too small to read."""
    arms = ("Fragmented", "Referral letters", "Link workers", "Key workers", "Integrated")
    head = ("Outcome", *arms, *(f"{arm} \N{MINUS SIGN} Fragmented (95 % interval)" for arm in arms[1:]))
    cells = *["1,234.5 GBP"] * 5, *["+1,234.5 GBP (\N{MINUS SIGN}1,234.5 to +1,234.5)"] * 4
    table = Table(
        "headline", "Headline outcomes by arm", head, (("Failure demand, contacts per 100 needs", *cells),) * 9
    )
    document = Document("Town", "Five arms", (Section("all", "All outcomes", (table,)),), tmp_path, "of a test")
    file = tmp_path / "report.html"
    file.write_text(html_of(document), encoding="utf-8")
    page = opened(file, PRINTED, "print")
    assert page.value(CUT_OFF) == []
    taken, there = width_of(page)
    assert taken <= there


def test_it_prints_to_pdf(report: Path, opened: Opener) -> None:
    page = opened(report, DESK)
    pdf = page.printed()
    assert pdf.startswith(b"%PDF-")
    pages = re.findall(rb"/Type\s*/Page\b.*?/MediaBox\s*\[([^\]]*)\]", pdf, re.DOTALL)
    assert 3 <= len(pages) <= 30
    assert {tuple(round(float(number) / 10) for number in box.split()) for box in pages} == {(0, 0, 60, 84)}
    assert page.watch().errors == []


def test_what_these_tests_look_for_would_be_found(tmp_path: Path, opened: Opener) -> None:
    """A page that does all that is forbidden is caught at each of it."""
    bad = tmp_path / "bad.html"
    bad.write_text(
        '<!DOCTYPE html><meta name="viewport" content="width=device-width"><h1 style="visibility: hidden">Bad</h1>'
        '<img src="http://localhost:9/there.png" style="width: 900px; height: 9px">'
        '<div class="box" style="width: 50px; overflow: auto"><p style="width: 90px; font-size: 5px">x</p></div>'
        '<script>console.error("said"); undefined.broken;</script>',
        encoding="utf-8",
    )
    page = opened(bad, PHONE)
    assert foreign(page, bad) == ["http://localhost:9/there.png"]
    errors = " ".join(page.watch().errors)
    assert "said" in errors and "Uncaught" in errors and "ERR_" in errors
    taken, _ = width_of(page)
    assert taken >= 900 and len(page.value(TOO_WIDE)) >= 1
    assert not page.value(HEADINGS)[0]["shown"]
    assert len(page.value(CUT_OFF)) == 1 and min(page.value(SIZES)) == 5
