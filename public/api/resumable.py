"""/api/uploads/resumable/: a large file in parts, by tus 1.0.0 (https://tus.io/protocols/resumable-upload).

Core, and the extensions creation, creation-with-upload, checksum, expiration and termination.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, UnreadablePostError
from django.urls import reverse
from django.utils.http import http_date
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from appeals.actions import resumable
from appeals.actions.resumable import CHECKSUMS, LENGTH_MAX
from appeals.identifiers import new_uuid7
from appeals.intake.parse import uuid7
from appeals.models import Attachment, ResumableUpload
from geo.numbers import whole_number
from geo.refusals import Refusals, Refused, ValueRefused
from media.limits import PART_MAX, PART_TYPE
from public.api.refusals import length_told, refusals_as_problems
from rates.senders import sender_of
from rates.taking import UPLOAD, UPLOAD_WORK, check
from web.api.openapi import Responses, operation, problems
from web.api.parameters import takes
from web.api.problems import Problem
from web.uploads import holder_of

VERSION: Final = "1.0.0"
_CHECKSUM_MISMATCH: Final = 460
_BLOCK: Final = 65_536


def _header(name: str, words: str, *, required: bool = True, kind: type = str) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.HEADER, required=required, description=words)


_RESUMABLE: Final = _header("Tus-Resumable", "Version of the protocol: 1.0.0.")
_CHECKSUM: Final = _header(
    "Upload-Checksum",
    f"One of {', '.join(CHECKSUMS)}, a space, and the digest of the body in Base64.",
    required=False,
)
_NOTHING: Final[Responses] = {204: None}


class _TusView(APIView):
    """What every request of the protocol must say, and every answer says."""

    authentication_classes = []
    #: Read as it comes: a part is no form.
    parser_classes = []
    #: In the answer to OPTIONS.
    told_of_itself: Final = {
        "Tus-Resumable": VERSION,
        "Tus-Version": VERSION,
        "Tus-Extension": "creation,creation-with-upload,checksum,expiration,termination",
        "Tus-Max-Size": str(LENGTH_MAX),
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
    }

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.headers.get("Tus-Resumable") != VERSION:
            raise Problem(
                HTTPStatus.PRECONDITION_FAILED,
                _("This address speaks tus %(version)s.") % {"version": VERSION},
                headers={"Tus-Version": VERSION},
            )

    def finalize_response(self, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(*args, **kwargs)
        answer["Tus-Resumable"] = VERSION
        answer["Cache-Control"] = "no-store"
        return answer


class ResumableUploadsView(_TusView):
    """Where a file is announced."""

    @operation(
        "announce_upload",
        parameters=[
            _RESUMABLE,
            _header("Upload-Length", f"Bytes of the whole file, at most {LENGTH_MAX}.", kind=int),
            _header(
                "Upload-Metadata",
                "Pairs of a name and a value in Base64. ``id`` is the UUIDv7 that an appeal takes the file by; without it "
                "one is made, and stands at the end of the Location.",
                required=False,
            ),
            _CHECKSUM,
        ],
        request={PART_TYPE: bytes},
        responses={201: None, **problems(400, 409, 412, 413, 415, 423, 429, 460, 503)},
    )
    def post(self, request: Request) -> Response:
        """Announces a file, and takes its first part if the body is one. The same again gives the same upload."""
        with _refusals():
            refusals = Refusals()
            length = refusals.read(_length, request.headers.get("Upload-Length"), 0, name="Upload-Length")
            upload_id = refusals.read(
                _id, request.headers.get("Upload-Metadata"), UUID(int=0), name="Upload-Metadata"
            )
            if refusals.errors:
                raise Refused(refusals.errors)
            if length > LENGTH_MAX:
                raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _("The file is too large."))
            holder = holder_of(request._request)
            row = resumable.announce(upload_id, length, sender=sender_of(request._request))
            if whole_number(request.META.get("CONTENT_LENGTH") or "0"):
                row = _receive(request, upload_id, 0, holder)
        place = reverse("api-resumable-upload", args=[upload_id])
        headers = {"Location": request.build_absolute_uri(place), "Upload-Offset": str(row.offset)}
        return Response(status=HTTPStatus.CREATED, headers=headers | _expiry(row))


class ResumableUploadView(_TusView):
    """One file of which not all has come."""

    def head(self, request: Request, pk: UUID) -> Response:
        """How much has come."""
        with _refusals():
            row = resumable.known(pk)
        lengths = {"Upload-Offset": str(row.offset), "Upload-Length": str(row.length)}
        return Response(headers=lengths | _expiry(row))

    @operation(
        "send_part",
        parameters=[
            _RESUMABLE,
            _header("Upload-Offset", "Where the part begins: where what has come ends.", kind=int),
            _CHECKSUM,
        ],
        request={PART_TYPE: bytes},
        responses={**_NOTHING, **problems(404, 409, 411, 412, 413, 415, 423, 429, 460, 503)},
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Takes one more part, of at most 8 MB. The last one makes a photo or a video of the whole, as ``upload_file`` does.

        Who sends the last part, with its cookie, holds the file until an appeal takes it, and is told in ``Link`` of a photo's
        preview.
        """
        offset = whole_number(request.headers.get("Upload-Offset") or "")
        if offset is None:
            raise Problem(HTTPStatus.BAD_REQUEST, _("Where the part begins must be told: Upload-Offset."))
        with _refusals():
            row = _receive(request, pk, offset, holder_of(request._request))
        headers = {"Upload-Offset": str(row.offset)} | _expiry(row) | _preview(row)
        return Response(status=HTTPStatus.NO_CONTENT, headers=headers)

    @operation(
        "end_upload",
        parameters=[_RESUMABLE],
        responses={**_NOTHING, **problems(404, 412, 423)},
    )
    def delete(self, request: Request, pk: UUID) -> Response:
        """Forgets the upload, and what has come of it."""
        with _refusals():
            resumable.terminate(pk)
        return Response(status=HTTPStatus.NO_CONTENT)

    @extend_schema(exclude=True)
    @takes()
    def post(self, request: Request, pk: UUID) -> Response:
        """For clients that can only GET and POST: the method that X-HTTP-Method-Override names."""
        match request.headers.get("X-HTTP-Method-Override"):
            case "PATCH":
                return self.patch(request, pk)
            case "DELETE":
                return self.delete(request, pk)
            case _:
                self.http_method_not_allowed(request)
                raise AssertionError


def _receive(request: Request, upload_id: UUID, offset: int, holder: str) -> ResumableUpload:
    length = length_told(request)
    if request.content_type != PART_TYPE:
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            _("A part of a file is sent as %(type)s.") % {"type": PART_TYPE},
        )
    if length > PART_MAX:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _("The part is too large."))
    sender = sender_of(request._request)
    check(UPLOAD, sender)
    check(UPLOAD_WORK, sender)
    return resumable.receive(
        upload_id,
        offset,
        _blocks(request._request),
        sender=sender,
        holder=holder,
        checksum=_checksum(request.headers.get("Upload-Checksum")),
    )


def _blocks(request: HttpRequest) -> Iterator[bytes]:
    """The body as it comes; where the connection breaks, what had come before."""
    try:
        while block := request.read(_BLOCK):
            yield block
    except UnreadablePostError:
        return


def _length(text: object) -> int:
    length = whole_number(str(text or ""))
    if length is None:
        raise ValueRefused(_("The size of the file must be told first."))
    return length


def _id(metadata: object) -> UUID:
    """The identifier among the metadata, a new one where there is none. Raises ``ValueRefused``."""
    for pair in str(metadata or "").split(","):
        name, _space, value = pair.strip().partition(" ")
        if name == "id":
            return uuid7(_decoded(value).decode("utf-8", "replace"))
    return new_uuid7()


def _checksum(header: str | None) -> tuple[str, bytes] | None:
    if header is None:
        return None
    name, _space, value = header.partition(" ")
    if name not in CHECKSUMS:
        raise Problem(HTTPStatus.BAD_REQUEST, _("No such checksum is known here."))
    return name, _decoded(value)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _expiry(row: ResumableUpload) -> dict[str, str]:
    return {} if row.is_whole else {"Upload-Expires": http_date(resumable.expires(row).timestamp())}


def _preview(row: ResumableUpload) -> dict[str, str]:
    """Where the small form of a photo is (RFC 8288; "preview" is of RFC 6903): not every browser can show a HEIC."""
    photo = Attachment.objects.filter(pk=row.pk).exclude(thumb="").first() if row.is_whole else None
    return {"Link": f'<{photo.thumb.url}>; rel="preview"'} if photo else {}


@contextmanager
def _refusals() -> Iterator[None]:
    """The action's refusals as problems."""
    try:
        with refusals_as_problems():
            yield
    except resumable.Unknown:
        raise Problem(
            HTTPStatus.NOT_FOUND, _("Nothing of this file is here any more. Send it from the beginning.")
        ) from None
    except resumable.InUse:
        raise Problem(
            HTTPStatus.LOCKED, _("Another part of this file is being taken at this moment.")
        ) from None
    except resumable.OtherOffset:
        raise Problem(HTTPStatus.CONFLICT, _("The part does not begin where what has come ends.")) from None
    except resumable.OtherContent:
        raise Problem(_CHECKSUM_MISMATCH, _("The part was damaged on its way. Send it again.")) from None
