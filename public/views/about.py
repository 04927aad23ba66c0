from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from appeals.deadlines import city_day
from appeals.models import LegalTerm
from districts.models import Service


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What the site is, the law and its term as the database holds them, privacy, and who answers."""
    term = LegalTerm.objects.filter(kind="", valid_from__lte=city_day(timezone.now())).first()
    services = Service.objects.filter(active=True).order_by("-is_office", "short")
    return render(request, "public/about.html", {"term": term, "services": services})
