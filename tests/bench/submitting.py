"""What taking in an appeal costs: statements, commits, CPU."""

from __future__ import annotations

import orjson
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appeals.identifiers import new_secret, new_uuid7
from appeals.models import Appeal
from districts.models import Category, DistrictBoundary
from tests.bench.cpu import cpu_of
from tests.bench.server import Server
from tests.bench.table import Line

#: Two of them count by limits: what the sender has sent, and how often the same words have come.
STATEMENTS_MAX = 17
SENT = 40
#: Rows of a round, and rounds.
COUNTED, ROUNDS = 50, 20


def submissions(count: int) -> list[bytes]:
    """Bodies of submissions at a point inside the city, each with its own identifier."""
    category = Category.objects.leaves().order_by("code").first()
    ground = DistrictBoundary.objects.filter(district__kind="territory").order_by("pk").first()
    assert category is not None and ground is not None
    place = ground.geom.point_on_surface
    return [
        orjson.dumps(
            {
                "id": str(new_uuid7()),
                "secret": new_secret(),
                "kind": "report",
                "category": category.code,
                "text": f"The lamp is out, number {n}",
                "lon": round(place.x, 6),
                "lat": round(place.y, 6),
                "email": "resident@example.org",
            }
        )
        for n in range(count)
    ]


def submit_over_http(server: Server) -> list[Line]:
    """Statements and commits of one submission, and the CPU of many over HTTP."""
    bodies = submissions(SENT + 1)
    with CaptureQueriesContext(connection) as captured:
        answer = Client(SERVER_NAME="localhost").post(
            "/api/appeals/", bodies[0], content_type="application/json"
        )
    assert answer.status_code == 201, answer.content
    statements = [query["sql"] for query in captured.captured_queries]
    commits = sum(sql == "COMMIT" for sql in statements)
    # BEGIN and COMMIT travel too, but ask nothing of the tables.
    asked = sum(sql not in {"BEGIN", "COMMIT"} for sql in statements)
    before = Appeal.objects.filter(source="web").count()
    pids = server.pids()
    with cpu_of(pids) as spent:
        for body in bodies[1:]:
            sent = server.session.post(
                f"{server.url}/api/appeals/", body, headers={"Content-Type": "application/json"}, timeout=60
            )
            assert sent.status_code == 201, sent.text
    assert Appeal.objects.filter(source="web").count() == before + SENT
    return [
        Line(
            "submit over HTTP, SQL statements",
            str(asked),
            str(STATEMENTS_MAX),
            asked / STATEMENTS_MAX,
            "at most 1",
            asked <= STATEMENTS_MAX,
        ),
        Line("submit over HTTP, commits", str(commits), "1", float(commits), "exactly 1", commits == 1),
        Line("submit over HTTP", f"{spent.ms / SENT:.1f} CPU ms", "", None, "", kept=True),
    ]


def counted_inserts() -> list[Line]:
    """Rows inserted one by one with the cells of the map counted by the trigger and without it, in a transaction that is undone."""
    columns = [str(field.column) for field in Appeal._meta.concrete_fields if not field.generated]
    given = {"id": "gen_random_uuid()", "source": "'bench'", "external_id": "''"}
    names = [name for name in columns if name != "number"]
    listed, values = ", ".join(names), ", ".join(given.get(name, name) for name in names)
    insert = f"INSERT INTO appeals_appeal ({listed}) SELECT {values} FROM appeals_appeal WHERE number = %s"
    # From all over the city and the years.
    numbers = list(
        Appeal.objects.public().order_by("id").values_list("number", flat=True)[: COUNTED * 1_000 : 1_000]
    )
    spent: dict[str, list[float]] = {"ENABLE": [], "DISABLE": []}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgname ~ '^pgtrigger_pyramid_insert' AND tgrelid = 'appeals_appeal'::regclass"
        )
        (trigger,) = cursor.fetchone()
        for _round in range(ROUNDS):
            for how, taken in spent.items():
                cursor.execute(f"ALTER TABLE appeals_appeal {how} TRIGGER {trigger}")
                with cpu_of([pid]) as used:
                    for number in numbers[:COUNTED]:
                        cursor.execute(insert, [number])
                taken.append(used.ms / COUNTED)
        transaction.set_rollback(True)
    # The least: whatever else runs only adds.
    counted, plain = (min(taken) for taken in spent.values())
    return [
        Line(
            "a row inserted, the map's cells counted",
            f"{counted:.3f} CPU ms",
            f"{plain:.3f} without",
            plain / counted,
            "at least 0.8",
            plain >= 0.8 * counted,
        )
    ]
