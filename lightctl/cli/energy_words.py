"""Figures of energy as tables show them, and the option that says by what."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lightctl.cli.output import Json

UNKNOWN = "-"


def by_option(usual: str, *, times: bool = False) -> Any:  # noqa: ANN401 - an annotation for Typer
    """Give the option --by."""
    more = ", month or night" if times else ""
    words = f"Rows by group, cabinet, road_class, kind, luminaire, id, tag:KEY{more}; default {usual}."
    return Annotated[str, typer.Option("--by", metavar="KEY", help=words, show_default=False)]


def key_of(row: Json) -> str:
    """Show a row's key."""
    return str(row["key"]) or UNKNOWN


def amount(value: float | None) -> str:
    """Show kWh, W, kg, m2: one decimal, none from a thousand on."""
    if value is None:
        return UNKNOWN
    return f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"  # noqa: PLR2004 - where decimals stop to matter


def euro(value: float | None) -> str:
    """Show money."""
    return UNKNOWN if value is None else f"{value:,.2f}"


def hours_of(value: float) -> str:
    """Show hours."""
    return amount(value)


def percent_of(value: float | None) -> str:
    """Show a share."""
    return UNKNOWN if value is None else f"{value:.1f} %"
