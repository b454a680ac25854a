"""Campaigns: long searches for a contract that does not hold, each told from a seed.

python -m tests.campaigns NAME [--seed S] [-o json] ...

They are no part of the test suite, which runs a small slice of each; docs/proof.md says what they have shown.
"""

from __future__ import annotations

import sys

from tests.campaigns import fuzz, month, plan_nights

CAMPAIGNS = {"fuzz": fuzz.main, "month": month.main, "plan_nights": plan_nights.main}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in CAMPAIGNS:
        sys.exit(f"usage: python -m tests.campaigns {{{','.join(CAMPAIGNS)}}} ...")
    sys.exit(CAMPAIGNS[sys.argv[1]](sys.argv[2:]))
