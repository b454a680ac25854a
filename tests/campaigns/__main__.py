"""Campaigns: long searches for a contract that does not hold, each told from a seed.

python -m tests.campaigns NAME [--seed S] [-o json] ...

They are no part of the test suite, which runs a small slice of each; docs/proof.md says what they have shown.
"""

from __future__ import annotations

import sys

from tests.campaigns import (
    broker,
    clock,
    disk_full,
    fuzz,
    kill_daemon,
    modbus_line,
    month,
    mutants,
    namespaces,
    network,
    plan_nights,
    power_cut,
    soak,
    stateful,
    stories,
    storm,
    years,
)

EVERY = (
    broker,
    clock,
    disk_full,
    fuzz,
    kill_daemon,
    modbus_line,
    month,
    mutants,
    namespaces,
    network,
    plan_nights,
    power_cut,
    soak,
    stateful,
    stories,
    storm,
    years,
)
CAMPAIGNS = {each.NAME: each.main for each in EVERY}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in CAMPAIGNS:
        sys.exit(f"usage: python -m tests.campaigns {{{','.join(CAMPAIGNS)}}} ...")
    sys.exit(CAMPAIGNS[sys.argv[1]](sys.argv[2:]))
