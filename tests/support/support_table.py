"""The table of supported devices on docs/nodes.md, written from the profiles: python -m tests.support.support_table"""

from __future__ import annotations

from pathlib import Path

from lightctl.devices.support import COLUMNS, support_table

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "nodes.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"


def page_with_table() -> str:
    """Give the page with the table as the profiles have it now."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    head = "| " + " | ".join(name.replace("_", " ") for name in COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|\n"
    rows = ("| " + " | ".join(row[name].replace("|", "\\|") for name in COLUMNS) + " |\n" for row in support_table())
    return f"{before}{BEGIN}{head}{''.join(rows)}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_with_table())
