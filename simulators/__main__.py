"""`python -m simulators SCENARIO.yaml [--stdin-faults]`: one JSON line on stdout when ready, talk on stderr."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import signal
import sys
from pathlib import Path

from lightctl.domain.errors import InvalidInput
from simulators.runner import Run
from simulators.scenario import read_fault, read_scenario
from simulators.specs import FAULT_KINDS, Scenario
from simulators.strict_yaml import read_section

EXIT_INVALID, EXIT_FAILED = 2, 1
LONGEST_LINE_BYTES = 16 * 1024 * 1024  # a fault may name every node of a large city


def main() -> int:
    """Run a scenario; 0 when it ended in good order, 2 for an invalid scenario, 1 when a wire cannot be opened."""
    parser = argparse.ArgumentParser(prog="python -m simulators", description="Simulated street-lighting nodes.")
    parser.add_argument("scenario", type=Path, help="the scenario file (docs/simulators.md)")
    parser.add_argument("--stdin-faults", action="store_true", help="take faults as JSON lines on stdin")
    options = parser.parse_args()
    path: Path = options.scenario
    try:
        text = path.read_text(encoding="utf-8")
        scenario = read_scenario(text, str(path), path.resolve().parent, dt.datetime.now(dt.UTC))
        asyncio.run(_serve(scenario, stdin_faults=options.stdin_faults))
    except InvalidInput as error:
        print(error, file=sys.stderr)  # noqa: T201 - talk goes to stderr
        return EXIT_INVALID
    except (OSError, UnicodeDecodeError) as error:
        print(f"{path}: {error}", file=sys.stderr)  # noqa: T201
        return EXIT_FAILED
    return 0


async def _serve(scenario: Scenario, *, stdin_faults: bool) -> None:
    run = Run(scenario)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, run.stop)
    listener = asyncio.create_task(_take_faults(run), name="stdin faults") if stdin_faults else None
    try:
        await run.run(_say)
    finally:
        if listener is not None:
            listener.cancel()


async def _take_faults(run: Run) -> None:
    reader = asyncio.StreamReader(limit=LONGEST_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        if line.strip():
            try:
                _say(take_fault(run, line.decode()))
            except (InvalidInput, UnicodeDecodeError) as error:
                _say({"error": str(error)})


def take_fault(run: Run, line: str) -> dict[str, object]:
    """Put in the fault a JSON line describes, or take one back (`clear`); gives the answer. Raises InvalidInput."""
    section = read_section(line, "stdin")
    if not section.has("clear"):
        fault = read_fault(section, run.now())
        return {"fault": fault.kind, "nodes": list(run.inject(fault))}
    kind, nodes = section.choice("clear", FAULT_KINDS), section.texts("nodes")
    section.close()
    run.troubles.clear(kind, nodes, run.now())
    return {"clear": kind, "nodes": list(nodes)}


def _say(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)  # noqa: T201 - stdout is what the starting process reads


if __name__ == "__main__":
    sys.exit(main())
