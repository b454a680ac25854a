"""`python -m tests.acceptance.server_gone`: two nights without daemon and broker, judged by the lamps' own log.

Exits 0 only when every node that carries nights followed its plan throughout, every live one did exactly what its kind
does without a server, and all of them follow again once it is back.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.support.server_gone import run

LAMPS, SECONDS = 500, 240.0


def main() -> int:
    """Run the command; gives its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.server_gone", description=__doc__)
    parser.add_argument("--lamps", type=int, default=LAMPS, help="how many lamps on the broker")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long the 55 hours shall take")
    wishes = parser.parse_args()

    def say(text: str) -> None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    with tempfile.TemporaryDirectory(prefix="server-gone-") as folder:
        figures = run(Path(folder), lamps=wishes.lamps, seconds=wishes.seconds, say=say)
    sys.stdout.write(json.dumps(figures.as_json(), indent=2) + "\n")
    return 0 if figures.ok else 1


if __name__ == "__main__":
    raise SystemExit(main())
