"""The PDF of both editions, page by page: short contents, bookmarks, no page left half empty, figures near their text."""

import re
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

import pypdfium2
import pytest

_FOOT = 0.08  # of a page's height: where its number stands


class _Pdf:
    def __init__(self, file: Path):
        self.document = pypdfium2.PdfDocument(file)
        entries = self.document.get_toc()
        self.bookmarks = [(mark.level, mark.get_title(), mark.get_dest().get_index()) for mark in entries]

    @cached_property
    def texts(self) -> list[str]:
        return [page.get_textpage().get_text_range() for page in self.document]

    @cached_property
    def filled(self) -> list[float]:
        """How far down each page something stands: 0 for an empty page, about .9 for a full one."""
        return [1 - min(self._bottoms(page), default=page.get_height()) / page.get_height() for page in self.document]

    @staticmethod
    def _bottoms(page):
        bottoms = (thing.get_bounds()[1] for thing in page.get_objects(max_depth=3))
        return [bottom for bottom in bottoms if bottom > _FOOT * page.get_height()]


class _Order(HTMLParser):
    """The headings of a page and the numbers of its figures, in the order in which they stand."""

    def __init__(self, source: str):
        super().__init__()
        self.found, self._inside, self._text = [], None, ""
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        if tag in ("h1", "h2", "h3", "figcaption"):
            self._inside, self._text = tag, ""

    def handle_data(self, data):
        self._text += data

    def handle_endtag(self, tag):
        if tag == self._inside:
            self.found.append((tag, " ".join(self._text.split())))
            self._inside = None


def _letters(title: str) -> str:
    """A title by its letters alone, without its number: formulas and spaces are written differently on paper."""
    return re.sub(r"[^a-z]", "", re.sub(r"^[\dA-Z]+(\.\d+)*\.? ", "", title).lower())


@pytest.fixture(scope="module", params=["plain", "quarto"])
def edition(request):
    return request.getfixturevalue(f"{request.param}_edition")


@pytest.fixture(scope="module")
def pdf(edition):
    (file,) = edition.folder.glob("*.pdf")
    return _Pdf(file)


def test_the_printed_contents_list_parts_and_chapters_on_a_few_pages_and_the_bookmarks_sections_too(pdf):
    start = next(number for number, text in enumerate(pdf.texts) if text.lstrip().startswith("Contents"))
    end = next(page for level, title, page in pdf.bookmarks if "Preface" in title)
    assert end - start <= 4
    contents = _letters("".join(pdf.texts[start:end]))
    chapters, sections = ([title for level, title, _ in pdf.bookmarks if level == deep] for deep in (0, 1))
    assert len(chapters) > 30 and all(_letters(title) in contents for title in chapters)
    assert len(sections) > 200 and sum(_letters(title) in contents for title in set(sections)) < len(sections) / 10


def test_no_page_is_left_half_empty_but_where_a_chapter_or_a_part_begins_after_it(pdf):
    begins = {page for level, _, page in pdf.bookmarks if level == 0}
    first = min(begins)
    part = {number for number, text in enumerate(pdf.texts) if len(text) < 200}
    short = [number for number, filled in enumerate(pdf.filled) if filled < 0.5 and number >= first]
    assert [number + 1 for number in short if not {number + 1, number} & (begins | part | {len(pdf.texts)})] == []


def test_no_figure_floats_further_than_two_pages_from_its_section(pdf, edition):
    pages, wrong, figures = {}, [], 0
    for number, text in enumerate(pdf.texts):
        for found in re.finditer(r"(?m)^Figure\s+([\dA-Z]+\.\d+): ", text):
            pages.setdefault(found[1], number)
    for page in edition.pages():
        marks = None
        for tag, text in _Order((edition.folder / page).read_text(encoding="utf-8")).found:
            if tag != "figcaption":
                marks = _span(pdf.bookmarks, text, marks)
            elif (number := re.match(r"Figure ([\dA-Z]+\.\d+)", text)) and number[1] in pages and marks:
                figures += 1
                if not marks[0] - 1 <= pages[number[1]] <= marks[1] + 2:
                    wrong.append(f"{page}: figure {number[1]} on page {pages[number[1]] + 1}, its section on {marks}")
    assert figures > 100 and wrong == []


def _span(bookmarks, title, before):
    """The first and last page of the section of that title, after the one before."""
    since = before[2] if before else 0
    for place in range(since, len(bookmarks)):
        if _letters(bookmarks[place][1]) == _letters(title):
            after = bookmarks[place + 1][2] if place + 1 < len(bookmarks) else 10**6
            return bookmarks[place][2], after, place
    return before


def test_a_running_head_stays_clear_of_the_number_of_its_page(pdf):
    heads = [(number + 1, text.splitlines()[0]) for number, text in enumerate(pdf.texts) if len(text) > 200]
    touching = [head for number, head in heads if re.match(rf"{number}\w|.*\S{number}$", head)]
    assert len(heads) > 200 and touching == []
