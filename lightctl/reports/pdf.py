"""A document as a PDF on A4: the same words, tables and charts as the page, drawn with the fonts every reader has.

Those fonts know the letters of western Europe (Windows-1252). A letter they lack stands without its accent, or as ?,
and the last line says so: names are never dropped, and never stop a report. Text is laid down uncompressed.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from typing import assert_never

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, TableCellFillMode, TextEmphasis
from fpdf.fonts import FontFace

from lightctl.reports.charts.drawing import draw
from lightctl.reports.charts.figures import figures_of
from lightctl.reports.charts.picture import WIDTH, Anchor, Dot, Ink, Line, Picture, Rect, Shape, Text
from lightctl.reports.charts.tones import on_paper
from lightctl.reports.charts.values import Bars, HeatMap, Lines, Ranking
from lightctl.reports.document import Block, Document, Figure, Figures, Heading, Table, Words, clipped

_ENCODING = "cp1252"
_MARGIN = 15.0
_MM_A_PT = 72 / 25.4
_SOFT, _INK, _BAD, _CARD, _GRID = on_paper(Ink.SOFT), on_paper(Ink.INK), "#a94700", "#f5f6f9", on_paper(Ink.GRID)
_CARDS_ABREAST = 4
_CARD_HEIGHT, _GAP = 19.5, 3.0
_CELL_CHARACTERS = 80
_LETTERS = str.maketrans("ŁłĐđİıŐőŰű", "LlDdIiOoUu")
_BODY, _SMALL = 9.5, 8.0
_LEAST_ROOM = 24.0


def pdf(document: Document, made_at: dt.datetime) -> bytes:
    """Write a document as a PDF; the same document and instant give the same bytes."""
    paper = _Paper(document, made_at)
    for block, coming in zip(document.blocks, (*document.blocks[1:], None), strict=True):
        match block:
            case Heading(text):
                paper.heading(text, paper.height_of(coming))
            case Words(text):
                paper.paragraph(text)
            case Figures(items):
                paper.cards(items)
            case Table():
                paper.sheet(block)
            case Bars() | Lines() | Ranking() | HeatMap():
                paper.picture(draw(block))
            case _:
                assert_never(block)
    if figures := figures_of(document.charts_to_tell):
        paper.add_page()
        paper.heading("The figures of the charts")
        for each in figures:
            paper.sheet(each)
    return paper.close()


class _Paper(FPDF):
    """The sheets a document is written on."""

    def __init__(self, document: Document, made_at: dt.datetime) -> None:
        super().__init__(orientation="portrait", unit="mm", format="A4")
        self._document = document
        self._replaced = 0
        self.core_fonts_encoding = _ENCODING
        self.set_compression(compress=False)
        self.set_creation_date(made_at)
        self.set_title(clipped(f"{document.title}, {document.period}"))
        self.set_lang("en")
        self.set_margin(_MARGIN)
        self.c_margin = 0
        self.set_auto_page_break(auto=True, margin=_MARGIN + 5)
        self.alias_nb_pages("{pages}")
        self.add_page()
        self._font(18, bold=True)
        self.multi_cell(0, 8, self._text(clipped(document.title)), new_x="LMARGIN", new_y="NEXT")
        self._font(10, tone=_SOFT)
        where = f"{document.site}, " if document.site else ""
        self.multi_cell(
            0, 5, self._text(clipped(f"{where}{document.period}", 2 * _CELL_CHARACTERS)), new_x="LMARGIN", new_y="NEXT"
        )
        self.ln(3)

    def footer(self) -> None:
        """Set the line at the foot of every page."""
        self.set_y(-_MARGIN)
        self._font(7.5, tone=_SOFT)
        name = ", ".join(filter(None, (self._document.title, self._document.site, self._document.period)))
        self.cell(self.epw - 20, 5, self._text(clipped(name, 110)))
        number = str(self.page_no())
        self.set_x(self.w - self.r_margin - self.get_string_width(f"{number} / 00"))
        self.cell(20, 5, f"{number} / {{pages}}")

    def height_of(self, block: Block | None) -> float:
        """Give how much room a block wants below its heading (mm)."""
        if isinstance(block, Bars | Lines | Ranking | HeatMap):
            return draw(block).height * self.epw / WIDTH + 4
        return _LEAST_ROOM

    def heading(self, words: str, coming: float = _LEAST_ROOM) -> None:
        """Begin what follows, on the page where the first of it is."""
        if self.will_page_break(14 + coming):
            self.add_page()
        self.ln(4)
        self._font(12.5, bold=True)
        self.set_draw_color(_GRID)
        self.line(self.l_margin, self.get_y(), self.w - self.r_margin, self.get_y())
        self.ln(2)
        self.multi_cell(0, 6, self._text(clipped(words)), new_x="LMARGIN", new_y="NEXT")
        self.ln(1)

    def paragraph(self, words: str) -> None:
        """Set a paragraph."""
        self._font(_BODY)
        self.multi_cell(0, 4.6, self._text(words), align="L", new_x="LMARGIN", new_y="NEXT")
        self.ln(1.5)

    def cards(self, items: tuple[Figure, ...]) -> None:
        """Set figures side by side."""
        width = (self.epw - (_CARDS_ABREAST - 1) * _GAP) / _CARDS_ABREAST
        for at, item in enumerate(items):
            column = at % _CARDS_ABREAST
            if column == 0 and self.will_page_break(_CARD_HEIGHT):
                self.add_page()
            x, y = self.l_margin + column * (width + _GAP), self.get_y()
            self._card(item, x, y, width)
            last = at == len(items) - 1
            self.set_xy(self.l_margin, y + _CARD_HEIGHT + _GAP if column == _CARDS_ABREAST - 1 or last else y)
        self.ln(1)

    def _card(self, item: Figure, x: float, y: float, width: float) -> None:
        self.set_fill_color(_CARD)
        self.rect(x, y, width, _CARD_HEIGHT, style="F")
        self.set_fill_color(_BAD if item.bad else _GRID)
        self.rect(x, y, 0.8, _CARD_HEIGHT, style="F")
        inner = width - 5
        for size, tone, top, text, bold, lines in (
            (_SMALL, _SOFT, 1.5, item.name, False, 1),
            (13.0, _BAD if item.bad else _INK, 5.5, item.value, True, 1),
            (7.2, _SOFT, 12.0, item.note, False, 2),
        ):
            self._font(size, tone=tone, bold=bold)
            self.set_xy(x + 3, y + top)
            shown = self._fitting(text, inner * lines * 0.97)
            self.multi_cell(inner + 2, size * 0.43, shown, align="L", new_x="LEFT", new_y="NEXT")

    def sheet(self, table: Table) -> None:
        """Set a table; its header comes again on each page."""
        if not table.rows:
            self.paragraph(table.empty or "Nothing.")
            return
        if self.will_page_break(22):
            self.add_page()
        if table.title:
            self._font(_BODY, bold=True)
            self.multi_cell(0, 5, self._text(clipped(table.title)), new_x="LMARGIN", new_y="NEXT")
        self._font(_SMALL)
        self.set_draw_color(_GRID)
        self.set_fill_color("#ffffff")
        with self.table(
            col_widths=tuple(column.share for column in table.columns),
            text_align=tuple("RIGHT" if column.right else "LEFT" for column in table.columns),
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            cell_fill_mode=TableCellFillMode.NONE,
            headings_style=FontFace(emphasis=TextEmphasis.NONE, color=_SOFT),
            line_height=4.2,
            padding=(0.7, 2.2, 0.7, 0),
        ) as drawn:
            drawn.row([self._text(clipped(column.title)) for column in table.columns])
            for row in table.rows:
                drawn.row([self._text(clipped(cell, _CELL_CHARACTERS)) for cell in row])
            if table.last:
                bold = FontFace(emphasis=TextEmphasis.B)
                drawn.row([self._text(clipped(cell)) for cell in table.last], style=bold)
        self.ln(3)

    def picture(self, picture: Picture) -> None:
        """Draw a picture over the whole width."""
        unit = self.epw / WIDTH
        height = picture.height * unit
        if self.will_page_break(height):
            self.add_page()
        top = self.get_y() + 1
        for shape in picture.shapes:
            self._draw(shape, self.l_margin, top, unit)
        self.set_dash_pattern()
        self.set_line_width(0.2)
        self.set_xy(self.l_margin, top + height + 2)

    def _draw(self, shape: Shape, left: float, top: float, unit: float) -> None:
        match shape:
            case Rect(x, y, width, height, tone):
                self.set_fill_color(on_paper(tone))
                self.rect(left + x * unit, top + y * unit, width * unit, height * unit, style="F")
            case Dot(x, y, radius, tone):
                self.set_fill_color(on_paper(tone))
                self.circle(left + x * unit, top + y * unit, radius * unit, style="F")
            case Line(points, tone, width, dashed):
                self.set_draw_color(on_paper(tone))
                self.set_line_width(width * unit)
                self.set_dash_pattern(dash=1.2 if dashed else 0, gap=1 if dashed else 0)
                self.polyline([(left + x * unit, top + y * unit) for x, y in points])
            case Text(x, y, text, size, tone, anchor, bold):
                self._font(size * unit * _MM_A_PT, tone=on_paper(tone), bold=bold)
                shown = self._text(clipped(text))
                width = self.get_string_width(shown)
                shift = {Anchor.START: 0.0, Anchor.MIDDLE: width / 2, Anchor.END: width}[anchor]
                self.text(left + x * unit - shift, top + y * unit, shown)
            case _:
                assert_never(shape)

    def close(self) -> bytes:
        """Say when it was made, and what could not be shown; give the file."""
        self.ln(3)
        self._font(7.5, tone=_SOFT)
        words = self._document.made
        if self._replaced:
            words += (
                f" {self._replaced} characters that the fonts of a PDF lack stand without accents or as ? here; "
                "the HTML report has them."
            )
        self.multi_cell(0, 4, self._text(words), new_x="LMARGIN", new_y="NEXT")
        return bytes(self.output())

    def _font(self, size: float, *, tone: str = _INK, bold: bool = False) -> None:
        self.set_font("Helvetica", style="B" if bold else "", size=size)
        self.set_text_color(tone)

    def _text(self, text: str) -> str:
        """Give a text in the letters the fonts have, and count those that are not."""
        shown = "".join(_plain(each) for each in text)
        self._replaced += sum(1 for was, now in zip(text, shown, strict=True) if was != now)
        return shown

    def _fitting(self, text: str, width: float) -> str:
        shown = self._text(clipped(text))
        while shown and self.get_string_width(shown) > width:
            shown = f"{shown[:-2]}…" if len(shown) > 1 else ""
        return shown


def _plain(letter: str) -> str:
    """Give one letter that the fonts have, as near as there is."""
    for near in (letter, letter.translate(_LETTERS), unicodedata.normalize("NFKD", letter)[:1]):
        if near.isprintable() and len(near.encode(_ENCODING, "ignore")) == 1:
            return near
    return "?"
