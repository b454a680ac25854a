"""Run a room's tests against its mutants: everything is imported and collected once, then a process forks per mutant.

A first fork runs all tests as they are and notes how long each takes and which lines of the room it goes through. A
mutant's fork runs the tests that go through its line, those first that have killed mutants of that function before,
then the quickest; then the other quick tests of the same files, which may share what was worked out there. It ends at
the first failure. A test that takes many times the processor time it should is a mutant found out, too. Hypothesis
draws the same examples every time, and no wall clock decides anything: the same mutants are killed in every run.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FrameType

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.mutants.live import CannotBeLivedError, put_in_force
from tests.mutants.mutate import Mutant
from tests.mutants.rooms import ROOT

KILLED, SURVIVED, TIMED_OUT, UNREACHED, IMPOSSIBLE = "killed", "survived", "timed out", "unreached", "impossible"
MOST_TIMES, LEAST_S = 8.0, 2.0
QUICK_S = 0.5
MOST_BYTES = 3 << 30
PROFILE = "mutants"


@dataclass
class Baseline:
    """How the tests run when nothing is changed: seconds of processor time and lines gone through, by test."""

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[str, set[int]]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def reaching(self, mutant: Mutant) -> list[str]:
        """Give the tests that go through a mutant's lines, quickest first; the module's own level is every test's."""
        lines = set(mutant.lines)
        found = [
            test for test in self.seconds if not mutant.function or lines & self.lines[test].get(mutant.path, set())
        ]
        return sorted(found, key=self.seconds.__getitem__)


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant, and the test that killed it."""

    mutant: Mutant
    state: str
    by: str = ""


class Runner:
    """A pytest plugin that runs the collected tests many times, each time in a process of its own."""

    def __init__(self, mutants: Sequence[Mutant], jobs: int, say: Callable[[str], None]) -> None:
        self.mutants, self.jobs, self.say = mutants, jobs, say
        self.baseline = Baseline()
        self.outcomes: list[Outcome] = []
        self._failed = False
        self._killers: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    # -- what pytest asks ------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Do the work in place of pytest's own loop."""
        self.items = {item.nodeid: item for item in session.items}
        self._measure()
        if not self.baseline.failed:
            self._all()
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take note of a failure."""
        self._failed = self._failed or report.failed

    # -- one process each ------------------------------------------------------------------------------------------

    def _fork(self, work: Callable[[], object]) -> tuple[int, int]:
        """Start work in a process of its own; gives its id and where its answer comes."""
        answers, answer = os.pipe()
        child = os.fork()
        if child:
            os.close(answer)
            return child, answers
        os.close(answers)
        with contextlib.suppress(BaseException):
            os.setpgid(0, 0)
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
            with os.fdopen(answer, "w") as stream:
                json.dump(work(), stream)
        os._exit(0)

    def _measure(self) -> None:
        child, answers = self._fork(self._run_all)
        with os.fdopen(answers) as stream:
            text = stream.read()
        os.waitpid(child, 0)
        if not text:
            self.baseline.failed.append("the tests ended the process they ran in")
            return
        told = json.loads(text)
        self.baseline.failed = told["failed"]
        self.baseline.seconds = told["seconds"]
        self.baseline.lines = {
            test: {path: set(lines) for path, lines in of.items()} for test, of in told["lines"].items()
        }

    def _run_all(self) -> dict[str, object]:
        seconds, failed, lines = {}, [], {}
        watch = Watch({str(ROOT / each.path): each.path for each in self.mutants})
        order = list(self.items)
        for test, following in zip(order, [*order[1:], None], strict=True):
            with watch:
                began = time.process_time()
                good = self._run_one(test, following)
                seconds[test] = time.process_time() - began
            lines[test] = {path: sorted(found) for path, found in watch.taken().items()}
            if not good:
                failed.append(test)
        return {"seconds": seconds, "failed": failed, "lines": lines}

    def _run_one(self, test: str, following: str | None) -> bool:
        self._failed = False
        item = self.items[test]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=self.items[following] if following else None)
        return not self._failed

    def _try(self, mutant: Mutant, tests: Sequence[str]) -> dict[str, str]:
        try:
            put_in_force(mutant)
        except CannotBeLivedError as error:
            return {"state": IMPOSSIBLE, "by": str(error)}
        for test, following in zip(tests, [*tests[1:], None], strict=True):
            # The default action of the signal ends the process: a test that loops is stopped wherever it is.
            signal.setitimer(signal.ITIMER_PROF, LEAST_S + MOST_TIMES * self.baseline.seconds[test])
            try:
                good = self._run_one(test, following)
            except BaseException:  # noqa: BLE001 - whatever leaves a test, its mutant was noticed
                good = False
            if not good:
                return {"state": KILLED, "by": test}
        return {"state": SURVIVED, "by": ""}

    # -- all of them -----------------------------------------------------------------------------------------------

    def _tests_for(self, mutant: Mutant) -> list[str]:
        reaching = self.baseline.reaching(mutant)
        killers = self._killers[mutant.path, mutant.function]
        reaching.sort(key=lambda test: -killers[test])
        modules = {test.partition("::")[0] for test in reaching}
        known = set(reaching)
        others = [
            test
            for test, seconds in self.baseline.seconds.items()
            if test not in known and seconds < QUICK_S and test.partition("::")[0] in modules
        ]
        return [*reaching, *others]

    def _all(self) -> None:
        waiting: Iterator[Mutant] = iter(self.mutants)
        running: dict[int, tuple[int, Mutant]] = {}
        began = said = time.monotonic()
        while True:
            while len(running) < self.jobs and (mutant := next(waiting, None)) is not None:
                tests = self._tests_for(mutant)
                if not tests:
                    self.outcomes.append(Outcome(mutant, UNREACHED))
                    continue
                child, answers = self._fork(lambda mutant=mutant, tests=tests: self._try(mutant, tests))
                running[answers] = (child, mutant)
            if not running:
                return
            for answers in select.select(list(running), [], [])[0]:
                child, mutant = running.pop(answers)
                self._take(child, mutant, answers)
            if time.monotonic() - said > 60:
                said = time.monotonic()
                alive = sum(each.state in (SURVIVED, UNREACHED) for each in self.outcomes)
                self.say(f"{len(self.outcomes)} of {len(self.mutants)}, {alive} alive after {said - began:.0f} s\n")

    def _take(self, child: int, mutant: Mutant, answers: int) -> None:
        with os.fdopen(answers) as stream:
            text = stream.read()
        _, status = os.waitpid(child, 0)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # whatever it started and left
        if text:
            told = json.loads(text)
        else:
            late = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF
            told = {"state": TIMED_OUT if late else KILLED, "by": "it ended the process"}
        self.outcomes.append(Outcome(mutant, told["state"], told["by"]))
        if told["state"] == SURVIVED:
            self.say(f"lives: {mutant.key}\n")
        if told["state"] == KILLED and told["by"] in self.items:
            self._killers[mutant.path, mutant.function][told["by"]] += 1


class Watch:
    """Notes the lines of some files that are gone through."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names
        self._lines: dict[str, set[int]] = {}

    def __enter__(self) -> None:
        self._lines = {}
        sys.settrace(self._entered)

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def taken(self) -> dict[str, set[int]]:
        return self._lines

    def _entered(self, frame: FrameType, _event: str, _about: object) -> Callable[..., object] | None:
        name = self._names.get(frame.f_code.co_filename)
        if name is None:
            return None
        lines = self._lines.setdefault(name, set())

        def note(inner: FrameType, _event: str, _about: object) -> Callable[..., object]:
            lines.add(inner.f_lineno)
            return note

        lines.add(frame.f_lineno)
        return note


def run(
    mutants: Sequence[Mutant], tests: Iterable[str], jobs: int = 2, say: Callable[[str], None] = sys.stderr.write
) -> tuple[Baseline, list[Outcome]]:
    """Run tests against mutants; raises RuntimeError where they fail with nothing changed."""
    settings.register_profile(
        PROFILE,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    runner = Runner(mutants, jobs, say)
    options = ["-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:xdist", "-o", "addopts=", "-s"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # hypothesis is here already
    options += ["--import-mode=importlib", f"--hypothesis-profile={PROFILE}", "--rootdir", str(ROOT)]
    with tempfile.TemporaryDirectory(prefix="lightctl-mutants-") as folder:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
        try:
            code = pytest.main([*options, *(str(ROOT / each) for each in tests)], plugins=[runner])
        finally:
            del os.environ["PYTEST_DEBUG_TEMPROOT"]
            settings.load_profile("default")
    if runner.baseline.failed or (code and code is not pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(f"the tests fail with nothing changed (pytest: {code}): {runner.baseline.failed}")
    return runner.baseline, runner.outcomes
