"""Tries the mutants of one target: a warm process that splits into one child for each of them.

The warm process runs pytest like any other, until the tests are collected; there it stops for good and forks its
children, ``PROCESSES`` at a time. The first child goes on with the original: tests that fail before anything was changed
would kill every mutant. It also tells how long each test takes, which functions of the target it calls, and what the
tests import while they run, such as the addresses of all pages: the warm process imports that once for all children.

A child puts its mutant into the imported modules (``exchange``), or hands it to whoever opens the SQL file, and runs the
tests that call the changed functions. A change that acts while the target is imported, in a default, a decorator or a
class, cannot be put in afterwards: for those another process waits at the import, and its children import and collect
for themselves and run all tests. Each child is in a process group of its own, which is killed when the time is up; tests
of the database make one of their own in each, as they do in each process. Those that killed mutants before come first,
then the quick ones.
"""

from __future__ import annotations

import builtins
import ctypes
import enum
import gc
import importlib.util
import io
import json
import math
import os
import resource
import signal
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from tools.mutation.exchange import Codes, Exchange
from tools.mutation.mutant import Mutant
from tools.mutation.targets import Target

PROCESSES = 2
#: Seconds that the original may take. A mutant may take some times what the original took, of the processor and by the
#: clock, and at least so many seconds. The clock has a long rein: on a busy machine it says little.
ORIGINAL_LIMIT_S = 1_800.0
PROCESSOR_TIMES, PROCESSOR_LEAST_S = 4.0, 15.0
CLOCK_TIMES, CLOCK_LEAST_S = 10.0, 120.0
#: Of the processor, for one test: a loop without an end is known by it long before the time for all of them is up. The
#: first test of a child also makes the database and reads templates, and on a busy machine all of it takes longer.
TEST_TIMES, TEST_LEAST_S = 4.0, 10.0
#: A loop that only grows shall not take the machine with it.
MEMORY_BYTES = 8 << 30
#: Imported before the target whatever it is: slow, and nothing of ours.
LIBRARIES = ("hypothesis", "numpy", "playwright.sync_api", "pyproj", "shapely", "factory", "django.test")

#: Of a property that asks for no number itself: the tests run once for each mutant, and the first few say most.
_EXAMPLES = 25

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


def _die_with_the_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass(frozen=True)
class _Limits:
    """Seconds that a mutant may take by the clock and of the processor."""

    clock_s: float
    processor_s: float


class _Split:
    """The points at which the warm process becomes many."""

    def __init__(self, source: str, mutants: Sequence[Mutant], writing: int, scratch: Path) -> None:
        self.is_child = False
        #: A child that does not go on with the original.
        self.is_mutant = False
        #: What the child's mutant exchanges, if it is put into modules that were imported before.
        self.exchange: Exchange | None = None
        #: In the child that goes on with the original: the calls that its tests make.
        self.watched: _Calls | None = None
        #: Mutants that each test killed so far, and the seconds that it took with the original.
        self.kills: Counter[str] = Counter()
        self.seconds: dict[str, float] = {}
        #: Numbers of the codes that each test called, and those that a fixture of several tests called.
        self.calls: dict[str, list[int]] = {}
        self.shared: list[int] = []
        #: What the tests import while they run.
        self.modules: list[str] = []
        self._source = source
        self._mutants = mutants
        self._writing = writing
        self._scratch = scratch

    def source(self) -> str:
        """What this process shall take for the target's source; returns in the children and only there."""
        if not self.is_child and (limits := self._try_the_original()) is not None:
            self._try(range(len(self._mutants)), limits)
        return self._source

    def at_import(self) -> tuple[str, bool]:
        """The source, and whether it is the original of the process that goes on until the tests are collected and
        calls ``at_collection``; the one that calls this waits for it and tries the mutants that it left."""
        if self.is_child:
            return self._source, False
        later = os.fork()
        if not later:
            _die_with_the_parent()
            return self._source, True
        code = os.waitstatus_to_exitcode(os.waitpid(later, 0)[1])
        news = self._reported_by(later)
        if code or "left" not in news:
            os._exit(code)
        self.kills.update(news["kills"])
        self.seconds = news["seconds"]
        self._try(news["left"], _Limits(*news["limits"]))
        return self._source, False

    def at_collection(self, calls: _Calls, compiled: Callable[[str], CodeType]) -> None:
        """Tries the mutants that can be put into the imported module; ``calls`` has watched its import. Returns in the
        children and only there."""
        limits = self._try_the_original()
        if limits is None:
            self.watched = calls
            calls.watch()
            return
        # What these call of the target while they are imported is made by the original for good, as what was before.
        calls.watch()
        _import(self.modules)
        calls.rest()
        left = []
        ready: dict[int, Exchange] = {}
        earlier = {*calls.found, *self.shared}
        for n, mutant in enumerate(self._mutants):
            exchange = calls.codes.exchange(compiled(mutant.source), earlier)
            if exchange is None:
                left.append(n)
            elif any(not exchange.numbers.isdisjoint(called) for called in self.calls.values()):
                ready[n] = exchange
            else:
                self._tell(mutant=n, verdict=Verdict.SURVIVED.value)
        rest = {"left": left, "seconds": self.seconds, "limits": [limits.clock_s, limits.processor_s]}
        self._try(ready, limits, ready, rest)
        if self.exchange is not None:
            self.exchange.make()

    def _try_the_original(self) -> _Limits | None:
        """What a mutant may take; None in the child that is the original."""
        original = self._start(self._source, ORIGINAL_LIMIT_S)
        if original is None:
            return None
        ended = _wait(original, time.monotonic(), ORIGINAL_LIMIT_S)
        news = self._reported_by(original)
        if ended.code == _NOT_READ:
            self._tell(error="no test reads it")
            os._exit(0)
        if ended.code != 0:
            self._tell(error="the tests fail before anything is changed")
            os._exit(0)
        self.seconds, self.calls, self.shared = news["seconds"], news["calls"], news["shared"]
        self.modules = news["modules"]
        return _Limits(
            max(CLOCK_LEAST_S, CLOCK_TIMES * ended.clock_s),
            max(PROCESSOR_LEAST_S, PROCESSOR_TIMES * ended.processor_s),
        )

    def _try(
        self,
        which: Collection[int],
        limits: _Limits,
        exchanges: Mapping[int, Exchange] | None = None,
        news: dict[str, Any] | None = None,
    ) -> None:
        """Starts a child for each of the mutants and gives their verdicts; returns in the children and only there.

        At the end it leaves the news, with the kills, for the process that waits for this one.
        """
        # A child that looks through all that is warm for garbage would copy it.
        gc.freeze()
        running: dict[int, tuple[int, float]] = {}
        for n in which:
            while len(running) >= PROCESSES:
                self._collect(running, limits.clock_s)
            child = self._start(self._mutants[n].source, limits.processor_s)
            if child is None:
                self.exchange = exchanges[n] if exchanges else None
                return
            running[child] = (n, time.monotonic())
        while running:
            self._collect(running, limits.clock_s)
        if news is not None:
            self.tell_parent(news | {"kills": self.kills})
        os._exit(0)

    def tell_parent(self, news: dict[str, Any]) -> None:
        """Leaves a process's news for the one that waits for it."""
        self._news_of(os.getpid()).write_text(json.dumps(news), encoding="utf-8")

    def _reported_by(self, pid: int) -> dict[str, Any]:
        news = self._news_of(pid)
        if not news.exists():
            return {}
        told: dict[str, Any] = json.loads(news.read_text(encoding="utf-8"))
        news.unlink()
        return told

    def _news_of(self, pid: int) -> Path:
        return self._scratch / f"mutant-{pid}.json"

    def _start(self, source: str, processor_s: float) -> int | None:
        """Process number of a new child; None in the child itself."""
        is_original = source is self._source
        pid = os.fork()
        if pid:
            return pid
        self.is_child, self.is_mutant, self._source = True, not is_original, source
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
                    self.kills.update(self._reported_by(pid).get("failed", ()))
                    self._tell(mutant=n, verdict=verdict.value)
                    return
            time.sleep(0.02)

    def _tell(self, **what: object) -> None:
        os.write(self._writing, f"{json.dumps(what)}\n".encode())


def _import(modules: Collection[str]) -> None:
    for name in modules:
        # Some were made by a test, or can be imported by it alone.
        with suppress(Exception):
            importlib.import_module(name)


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
    # SIGKILL is ours or, like SIGXCPU and SIGPROF, the kernel's answer to a spent limit.
    stopped = code in {-signal.SIGKILL, -signal.SIGXCPU, -signal.SIGPROF}
    return _Ended(None if stopped else code, taken_s, used.ru_utime + used.ru_stime)


class _Calls:
    """Which codes of the target are called, by their numbers."""

    def __init__(self, module: CodeType) -> None:
        self.codes = Codes(module)
        #: The calls go into this set.
        self.found: set[int] = set()

    def watch(self) -> None:
        threading.settrace(self._saw)
        sys.settrace(self._saw)

    def rest(self) -> None:
        threading.settrace(None)
        sys.settrace(None)

    def _saw(self, frame: FrameType, _event: str, _argument: object) -> None:
        # Called for each new frame; that it returns nothing keeps the frame's lines from being traced.
        if (number := self.codes.numbers.get(id(frame.f_code))) is not None:
            self.found.add(number)


class _TellingOrder:
    """pytest plugin of the children: the tests that are likely to say most run first, and say it to the parent."""

    def __init__(self, split: _Split) -> None:
        self._split = split
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._calls: dict[str, set[int]] = {}
        #: What fixtures of several tests call.
        self._shared: set[int] = set()
        #: What was imported before the first test.
        self._imported: frozenset[str] = frozenset()

    def pytest_sessionstart(self) -> None:
        from hypothesis import Phase, settings

        # Chance must not decide what is killed, and nobody reads the smallest example of a mutant. Only now: the
        # suite's own profile, which this one is made of, is loaded with its conftest.py.
        settings.register_profile(
            "mutation",
            parent=settings(),
            derandomize=True,
            database=None,
            deadline=None,
            max_examples=_EXAMPLES,
            report_multiple_bugs=False,
            phases=[Phase.explicit, Phase.generate],
        )
        settings.load_profile("mutation")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        def place(test: pytest.Item) -> tuple[bool, int, float]:
            # Tests that commit empty all tables at their end: pytest-django keeps them behind the others, so do we.
            commits = "transactional_db" in getattr(test, "fixturenames", ())
            marker = test.get_closest_marker("django_db")
            commits = commits or bool(marker and marker.kwargs.get("transaction"))
            return commits, -self._split.kills[test.nodeid], self._split.seconds.get(test.nodeid, 0.0)

        exchange = self._split.exchange
        if exchange is not None:
            calls = self._split.calls
            session.items = [
                test for test in session.items if not exchange.numbers.isdisjoint(calls.get(test.nodeid, ()))
            ]
        session.items.sort(key=place)
        self._imported = frozenset(sys.modules)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if self._split.is_mutant:
            its_own_s = self._split.seconds.get(nodeid, 0.0)
            signal.setitimer(signal.ITIMER_PROF, max(TEST_LEAST_S, TEST_TIMES * its_own_s))
        if self._split.watched is not None:
            self._split.watched.found = self._calls[nodeid] = set()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        watched = self._split.watched
        if watched is None or fixturedef.scope == "function":
            yield
            return
        # What it makes is seen by other tests too, whose own calls do not show it.
        before, watched.found = watched.found, self._shared
        yield
        watched.found = before

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration
        if report.failed and self._split.is_mutant:
            self._split.tell_parent({"failed": [report.nodeid]})
            # All is said. What is left, such as its database, is taken away by whoever needs the room.
            os._exit(int(pytest.ExitCode.TESTS_FAILED))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus == 0:
            calls = {test: sorted(called) for test, called in self._calls.items()}
            self._split.tell_parent(
                {
                    "seconds": self._seconds,
                    "calls": calls,
                    "shared": sorted(self._shared),
                    "modules": [name for name in sys.modules if name not in self._imported],
                }
            )


class _ReadPython(SourceFileLoader):
    """Finds and loads the target's module: the process splits when its code is asked for, and again when the tests are
    collected."""

    def __init__(self, module: str, file: Path, split: _Split) -> None:
        super().__init__(module, str(file))
        self.was_read = False
        self._split = split
        self._calls: _Calls | None = None

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_code(self, fullname: str) -> CodeType:
        source, goes_on = self._split.at_import()
        code = self._compiled(source)
        self.was_read = True
        if goes_on:
            self._calls = _Calls(code)
            self._calls.watch()
        return code

    def _compiled(self, source: str) -> CodeType:
        # Compiled anew: the cached bytecode is the original's, and the mutant's must not take its place.
        code: CodeType = compile(source, self.path, "exec", dont_inherit=True)
        return code

    def pytest_collection_finish(self) -> None:
        if self._calls is not None:
            self._calls.rest()
            self._split.at_collection(self._calls, self._compiled)
        elif not self.was_read:
            # A target that the tests import only while they run.
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
