"""POST /api/appeals/: the door for scripts of the page and for programs of others."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final, cast

from django.urls import reverse
from django.utils import translation
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from appeals.intake.parse import submission_schema
from appeals.intake.receive import PROOF, receive
from appeals.models import AppealContact
from public.api.refusals import refusals_as_problems, unreadable_is_counted
from rates.senders import sender_of
from rates.taking import SUBMIT
from web.api.openapi import operation, problems
from web.api.parsers import StrictJSONParser
from web.uploads import holders_of


class ReceiptSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    url = serializers.CharField(help_text="Path of the public page.")
    follow_url = serializers.CharField(
        help_text="Path of the author's own page; keep it secret.", required=False
    )
    status = serializers.CharField()
    district = serializers.CharField(allow_null=True, help_text="Name.")
    service = serializers.CharField(help_text="Name of the service that must answer.")
    due_on = serializers.DateField(help_text="Last day of the legal term.")
    held = serializers.BooleanField(
        help_text="Nobody but its author and the staff reads it before the Mayor's Office has looked at it."
    )


_SCHEMA: Final = submission_schema()
_SCHEMA["properties"][PROOF] = {
    "type": "string",
    "description": "Base64 of the solved `challenge` of a 429 (JSON with `algorithm`, `challenge`, `number`, `salt`, `signature`, as "
    "ALTCHA has it): that `number` of 0 to `maxnumber` for which SHA-256 of `salt` with the number behind it is `challenge`, in hexadecimal. Good "
    "once. Send an empty one to be asked for it once half of the limit is used; without it what is sent from then on is `held`.",
}


class AppealSubmitView(APIView):
    """Receives an appeal. 201 means that it is stored."""

    # Nothing here rests on who is logged in, so that there is nothing a forged request could borrow.
    authentication_classes = []
    parser_classes = [StrictJSONParser]

    @operation(
        "submit_appeal",
        request={"application/json": _SCHEMA},
        responses={
            201: ReceiptSerializer,
            200: OpenApiResponse(ReceiptSerializer, description="The same had been received before."),
            **problems(400, 409, 411, 413, 415, 429),
        },
    )
    def post(self, request: Request) -> Response:
        """Routes and stores the appeal; the same body again answers 200 with the same receipt."""
        sender = sender_of(request._request)
        with unreadable_is_counted(SUBMIT, sender):
            document = cast("dict[str, Any]", request.data)
        with refusals_as_problems():
            submission, result = receive(
                document,
                language=translation.get_language(),
                source="web",
                sender=sender,
                holders=holders_of(request._request),
            )
        appeal = result.appeal
        receipt: dict[str, Any] = {
            "number": appeal.number,
            "url": reverse("public:appeal", args=[appeal.number]),
            "status": appeal.status,
            "district": appeal.district.name if appeal.district else None,
            "service": appeal.service.name,
            "due_on": appeal.due_on,
            "held": appeal.is_held,
        }
        secret = submission.secret
        if result.created and not secret:
            secret = AppealContact.objects.values_list("secret", flat=True).get(appeal=appeal)
        if secret:
            receipt["follow_url"] = reverse("public:follow", args=[secret])
        status = HTTPStatus.CREATED if result.created else HTTPStatus.OK
        return Response(receipt, status, headers={"Location": receipt["url"], "Cache-Control": "no-store"})
