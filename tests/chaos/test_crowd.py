"""Forty people act on the same fifty appeals at once for a minute, each logged in, over the city's own server."""

from __future__ import annotations

import random
import re
import threading
import time
import uuid
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

import requests

from tests.chaos.city import City, wait_until_whole

REPRESENTATIVES, DISPATCHERS = 30, 10
APPEALS = 50
LASTS_S = 60.0
#: What a form of the page asks for: words, or nothing.
SPEAKS = frozenset({"answer", "supplement", "note", "reopen"})
SILENT = frozenset({"accept"})


@dataclass
class Ledger:
    """What the people were told: ``done`` by words (of a verb without words: by who and which version)."""

    done: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    conflicts: int = 0
    lost_words: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    strange: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def test_forty_people_on_fifty_appeals_overwrite_nobody(city: City, figure: list[str]) -> None:
    wait_until_whole(city)
    appeals, people = _appeals_of_one_service(city), _people(city)
    with ThreadPoolExecutor(8) as pool:
        browsers = list(pool.map(city.log_in, people))
    before = dict(city.ask("SELECT number, version FROM appeals_appeal WHERE number = ANY(%s)", appeals))
    ledger, ends = Ledger(), time.monotonic() + LASTS_S
    with ThreadPoolExecutor(len(browsers)) as pool:
        for done in [
            pool.submit(_work, city, browser, appeals, ledger, ends, random.Random(n))
            for n, browser in enumerate(browsers)
        ]:
            done.result()
    times = sorted(ledger.seconds)
    figure.append(
        f"{REPRESENTATIVES} representatives and {DISPATCHERS} dispatchers on {APPEALS} appeals for {LASTS_S:.0f} s: "
        f"{len(ledger.done)} acknowledged, {ledger.conflicts} conflicts of which {len(ledger.lost_words)} without the "
        f"loser's words; answers {dict(ledger.answers)}; a step takes {times[len(times) // 2]:.1f} s "
        f"(median), {times[-1]:.1f} s (longest)"
    )
    assert ledger.strange == []
    assert ledger.lost_words == []
    assert ledger.conflicts > 0, "nobody was ever second: nothing was tried"

    events = defaultdict(list)
    for number, version, verb, text in city.ask(
        "SELECT a.number, e.version, e.verb, e.text FROM appeals_event e JOIN appeals_appeal a ON a.id = e.appeal_id"
        " WHERE a.number = ANY(%s) ORDER BY e.version",
        appeals,
    ):
        if version > before[number]:
            events[number].append((version, verb, text))
    # Each acknowledged step is there once, and no other one.
    told = Counter(
        (number, verb, text if verb in SPEAKS else "") for text, (verb, number, _) in ledger.done.items()
    )
    assert told == Counter(
        (number, verb, text) for number, steps in events.items() for _, verb, text in steps
    )
    # Between what its writer had seen and the step itself there are notes alone, which change nothing it rests on.
    for steps in events.values():
        for own, verb, text in steps:
            if verb in SPEAKS:
                seen = ledger.done[text][2]
                assert {between for version, between, _ in steps if seen < version < own} <= {"note"}
    # And nothing else happened: versions follow one another, and the appeal's is the last of them.
    after = dict(city.ask("SELECT number, version FROM appeals_appeal WHERE number = ANY(%s)", appeals))
    for number in appeals:
        versions = [version for version, _verb, _text in events[number]]
        assert versions == list(range(before[number] + 1, after[number] + 1))


def _appeals_of_one_service(city: City) -> list[int]:
    """Numbers of new appeals, all with the service that has the most."""
    ((service,),) = city.ask(
        "SELECT service_id FROM appeals_appeal JOIN districts_service s ON s.id = service_id WHERE NOT s.is_office"
        " GROUP BY service_id ORDER BY count(*) DESC LIMIT 1"
    )
    with closing(city.session()) as session, session, session.cursor() as cursor:
        cursor.execute(
            "UPDATE appeals_appeal SET service_id = %s WHERE id IN (SELECT id FROM appeals_appeal WHERE status IN"
            " ('new', 'accepted') AND NOT hidden ORDER BY number DESC LIMIT %s) RETURNING number",
            [service, APPEALS],
        )
        numbers = [number for (number,) in cursor.fetchall()]
    assert len(numbers) == APPEALS
    return sorted(numbers)


def _people(city: City) -> list[str]:
    """Addresses of new people with the demo's password: representatives of that service, and dispatchers."""
    made = """
        WITH person AS (
            INSERT INTO accounts_user (email, password, first_name, last_name, is_active, is_staff, is_superuser,
                date_joined)
            SELECT %s || n || '@crowd.example', password, 'Айгүл', 'Адам ' || n, true, false, false, now()
            FROM accounts_user, generate_series(1, %s) AS n WHERE email LIKE 'meria@%%'
            RETURNING id, email
        ), held AS (
            INSERT INTO accounts_membership (user_id, service_id, post)
            SELECT person.id, service.id, %s FROM person, (
                SELECT s.id FROM districts_service s LEFT JOIN appeals_appeal a ON a.service_id = s.id
                WHERE s.is_office = %s GROUP BY s.id ORDER BY count(*) DESC LIMIT 1
            ) AS service
        )
        SELECT email FROM person
    """
    found = []
    for name, count, post, office in (
        ("representative", REPRESENTATIVES, "representative", False),
        ("dispatcher", DISPATCHERS, "dispatcher", True),
    ):
        with closing(city.session()) as session, session, session.cursor() as cursor:
            cursor.execute(made, [name, count, post, office])
            found += [email for (email,) in cursor.fetchall()]
    assert len(found) == REPRESENTATIVES + DISPATCHERS
    return found


def _work(
    city: City,
    browser: requests.Session,
    appeals: list[int],
    ledger: Ledger,
    ends: float,
    chance: random.Random,
) -> None:
    """Opens one appeal after the other and takes a step that its page offers."""
    while time.monotonic() < ends:
        number = chance.choice(appeals)
        url = f"{city.url}/en/desk/appeals/{number}/"
        started = time.monotonic()
        page = browser.get(url, timeout=120)
        offered = set(re.findall(r'name="verb" value="(\w+)"', page.text)) & (SPEAKS | SILENT)
        version = re.search(r'name="version" value="(\d+)"', page.text)
        if page.status_code != 200 or not offered or version is None:
            with ledger.lock:
                ledger.strange.append(f"{number}: {page.status_code} {sorted(offered)}")
            continue
        verb, text = chance.choice(sorted(offered)), f"crowd {uuid.uuid4()}"
        data = {"verb": verb, "version": version[1], "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        if verb in SPEAKS:
            data["text"] = text
        answer = browser.post(url, data, timeout=120, allow_redirects=False)
        with ledger.lock:
            ledger.seconds.append(time.monotonic() - started)
            ledger.answers[f"{verb} {answer.status_code}"] += 1
            if answer.status_code == 302 and "/accounts/" not in answer.headers["Location"]:
                ledger.done[text] = (verb, number, int(version[1]))
            elif answer.status_code == 409:
                ledger.conflicts += 1
                if verb in SPEAKS and text not in answer.text:
                    ledger.lost_words.append(text)
            else:
                ledger.strange.append(f"{number} {verb}: {answer.status_code} {answer.text[:300]}")
