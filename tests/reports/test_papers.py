from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from lightctl.reports import energy, page, pdf
from lightctl.reports.charts.values import Bars, HeatMap, Series, Tone
from lightctl.reports.document import Column, Document, Figure, Figures, Heading, Table, Words
from lightctl.reports.energy import EnergyReport, EnergyRow
from tests.support.paper_text import pages_of, words_of

MADE = dt.datetime(2026, 11, 1, 9, tzinfo=dt.UTC)
TOTAL = EnergyRow("total", 12345.6, 10000.0, 2345.6, 18000.0, 31.4, 3703.68, 4481.4, 8000.0)
ROWS = (
    EnergyRow("KV-Müller", 12000.5, 10000.0, 2000.5, 17000.0, 29.4, 3600.15, 4356.2, 7000.0),
    EnergyRow("", 345.1, 0.0, 345.1, None, None, None, None, 1000.0),
)
REPORT = EnergyReport(
    "Duisburg", "Energy report", "2026-10-01 to 2026-10-31", "cabinet", ROWS, TOTAL, MADE, "Europe/Berlin", "EUR",
    ("Price: 0.30 EUR a kWh (2026, contract).",),
)  # fmt: skip
HOSTILE = [
    "<script>alert(1)</script>",
    "</svg></table><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }} {% raw %}",
    "x" * 10_000,
    "a" * 50 + " \u202e\u200b\x00\x07\x1b[31m end",
    "\N{ELECTRIC LIGHT BULB} Łódź \N{GREEK SMALL LETTER OMEGA}",
    "(unbalanced \\ ) brackets ((",
    "\ud800 half a letter",
    "",
]


class Reader(HTMLParser):
    """Collects the elements and words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    return reader


def test_the_page_and_the_pdf_say_every_figure_of_the_report():
    in_page, in_pdf = " ".join(read(energy.page(REPORT)).words), words_of(energy.pdf(REPORT))
    for figure in (
        "12,346 kWh", "18,000 kWh", "31.4 %", "3,703.68 EUR", "4,481 kg", "12,000", "2,000", "345.1", "29.4 %",
        "KV-Müller", "3,600.15", "2026-10-01 to 2026-10-31", "Duisburg",
    ):  # fmt: skip
        assert figure in in_page, figure
        assert figure in in_pdf, figure


def test_what_is_not_known_is_a_dash_and_never_nothing():
    row = next(table for table in energy.document(REPORT).blocks if isinstance(table, Table)).rows[1]
    assert row == ("(none)", "345.1", "0", "345.1", "-", "-", "-", "-", "1,000")


def test_the_page_is_one_file_without_scripts_and_without_anything_from_elsewhere():
    reader = read(energy.page(REPORT))
    assert not {tag for tag, _ in reader.elements} & {"script", "link", "img", "iframe", "object", "base", "form"}
    addresses = [value for _, attrs in reader.elements for key, value in attrs.items() if key in ("href", "src")]
    assert all(value is not None and value.startswith("#") for value in addresses)
    assert "http" not in re.sub(r'http-equiv="Content-Security-Policy"', "", energy.page(REPORT))


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: repr(name[:12]))
def test_no_name_breaks_out_of_a_page_or_stops_a_pdf(name):
    plain = [tag for tag, _ in read(energy.page(REPORT)).elements]
    named = replace(
        REPORT,
        site=name,
        title=f"Report {name}",
        by="cabinet",
        rows=(replace(ROWS[0], key=name), ROWS[1]),
        notes=(name,),
    )
    text = energy.page(named)
    assert [tag for tag, _ in read(text).elements] == plain
    text.encode("utf-8", "replace")
    written = energy.pdf(named)
    assert pages_of(written) <= 8
    assert "12,000" in words_of(written)


def test_letters_the_pdf_lacks_are_replaced_visibly_and_said_to_be():
    assert "Straße" in words_of(energy.pdf(replace(REPORT, rows=(replace(ROWS[0], key="Straße"),))))
    words = words_of(energy.pdf(replace(REPORT, rows=(replace(ROWS[0], key="\N{ELECTRIC LIGHT BULB} Łódź"),))))
    assert "? Lódz" in words
    assert "the HTML report has them" in words
    # The control: a report with letters it has says nothing of the kind.
    assert "the HTML report has them" not in words_of(energy.pdf(REPORT))


def test_the_same_report_gives_the_same_bytes():
    assert energy.pdf(REPORT) == energy.pdf(REPORT)
    assert energy.page(REPORT) == energy.page(REPORT)


def document(*blocks) -> Document:
    return Document("City", "Title", "a night", blocks, "Made now.")


def test_a_document_of_nothing_is_a_page_and_a_pdf():
    nothing = document(Heading("Outages"), Table("", (Column("A"),), (), "Nothing was out."), Figures(()))
    assert "Nothing was out." in page.page(nothing)
    assert "Nothing was out." in words_of(pdf.pdf(nothing, MADE))


def test_a_long_table_goes_over_pages_with_its_header_on_each():
    rows = tuple((f"row {number}", "1") for number in range(200))
    written = pdf.pdf(document(Table("Long", (Column("Light point"), Column("Lamps", right=True)), rows)), MADE)
    words = words_of(written)
    assert all(f"row {number}" in words for number in range(200))
    assert words.count("Light point") == pages_of(written) > 2


def test_a_heading_is_never_left_alone_at_the_end_of_a_page():
    chart = Bars("Chart", "h", ("a", "b"), (Series("x", (1.0, 2.0), Tone.BAD),))
    for lines in range(30, 50):
        written = pdf.pdf(document(*(Words("word"),) * lines, Heading("Alone"), chart), MADE)
        pages = written.split(b"endstream")
        (there,) = [each for each in pages if b"(Alone)" in each]
        assert b"(Chart)" in there


def test_every_chart_has_its_figures_in_a_table():
    heat = HeatMap("Levels", (dt.date(2026, 10, 24),), ((100.0,) * 96,), 4)
    bars = Bars("Bars", "kWh", ("10-01", "10-02"), (Series("metered", (1.25, 7.5), Tone.METERED),), "night")
    text, written = page.page(document(bars, heat)), words_of(pdf.pdf(document(bars, heat), MADE))
    for figure in ("1.25", "7.50", "Sat 2026-10-24", "12:00 100"):
        assert figure in text
        assert figure in written


def test_figures_that_call_for_action_are_marked_by_more_than_colour_alone():
    figures = Figures((Figure("Outages open", "3", "3 lamps out", bad=True), Figure("Energy", "5 kWh")))
    text = page.page(document(figures))
    assert text.count('<div class="bad">') == 1
    assert "3 lamps out" in text
