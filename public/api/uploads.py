"""POST /api/uploads/: a photo or video, before the appeal that takes it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from appeals.actions.upload import UPLOAD_MAX_BYTES, megabytes, upload
from appeals.intake.parse import uuid7
from appeals.models import Attachment
from geo.refusals import Refusals, Refused
from public.api.refusals import length_told, refusals_as_problems, unreadable_is_counted
from rates.senders import sender_of
from rates.taking import UPLOAD, UPLOAD_MEGABYTES, UPLOAD_WORK, check, take
from web.api.files import FileAddress
from web.api.openapi import operation, problems
from web.api.problems import Problem
from web.uploads import holder_of


class UploadRequestSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="UUIDv7, made by the client.")
    file = serializers.FileField()


class UploadSerializer(serializers.ModelSerializer[Attachment]):
    thumb = FileAddress(
        read_only=True,
        allow_null=True,
        help_text=(
            "Address of the small form; null while a video is being prepared. Until an appeal has taken the upload, "
            "only whoever sends this answer's cookie can read it, and only an appeal that comes with the cookie can take it."
        ),
    )

    class Meta:
        model = Attachment
        fields = ("id", "kind", "state", "thumb", "width", "height")


class UploadView(APIView):
    """Receives one file of an appeal or answer that is still being written."""

    authentication_classes = []
    parser_classes = [MultiPartParser]

    @operation(
        "upload_file",
        request={"multipart/form-data": UploadRequestSerializer},
        responses={
            201: UploadSerializer,
            **problems(400, 409, 411, 413, 415, 429, 503),
        },
    )
    def post(self, request: Request) -> Response:
        """Photos are ready at once; videos are prepared by the worker. The same file again gives the same answer."""
        # Before the body is touched: asking for the data would write all of it to the disk first.
        length = length_told(request)
        if length > UPLOAD_MAX_BYTES:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _("The file is too large."))
        sender = sender_of(request._request)
        check(UPLOAD, sender)
        check(UPLOAD_WORK, sender)
        check(UPLOAD_MEGABYTES, sender, cost=megabytes(length))
        with unreadable_is_counted(UPLOAD, sender):
            file = request.FILES.get("file")
        with refusals_as_problems():
            refusals = Refusals()
            upload_id = refusals.read(uuid7, request.POST.get("id"), UUID(int=0), name="id")
            if file is None:
                refusals.add({"file": [_("Choose a photo or a video.")]})
            if file is None or refusals.errors:
                take(UPLOAD, sender)
                raise Refused(refusals.errors)
            attachment = upload(upload_id, file, sender=sender, holder=holder_of(request._request))
        return Response(UploadSerializer(attachment).data, HTTPStatus.CREATED)
