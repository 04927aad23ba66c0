"""Tries the mutants of one target: a warm process that splits into one child for each of them.

The warm process runs pytest like any other. When the target is first imported (an SQL file: when the tests are
collected), it stops there for good and forks its children from that point, ``PROCESSES`` at a time. Each child goes on
with its own source of the target, in a process group of its own, which is killed when the time is up. Tests of the
database make one of their own in each child, as they do in each process.

The first child goes on with the original: tests that fail before anything was changed would kill every mutant. It also
tells how long each test takes. Those that killed mutants before come first in the next children, then the quick ones.
"""

from __future__ import annotations

import builtins
import ctypes
import enum
import importlib.util
import io
import json
import math
import os
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from tools.mutation.mutant import Mutant
from tools.mutation.targets import Target

PROCESSES = 2
#: Seconds that the original may take. A mutant may take some times what the original took, of the processor and by the
#: clock, and at least so many seconds. The clock has a long rein: on a busy machine it says little.
ORIGINAL_LIMIT_S = 1_800.0
PROCESSOR_TIMES, PROCESSOR_LEAST_S = 4.0, 15.0
CLOCK_TIMES, CLOCK_LEAST_S = 10.0, 120.0
#: A loop that only grows shall not take the machine with it.
MEMORY_BYTES = 8 << 30
#: Imported before the target whatever it is: slow, and nothing of ours.
LIBRARIES = ("hypothesis", "numpy", "playwright.sync_api", "pyproj", "shapely", "factory", "django.test")

_NOT_READ = 97
_PR_SET_PDEATHSIG = 1


class Verdict(enum.Enum):
    """What the tests said to a mutant."""

    KILLED = "killed"
    TIMEOUT = "killed (time)"
    SURVIVED = "survived"


class CannotTry(Exception):
    """The target's tests say nothing about mutants; the message says why."""


@dataclass(frozen=True)
class _Ended:
    """How a child ended: pytest's exit code, or None when its time was up; what it took by the clock and of the
    processor."""

    code: int | None
    clock_s: float
    processor_s: float


def tried(
    target: Target, mutants: Sequence[Mutant], *, root: Path, scratch: Path
) -> Iterator[tuple[int, Verdict]]:
    """Index and verdict of each mutant as it comes in. ``scratch`` takes the log, nothing is written elsewhere.

    Raises ``CannotTry`` where the tests fail without any change, or never read the target.
    """
    log = scratch / "original.log"
    source = (root / target.path).read_text(encoding="utf-8")
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _leave_with(lambda: _run_tests(target, source, mutants, root, writing, log))
    os.close(writing)
    try:
        with os.fdopen(reading, encoding="utf-8") as lines:
            for line in lines:
                answer = json.loads(line)
                if "error" in answer:
                    raise CannotTry(f"{target.path}: {answer['error']}{_tail(log)}")
                yield answer["mutant"], Verdict(answer["verdict"])
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
            raise CannotTry(f"{target.path}: the tests ended before the target was read{_tail(log)}")
        pid = 0
    finally:
        if pid:
            # Its children die with it.
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return "".join(f"\n    {line}" for line in lines[-40:])


def _leave_with(work: Callable[[], int]) -> None:
    """Ends this process with the work's exit code, running nothing of what the parent meant to run at its own end."""
    code = 1
    try:
        code = work()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run_tests(
    target: Target, source: str, mutants: Sequence[Mutant], root: Path, writing: int, log: Path
) -> int:
    _die_with_the_parent()
    with log.open("wb") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    # Hypothesis writes beside the tests otherwise.
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(log.parent / "hypothesis")
    for library in LIBRARIES:
        if importlib.util.find_spec(library.partition(".")[0]):
            importlib.import_module(library)
    _same_examples_each_time()
    split = _Split(source, mutants, writing, log.parent)
    reader: _ReadSql | _ReadPython
    if target.is_sql:
        reader = _ReadSql(root / target.path, split)
    elif target.module in sys.modules:
        raise ImportError(f"{target.module} is imported before the tests begin")
    else:
        reader = _ReadPython(target.module, root / target.path, split)
        sys.meta_path.insert(0, reader)
    arguments = ["-x", "-q", "--tb=short", "--capture=sys", "-p", "no:xdist", "-p", "no:cacheprovider"]
    arguments += ["-m", "not slow and not browser", f"--rootdir={root}"]
    arguments += [str(root / path) for path in target.tests]
    code = int(pytest.main(arguments, plugins=[reader, _TellingOrder(split)]))
    if not split.is_child:
        return 1
    return code if code or reader.was_read else _NOT_READ


def _same_examples_each_time() -> None:
    from hypothesis import Phase, settings

    # Chance must not decide what is killed, and nobody reads the smallest example of a mutant.
    settings.register_profile(
        "mutation", derandomize=True, database=None, deadline=None, phases=[Phase.explicit, Phase.generate]
    )
    settings.load_profile("mutation")


def _die_with_the_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class _Split:
    """The point at which the warm process becomes many: ``source()`` returns in the children and only there."""

    def __init__(self, source: str, mutants: Sequence[Mutant], writing: int, scratch: Path) -> None:
        self.is_child = False
        #: Mutants that each test killed so far, and the seconds that it took with the original.
        self.kills: Counter[str] = Counter()
        self.seconds: dict[str, float] = {}
        self._source = source
        self._mutants = mutants
        self._writing = writing
        self._scratch = scratch

    def source(self) -> str:
        """What this process shall take for the target's source."""
        if self.is_child:
            return self._source
        running: dict[int, tuple[int, float]] = {}
        original = self._start(self._source, ORIGINAL_LIMIT_S)
        if original is None:
            return self._source
        ended = _wait(original, time.monotonic(), ORIGINAL_LIMIT_S)
        self.seconds.update(self._reported_by(original))
        if ended.code == _NOT_READ:
            self._tell(error="no test reads it")
        elif ended.code != 0:
            self._tell(error="the tests fail before anything is changed")
        else:
            clock_s = max(CLOCK_LEAST_S, CLOCK_TIMES * ended.clock_s)
            processor_s = max(PROCESSOR_LEAST_S, PROCESSOR_TIMES * ended.processor_s)
            for n, mutant in enumerate(self._mutants):
                while len(running) >= PROCESSES:
                    self._collect(running, clock_s)
                child = self._start(mutant.source, processor_s)
                if child is None:
                    return mutant.source
                running[child] = (n, time.monotonic())
            while running:
                self._collect(running, clock_s)
        os._exit(0)

    def tell_parent(self, tests: dict[str, float]) -> None:
        """Leaves a child's news about tests for the warm process: all of the original, the one that killed a mutant."""
        self._news_of(os.getpid()).write_text(json.dumps(tests), encoding="utf-8")

    def _reported_by(self, pid: int) -> dict[str, float]:
        news = self._news_of(pid)
        if not news.exists():
            return {}
        times: dict[str, float] = json.loads(news.read_text(encoding="utf-8"))
        news.unlink()
        return times

    def _news_of(self, pid: int) -> Path:
        return self._scratch / f"mutant-{pid}.json"

    def _start(self, source: str, processor_s: float) -> int | None:
        """Process number of a new child; None in the child itself."""
        is_original = source is self._source
        pid = os.fork()
        if pid:
            return pid
        self.is_child, self._source = True, source
        _die_with_the_parent()
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        # What was used before the fork is the parent's.
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(processor_s),) * 2)
        if not is_original:
            with Path(os.devnull).open("wb") as nothing:
                os.dup2(nothing.fileno(), 1)
                os.dup2(nothing.fileno(), 2)
        return None

    def _collect(self, running: dict[int, tuple[int, float]], clock_s: float) -> None:
        """Waits until a child has ended and gives its verdict."""
        while True:
            for pid, (n, started) in running.items():
                ended = _ended(pid, started, clock_s)
                if ended is not None:
                    del running[pid]
                    verdict = {None: Verdict.TIMEOUT, 0: Verdict.SURVIVED}.get(ended.code, Verdict.KILLED)
                    times = self._reported_by(pid)
                    if verdict is not Verdict.SURVIVED:
                        self.kills.update(times.keys())
                    self._tell(mutant=n, verdict=verdict.value)
                    return
            time.sleep(0.02)

    def _tell(self, **what: object) -> None:
        os.write(self._writing, f"{json.dumps(what)}\n".encode())


def _wait(pid: int, started: float, clock_s: float) -> _Ended:
    while (ended := _ended(pid, started, clock_s)) is None:
        time.sleep(0.02)
    return ended


def _ended(pid: int, started: float, clock_s: float) -> _Ended | None:
    taken_s = time.monotonic() - started
    done, status, used = os.wait4(pid, os.WNOHANG)
    if not done and taken_s < clock_s:
        return None
    if not done:
        os.killpg(pid, signal.SIGKILL)
        done, status, used = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    # SIGKILL is ours or, like SIGXCPU, the kernel's answer to a spent limit.
    stopped = code in {-signal.SIGKILL, -signal.SIGXCPU}
    return _Ended(None if stopped else code, taken_s, used.ru_utime + used.ru_stime)


class _TellingOrder:
    """pytest plugin of the children: the tests that are likely to say most run first, and say it to the parent."""

    def __init__(self, split: _Split) -> None:
        self._split = split
        self._seconds: defaultdict[str, float] = defaultdict(float)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        def place(test: pytest.Item) -> tuple[bool, int, float]:
            # Tests that commit empty all tables at their end: pytest-django keeps them behind the others, so do we.
            commits = "transactional_db" in getattr(test, "fixturenames", ())
            marker = test.get_closest_marker("django_db")
            commits = commits or bool(marker and marker.kwargs.get("transaction"))
            return commits, -self._split.kills[test.nodeid], self._split.seconds.get(test.nodeid, 0.0)

        session.items.sort(key=place)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration
        if report.failed:
            self._split.tell_parent({report.nodeid: self._seconds[report.nodeid]})

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus == 0:
            self._split.tell_parent(dict(self._seconds))


class _ReadPython(SourceFileLoader):
    """Finds and loads the target's module: the process splits when its code is asked for."""

    def __init__(self, module: str, file: Path, split: _Split) -> None:
        super().__init__(module, str(file))
        self.was_read = False
        self._split = split

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_code(self, fullname: str) -> CodeType:
        # Compiled anew: the cached bytecode is the original's, and the mutant's must not take its place.
        code: CodeType = compile(self._split.source(), self.path, "exec", dont_inherit=True)
        self.was_read = True
        return code

    def pytest_collection_finish(self) -> None:
        # A target that the tests import only while they run.
        if not self.was_read:
            self._split.source()


class _ReadSql:
    """Gives the mutant to whoever opens the target's file; the process splits when the tests are collected."""

    def __init__(self, file: Path, split: _Split) -> None:
        self.was_read = False
        self._file = file
        self._split = split

    def pytest_collection_finish(self) -> None:
        source = self._split.source()
        real_open = io.open

        def mutant_or_file(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
            if isinstance(file, str | Path) and Path(file) == self._file and "r" in mode:
                self.was_read = True
                return io.BytesIO(source.encode()) if "b" in mode else io.StringIO(source)
            return real_open(file, mode, *args, **options)

        io.open = builtins.open = mutant_or_file
