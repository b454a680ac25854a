"""Campaigns: long searches for a contract that does not hold, each told from a seed.

python -m tests.campaigns NAME [--seed S] [-o json] ...

Every module beside this one that is no test is a campaign. They are no part of the test suite, which runs a small slice
of each; docs/proof.md says what they have shown.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

NAMES = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith(("_", "test_")))

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in NAMES:
        sys.exit(f"usage: python -m tests.campaigns {{{','.join(NAMES)}}} ...")
    sys.exit(import_module(f"tests.campaigns.{sys.argv[1]}").main(sys.argv[2:]))
