"""What stands in a PDF, in the order in which it was set: the strings of its uncompressed pages."""

from __future__ import annotations

import re

_SHOWN = re.compile(rb"\((?P<text>(?:[^()\\]|\\.)*)\)\s*Tj")
_SHOWN_IN_PARTS = re.compile(rb"\[(?P<parts>[^\]]*)\]\s*TJ")
_PART = re.compile(rb"\((?P<text>(?:[^()\\]|\\.)*)\)")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)


def words_of(pdf: bytes) -> str:
    """Give all words of a PDF, one blank between the strings they are set as."""
    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")
    found = [match["text"] for match in _SHOWN.finditer(pdf)]
    found += [part["text"] for match in _SHOWN_IN_PARTS.finditer(pdf) for part in _PART.finditer(match["parts"])]
    return " ".join(_ESCAPED.sub(rb"\1", text).decode("cp1252") for text in found)


def pages_of(pdf: bytes) -> int:
    """Count the pages of a PDF."""
    return len(re.findall(rb"/Type /Page\b", pdf))
