"""POST /api/appeals/{number}/reports/: what must not be read in an appeal."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final, cast

from django.http import Http404
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from appeals.actions.abuse_reports import TEXT_PART, Received, report_abuse
from appeals.errors import NotAllowed
from appeals.limits import ABUSE_WORDS_MAX
from appeals.models import AbuseReport, Appeal
from public.api.refusals import refusals_as_problems, unreadable_is_counted
from rates.senders import sender_of
from rates.taking import ABUSE_REPORT
from web.api.openapi import operation, problems
from web.api.parsers import StrictJSONParser

_REPORT: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["reason"],
    "properties": {
        "reason": {"type": "string", "enum": AbuseReport.Reason.values},
        "part": {
            "type": "string",
            "default": TEXT_PART,
            "description": f"“{TEXT_PART}”; “file-” with the id of a photo or video; “step-” with the version of an answer, a reply or an addition; “comment-” with the id of a comment.",
        },
        "words": {"type": "string", "maxLength": ABUSE_WORDS_MAX},
    },
}


class AbuseReportReceiptSerializer(serializers.Serializer[Any]):
    received = serializers.ChoiceField(
        choices=[each.value for each in Received],
        help_text="“before”: this sender has reported it. “enough”: as many as a moderator reads have.",
    )
    message = serializers.CharField(help_text="For whoever reports, in their language.")


class AbuseReportsView(APIView):
    """Receives a report of abuse. Nobody but the Mayor's Office reads what was reported, nor how much was."""

    # Nothing here rests on who is logged in, so that there is nothing a forged request could borrow.
    authentication_classes = []
    parser_classes = [StrictJSONParser]

    @operation(
        "report_abuse",
        request={"application/json": _REPORT},
        responses={
            201: AbuseReportReceiptSerializer,
            200: OpenApiResponse(
                AbuseReportReceiptSerializer, description="It was reported before; nothing more is stored."
            ),
            **problems(400, 404, 413, 415, 429),
        },
    )
    def post(self, request: Request, number: int) -> Response:
        """Stores the report: one a sender and appeal while none has been decided about, and one of each comment."""
        sender = sender_of(request._request)
        with unreadable_is_counted(ABUSE_REPORT, sender):
            document = cast("dict[str, Any]", request.data)
        appeal = Appeal.objects.public().filter(number=number).first()
        if appeal is None:
            raise Http404
        try:
            with refusals_as_problems():
                received = report_abuse(
                    appeal,
                    reason=document.get("reason"),
                    part=document.get("part", TEXT_PART),
                    words=document.get("words", ""),
                    person="",
                    sender=sender,
                )
        except NotAllowed:
            raise Http404 from None
        status = HTTPStatus.CREATED if received is Received.STORED else HTTPStatus.OK
        receipt = {"received": received.value, "message": received.words}
        return Response(receipt, status, headers={"Cache-Control": "no-store"})
