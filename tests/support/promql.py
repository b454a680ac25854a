"""The names of metrics in PromQL: what a query asks Prometheus for, without its labels, functions and keywords."""

from __future__ import annotations

import re

STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`")
MATCHERS = re.compile(r"\{[^{}]*\}")
RANGE = re.compile(r"\[[^\]]*\]")
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
WORD = re.compile(r"(?<![\w.:])[a-zA-Z_:][\w:]*(?P<call>\s*\()?")
KEYWORDS = {"and", "or", "unless", "bool", "offset", "group_left", "group_right", "inf", "nan"}
AGGREGATIONS = {"sum", "min", "max", "avg", "count", "topk", "bottomk", "quantile", "stddev", "stdvar", "group"}


def metric_names(query: str) -> set[str]:
    """Give the metrics a query names."""
    text = STRING.sub('""', query)
    for pattern in (MATCHERS, RANGE, GROUPING):
        text = pattern.sub(" ", text)
    words = {match[0] for match in WORD.finditer(text) if not match["call"]}
    return {word for word in words if word.lower() not in KEYWORDS | AGGREGATIONS}
