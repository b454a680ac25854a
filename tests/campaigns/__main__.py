"""Campaigns: long searches for a contract that does not hold, each told from a seed.

python -m tests.campaigns NAME [--seed S] [-o json] ...

They are no part of the test suite, which runs a small slice of each; docs/proof.md says what they have shown.
"""

from __future__ import annotations

import sys

from tests.campaigns import (
    broker,
    disk_full,
    fuzz,
    kill_daemon,
    modbus_line,
    month,
    network,
    plan_nights,
    power_cut,
    storm,
)

CAMPAIGNS = {
    "broker": broker.main,
    "disk_full": disk_full.main,
    "fuzz": fuzz.main,
    "kill_daemon": kill_daemon.main,
    "modbus_line": modbus_line.main,
    "month": month.main,
    "network": network.main,
    "plan_nights": plan_nights.main,
    "power_cut": power_cut.main,
    "storm": storm.main,
}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in CAMPAIGNS:
        sys.exit(f"usage: python -m tests.campaigns {{{','.join(CAMPAIGNS)}}} ...")
    sys.exit(CAMPAIGNS[sys.argv[1]](sys.argv[2:]))
