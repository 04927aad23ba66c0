"""What ``./manage.py test --mutate`` does and says."""

from __future__ import annotations

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
    that match nothing, or a mutant that the tests kill."""

    target: str
    killed: int = 0
    by_time: int = 0
    excused: int = 0
    survivors: list[Mutant] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.survivors and not self.wrong


def run(arguments: Sequence[str], root: Path, scratch: Path, say: Callable[[str], None]) -> int:
    """Exit code: 0 when every mutant of the wanted targets is killed or rightly listed as equal."""
    unknown = [one for one in arguments if one.startswith("-") and one != "--mutate"]
    if unknown:
        say(f"./manage.py test --mutate [target …] knows no {unknown[0]}")
        return 2
    try:
        entries = equal.read(equal.FILE.read_text(encoding="utf-8"))
        everything = chosen([], root)
        targets = chosen([one for one in arguments if one != "--mutate"], root)
        lost = [entry for entry in entries if entry.target not in {target.path for target in everything}]
        if lost:
            raise NoSuchTarget(f"equal.toml names {lost[0].target}, which is no target")
        results = [_result(target, entries, root, scratch, say) for target in targets]
    except (NoSuchTarget, BadEntry, CannotTry) as error:
        say(str(error))
        return 2
    for line in table(results):
        say(line)
    return 0 if all(result.is_good for result in results) else 1


def _result(
    target: Target, entries: Sequence[Equal], root: Path, scratch: Path, say: Callable[[str], None]
) -> Result:
    source = (root / target.path).read_text(encoding="utf-8")
    mutants = list((sql_mutants if target.is_sql else python_mutants).mutants(source))
    result = Result(target.path)
    say(f"{target.path}: {len(mutants)} mutants against {' '.join(target.tests)}")
    result.wrong += [
        f"equal.toml matches no mutant any more: {entry.line} | {entry.was} → {entry.now}"
        for entry in equal.stale(entries, target.path, mutants)
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
    rows = [(one.target, one.killed, one.by_time, len(one.survivors), one.excused) for one in results]
    sums = [sum(column) for column in list(zip(*rows, strict=True))[1:]]
    for name, killed, by_time, survived, excused in [*rows, ("total", *sums)]:
        line = f"{name:{width}}  {killed:6}  {survived:8}  {excused:5}"
        lines.append(f"{line}  ({by_time} killed for their time)" if by_time else line)
    return lines
