"""What taking in an appeal costs: statements, commits, CPU."""

from __future__ import annotations

import orjson
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appeals.identifiers import new_secret, new_uuid7
from appeals.models import Appeal
from districts.models import Category, DistrictBoundary
from tests.bench.cpu import cpu_of
from tests.bench.server import Server
from tests.bench.table import Line

STATEMENTS_MAX = 15
SENT = 40


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
