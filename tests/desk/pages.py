"""Appeals of the grid city, and its desk as a client reads it: the queue, and the page of an appeal."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import Any

from django.test import Client
from django.utils import timezone
from PIL import Image

from appeals.models import Appeal
from tests.factories import AppealFactory
from tests.grid import GridCity


def make(city: GridCity, category: str = "lamp", *, due_in: int = 10, **values: Any) -> Appeal:
    """An appeal due so many days from today."""
    due_on = timezone.localdate() + dt.timedelta(days=due_in)
    return AppealFactory(category=city.categories[category], due_on=due_on, **values)


def get(client: Client, query: str = "") -> str:
    response = client.get(f"/en/desk/{query}")
    assert response.status_code == 200
    return response.content.decode()


def numbers(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'data-appeal="(\d+)"', page)]


def counts(page: str) -> dict[str, str]:
    found = re.findall(
        r'tab=(\w+)[^"]*"(?: aria-current="page")?>[^<]+<span class="count[^"]*">([^<]+)</span>', page
    )
    return dict(found)


def url(appeal: Appeal) -> str:
    return f"/en/desk/appeals/{appeal.number}/"


def offered(page: str) -> set[str]:
    return set(re.findall(r'name="verb" value="(\w+)"', page))


def form_of(page: str, verb: str) -> str:
    """The HTML of the verb's form."""
    (form,) = [form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if f'value="{verb}"' in form]
    return form


def picture(name: str = "done.jpg") -> io.BytesIO:
    file = io.BytesIO()
    Image.effect_noise((400, 300), 60).save(file, "JPEG")
    file.seek(0)
    file.name = name
    return file
