"""What ``./manage.py test --mutate`` does and says."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.mutation import equal, python_mutants, sql_mutants
from tools.mutation.equal import BadEntry, Equal
from tools.mutation.mutant import Mutant
from tools.mutation.targets import NoSuchTarget, Target, chosen
from tools.mutation.warm import CannotTry, Verdict, tried

#: A sign of life after this many mutants.
_EACH = 25


@dataclass
class Result:
    """What became of a target's mutants. ``excused``: survivors that ``equal.toml`` lists; ``wrong``: entries of it
    that match nothing, or a mutant that the tests kill; ``left_out``: mutants that were not tried."""

    target: str
    killed: int = 0
    by_time: int = 0
    excused: int = 0
    left_out: int = 0
    survivors: list[Mutant] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.survivors and not self.wrong


def run(arguments: Sequence[str], root: Path, scratch: Path, say: Callable[[str], None]) -> int:
    """Exit code: 0 when every mutant of the wanted targets is killed or rightly listed as equal."""
    wanted = _parsed(arguments)
    try:
        entries = equal.read(equal.FILE.read_text(encoding="utf-8"))
        everything = chosen([], root)
        targets = chosen(wanted.targets, root)
        lost = [entry for entry in entries if entry.target not in {target.path for target in everything}]
        if lost:
            raise NoSuchTarget(f"equal.toml names {lost[0].target}, which is no target")
        results = [_result(target, entries, wanted.every, root, scratch, say) for target in targets]
    except (NoSuchTarget, BadEntry, CannotTry) as error:
        say(str(error))
        return 2
    for line in table(results):
        say(line)
    return 0 if all(result.is_good for result in results) else 1


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./manage.py test",
        description="Tells which small changes of the product no test of its room notices.",
    )
    parser.add_argument("--mutate", action="store_true", help="this command")
    parser.add_argument(
        "--every", type=_count, default=1, metavar="N", help="try each N-th mutant of a target: a sample"
    )
    parser.add_argument(
        "targets", nargs="*", metavar="target", help="a path of tools/mutation/targets.py; else all"
    )
    return parser.parse_intermixed_args(arguments)


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is no whole number above zero")
    return int(text)


def _result(
    target: Target,
    entries: Sequence[Equal],
    every: int,
    root: Path,
    scratch: Path,
    say: Callable[[str], None],
) -> Result:
    source = (root / target.path).read_text(encoding="utf-8")
    whole = list((sql_mutants if target.is_sql else python_mutants).mutants(source))
    mutants = whole[::every]
    result = Result(target.path, left_out=len(whole) - len(mutants))
    of = f" of {len(whole)}" if result.left_out else ""
    say(f"{target.path}: {len(mutants)}{of} mutants against {' '.join(target.tests)}")
    result.wrong += [
        f"equal.toml matches no mutant any more: {entry.line} | {entry.was} → {entry.now}"
        for entry in equal.stale(entries, target.path, whole)
    ]
    if mutants:
        verdicts = tried(target, mutants, root=root, scratch=scratch)
        for done, (n, verdict) in enumerate(verdicts, 1):
            mutant = mutants[n]
            survivors = len(result.survivors)
            count(result, mutant, verdict, entries)
            if verdict is Verdict.TIMEOUT or len(result.survivors) > survivors:
                say(f"  {verdict.value:13}  {target.path}:{mutant.line}  {mutant.text}")
                say(f"  {'':13}  {mutant.was} → {mutant.now}")
            if done % _EACH == 0:
                say(f"  ..  {done} of {len(mutants)}, {len(result.survivors)} survived")
    for sentence in result.wrong:
        say(f"  {'wrong':13}  {sentence}")
    return result


def count(result: Result, mutant: Mutant, verdict: Verdict, entries: Iterable[Equal]) -> None:
    """Adds the mutant's verdict to the result."""
    listed = any(entry.matches(result.target, mutant) for entry in entries)
    if verdict is Verdict.SURVIVED:
        if listed:
            result.excused += 1
        else:
            result.survivors.append(mutant)
        return
    result.killed += 1
    result.by_time += verdict is Verdict.TIMEOUT
    if listed:
        result.wrong.append(
            f"equal.toml lists what a test kills: {result.target}:{mutant.line}  {mutant.was} → {mutant.now}"
        )


def table(results: Sequence[Result]) -> list[str]:
    """Lines of the summary, the total at its end."""
    width = max([len("total"), *(len(result.target) for result in results)])
    lines = [f"{'':{width}}  killed  survived  equal, with a reason"]
    rows = [
        (one.target, one.killed, one.by_time, len(one.survivors), one.excused, one.left_out)
        for one in results
    ]
    sums = [sum(column) for column in list(zip(*rows, strict=True))[1:]]
    for name, killed, by_time, survived, excused, left_out in [*rows, ("total", *sums)]:
        line = f"{name:{width}}  {killed:6}  {survived:8}  {excused:5}"
        notes = [f"{by_time} killed for their time"] * bool(by_time) + [f"{left_out} not tried"] * bool(
            left_out
        )
        lines.append(f"{line}  ({', '.join(notes)})" if notes else line)
    return lines
