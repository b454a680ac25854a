"""Any order of events: do commands and the store keep their rules whatever happens, and in whatever order?

python -m tests.campaigns stateful [--machine NAME] [--rounds 1000] [--seed 1] [-o json]
python -m tests.campaigns stateful --machine NAME --break WHAT      the machine broken on purpose: must fail

A round is one story of up to 50 things that happen, drawn by Hypothesis; one that breaks a rule is made small and told.
Exit code 1: a rule was broken.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shlex
import sys
import time
import traceback
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, get_state_machine_test

from tests.control import test_commands_of_a_street as commands
from tests.store import test_store_as_a_machine as store

NAME = "stateful"
STEPS = 50
MACHINES = {
    "commands": (commands.CommandsOfAStreet, commands.BREAKS),
    "store": (store.StoreAsAMachine, store.BREAKS),
}


def search(machine: type[RuleBasedStateMachine], rounds: int, number: int) -> tuple[int, str]:
    """Tell so many stories of a seed; gives how many were told to their end, and what went wrong in the smallest."""
    told = 0

    class Counted(machine):
        def teardown(self) -> None:
            nonlocal told
            super().teardown()
            told += 1

    chosen = settings(
        max_examples=rounds,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    try:
        with contextlib.redirect_stdout(sys.stderr):  # a search that takes long says so, and stdout is the report's
            seed(number)(get_state_machine_test(Counted, settings=chosen))()
    except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - whatever leaves a story is what is looked for
        return told, "\n".join(traceback.format_exception_only(error))
    return told, ""


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(f"python -m tests.campaigns {NAME}", description=__doc__.partition("\n")[0])
    parser.add_argument("--machine", choices=MACHINES)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--break", dest="breaking", default="", metavar="WHAT", help="words of the break's name")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    chosen = parser.parse_args(arguments)
    results = []
    for name in [chosen.machine] if chosen.machine else list(MACHINES):
        machine, breaks = MACHINES[name]
        broken = next((each for each in breaks if chosen.breaking and chosen.breaking in each), "")
        if chosen.breaking and not broken:
            parser.error(f"{name} can be broken so: {'; '.join(breaks)}")
        began = time.perf_counter()
        with pytest.MonkeyPatch.context() as patch:
            if broken:
                patch.setattr(*breaks[broken])
            told, what = search(machine, chosen.rounds, chosen.seed)
        seconds = round(time.perf_counter() - began, 1)
        results.append({"machine": name, "break": broken, "rounds": told, "seconds": seconds, "failure": what})
    failed = [each["machine"] for each in results if each["failure"]]
    repeat = f"python -m tests.campaigns {NAME} {shlex.join(arguments)}"
    result = {"campaign": NAME, "seed": chosen.seed, "failed": failed, "repeat": repeat, "machines": results}
    sys.stdout.write(json.dumps(result, indent=2) + "\n" if chosen.output == "json" else _text(result))
    return int(bool(failed))


def _text(result: dict[str, object]) -> str:
    lines = [f"{key}: {value}" for key, value in result.items() if key != "machines"]
    for machine in result["machines"]:
        lines += ["", *(f"{key}: {value}" for key, value in machine.items())]
    return "\n".join(lines) + "\n"
