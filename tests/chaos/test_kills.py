"""Nothing that was acknowledged is lost or doubled, whatever is killed meanwhile."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import requests

from appeals.identifiers import new_secret, new_uuid7
from tests.chaos.city import City, process_title, somewhere, wait_until_whole

SUBMITS = 1000
KILLS = 40
CLIENTS = 12
BACK_WITHIN_S = 10.0
#: Posts at the same time of answers to one version of an appeal, and appeals.
RACERS, RACES = 30, 20


@dataclass
class Ledger:
    """What the clients were told."""

    appeals: dict[str, int] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    #: The kinds of the kills after which all was back, with the seconds that it took.
    kills: list[tuple[str, float]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def acknowledged(self) -> int:
        return len(self.appeals) + len(self.answers)

    @property
    def kills_due(self) -> int:
        """How many of the kills, spread over all the work, belong before what is acknowledged by now."""
        return self.acknowledged * (KILLS + 1) // (2 * SUBMITS)


def test_kills_lose_and_double_nothing(city: City, figure: list[str]) -> None:
    category, lon, lat = somewhere(city)
    staff, ledger = city.staff(), Ledger()
    with ThreadPoolExecutor(CLIENTS + 1) as pool:
        killer = pool.submit(_kill, city, ledger)
        done = list(
            pool.map(lambda n: _submit_and_answer(city, staff, ledger, category, lon, lat, n), range(SUBMITS))
        )
        ledger.over.set()
        killer.result()
    times = ledger.kills
    wait_until_whole(city)
    assert len(done) == SUBMITS

    found = dict(
        city.ask("SELECT id::text, number FROM appeals_appeal WHERE id::text = ANY(%s)", list(ledger.appeals))
    )
    texts = dict(
        city.ask("SELECT text, count(*) FROM appeals_appeal WHERE text LIKE 'chaos %%' GROUP BY text")
    )
    answers = dict(
        city.ask("SELECT text, count(*) FROM appeals_event WHERE text LIKE 'answer %%' GROUP BY text")
    )
    lost = (
        [one for one in ledger.appeals if one not in found],
        [one for one in ledger.answers if one not in answers],
    )
    doubled = (
        [text for text, count in texts.items() if count > 1],
        [text for text, count in answers.items() if count > 1],
    )
    seconds = sorted(seconds for _, seconds in times)
    figure.append(
        f"{len(ledger.appeals)} submits and {len(ledger.answers)} answers acknowledged, {len(times)} kills: "
        f"lost {len(lost[0])} and {len(lost[1])}, doubled {len(doubled[0])} and {len(doubled[1])}; "
        f"tried again after {dict(ledger.refused)}"
    )
    figure.append(
        f"back after a kill: median {seconds[len(seconds) // 2]:.1f} s, longest {seconds[-1]:.1f} s"
    )
    for kind in dict.fromkeys(kind for kind, _ in times):
        worst = max(seconds for name, seconds in times if name == kind)
        figure.append(f"  {kind}: longest {worst:.1f} s")
    assert (lost, doubled) == (([], []), ([], []))
    assert len(texts) == len(ledger.appeals) == len(ledger.answers) == SUBMITS
    assert len(times) == KILLS
    assert seconds[-1] <= BACK_WITHIN_S
    _cells_are_counted_right(city)


def test_of_all_who_answer_the_same_version_one_wins(city: City, figure: list[str]) -> None:
    wait_until_whole(city)
    staff = city.staff()
    appeals = city.ask(
        "SELECT number, version FROM appeals_appeal WHERE status = 'new' AND NOT hidden ORDER BY id LIMIT %s",
        RACES,
    )
    assert len(appeals) == RACES

    def answer(number: int, version: int) -> int:
        return _post_answer(city, staff, number, version, f"race {uuid.uuid4()}").status_code

    with ThreadPoolExecutor(RACERS) as pool:
        for number, version in appeals:
            statuses = Counter(pool.map(lambda _, n=number, v=version: answer(n, v), range(RACERS)))
            assert statuses == {302: 1, 409: RACERS - 1}, statuses
    won = city.ask("SELECT appeal_id, count(*) FROM appeals_event WHERE text LIKE 'race %%' GROUP BY 1")
    figure.append(f"{RACES * RACERS} simultaneous answers to {RACES} appeals: {len(won)} winners")
    assert [count for _, count in won] == [1] * RACES


def _submit_and_answer(
    city: City, staff: requests.Session, ledger: Ledger, category: str, lon: float, lat: float, n: int
) -> None:
    # A fast machine would be through with the work while the first kills are being recovered from. One kill's worth of
    # work goes on meanwhile: that is what the kill is to meet.
    while ledger.kills_due > len(ledger.kills) + 1 and not ledger.over.wait(0.02):
        pass
    identifier = str(new_uuid7())
    body = {
        "id": identifier,
        "secret": new_secret(),
        "kind": "report",
        "category": category,
        "text": f"chaos {n} {identifier}",
        "lon": lon,
        "lat": lat,
    }
    sent = _until_acknowledged(
        ledger, lambda: requests.post(f"{city.url}/api/appeals/", json=body, timeout=60), {200, 201}
    )
    number = sent.json()["number"]
    ledger.appeals[identifier] = number
    text = f"answer {uuid.uuid4()}"
    # 409: a try whose answer was lost had been taken; whether it is there once is asked at the end.
    _until_acknowledged(ledger, lambda: _post_answer(city, staff, number, 1, text), {302, 409})
    ledger.answers[text] = number


def _until_acknowledged(ledger: Ledger, send, expected: set[int]) -> requests.Response:
    while True:
        try:
            answer = send()
        except requests.RequestException:
            ledger.refused["connection"] += 1
        else:
            if answer.status_code in expected:
                return answer
            assert answer.status_code >= 500, (answer.status_code, answer.text[:2000])
            ledger.refused[str(answer.status_code)] += 1
        time.sleep(0.2)


def _post_answer(
    city: City, staff: requests.Session, number: int, version: int, text: str
) -> requests.Response:
    return requests.post(
        f"{city.url}/en/desk/appeals/{number}/",
        {
            "verb": "answer",
            "version": version,
            "text": text,
            "csrfmiddlewaretoken": staff.cookies["csrftoken"],
        },
        cookies=staff.cookies,
        timeout=60,
        allow_redirects=False,
    )


def _kill(city: City, ledger: Ledger) -> None:
    """Kills in turn, spread over what there is to do, and notes when all was back."""
    chance = random.Random(6)

    def one_of(pids: list[int]) -> list[int]:
        return chance.sample(pids, min(1, len(pids)))

    kinds = {
        "a web process": lambda: one_of(city.web_processes()),
        "all web processes": city.web_processes,
        "the worker": city.worker,
        "a session of the database": lambda: one_of(city.sessions()),
        "the database's server": lambda: [city.postmaster()],
    }
    for n in range(KILLS):
        while ledger.kills_due < n and not ledger.over.wait(0.02):
            pass
        kind = list(kinds)[n % len(kinds)]
        victims: list[int] = []
        # Just after a kill there may be none of them for a moment, such as no session of the database.
        while not victims and not ledger.over.wait(0.02):
            victims = [pid for pid in kinds[kind]() if pid]
        assert victims, kind
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # A large process takes a moment to die, in which all would still look whole.
        while any(process_title(pid) for pid in victims):
            time.sleep(0.005)
        ledger.kills.append((kind, wait_until_whole(city)))


STATUSES = ("new", "accepted", "planned", "waiting", "answered", "closed")


def _cells_are_counted_right(city: City) -> None:
    # Folded, or not yet.
    kept = city.ask(
        "SELECT "
        + ", ".join(
            f"(SELECT coalesce(sum(n_{status}), 0) FROM appeals_pyramidcell WHERE key = 'status:{status}' AND zoom = 13)"
            f" + (SELECT coalesce(sum(sign), 0) FROM appeals_pyramidchange WHERE status = '{status}')"
            for status in STATUSES
        )
    )
    counted = city.ask(
        f"SELECT {', '.join(f'count(*) FILTER (WHERE status = {status!r})' for status in STATUSES)}"
        " FROM appeals_appeal WHERE NOT hidden"
    )
    assert kept == counted
