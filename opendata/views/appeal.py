"""GET /api/appeals/<id>/: one appeal with everything on its public page."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Final
from uuid import UUID

from django.db import models
from django.http import Http404
from django.urls import reverse
from django.utils import translation
from drf_spectacular.drainage import set_override
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_gis.fields import GeometryField
from rest_framework_gis.serializers import GeoFeatureModelSerializer

from accounts.roles import Role
from appeals.dossier import Dossier, dossier_of
from appeals.gathering import GatheringState
from appeals.limits import REPLY_PLACES_MAX
from appeals.models import Appeal, Attachment
from appeals.replies import Share
from appeals.vocabulary import Status
from appeals.workflow import VERBS
from districts.routing import Rule
from geo.geojson import MEDIA_TYPE
from geo.points import DECIMALS
from geo.refusals import Refused
from opendata.properties import APPEAL
from web.api.answers import LIVE_S, cached_for
from web.api.files import FileAddress
from web.api.language import language_asked_for
from web.api.openapi import LANG, NUMBER, WHOLE, operation, problems, record
from web.api.openapi import UUID as UUID_SCHEMA
from web.api.parameters import takes
from web.api.problems import parameters_refused
from web.links import public_link

#: Of a MultiPoint: longitude and latitude of each, degrees EPSG:4326.
_POSITIONS: Final = {
    "type": "array",
    "items": {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2},
}


class GeoJSONRenderer(JSONRenderer):
    media_type = MEDIA_TYPE
    format = "geojson"


class MomentField(serializers.DateTimeField):
    """In UTC, as the lists say it."""

    def to_representation(self, value: dt.datetime) -> str:
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")


class NamedCodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class NamedServiceSerializer(NamedCodeSerializer):
    short = serializers.CharField()
    phone = serializers.CharField()


class AttachmentSerializer(serializers.ModelSerializer[Attachment]):
    """A photo or video in its public forms. Those that are still being prepared are left out."""

    large = FileAddress(help_text="Address of the photo, or of the video's poster.")
    thumb = FileAddress()
    playable = serializers.SerializerMethodField(help_text="Address of the video.")

    class Meta:
        model = Attachment
        fields = ("id", "kind", "large", "thumb", "playable", "width", "height", "duration_s")

    def get_playable(self, attachment: Attachment) -> str | None:
        return public_link(attachment.playable.url) if attachment.playable else None


class StepSerializer(serializers.Serializer[Any]):
    """What happened, without the person who did it."""

    verb = serializers.ChoiceField(source="event.verb", choices=list(VERBS))
    title = serializers.CharField(help_text="In the reader's language.")
    at = MomentField(source="event.at")
    by = serializers.ChoiceField(source="event.actor_role", choices=[role.value for role in Role])
    status = serializers.ChoiceField(source="event.to_status", choices=Status.choices)
    service = NamedServiceSerializer(source="event.service")
    to_service = NamedServiceSerializer(source="event.to_service", allow_null=True)
    text = serializers.CharField(source="event.text")
    details = serializers.DictField(
        source="event.public_details", help_text="What else the verb asked for, by name."
    )
    attachments = serializers.SerializerMethodField()

    def get_attachments(self, step: Any) -> list[dict[str, Any]]:
        return _shown(step.attachments)


class RoutingSerializer(serializers.Serializer[Any]):
    """Why this service was chosen when the appeal came in."""

    rule = serializers.ChoiceField(choices=[rule.value for rule in Rule])
    explanation = serializers.CharField(source="sentence", help_text="In the reader's language.")
    border = serializers.CharField(
        help_text="How near the border of the deciding area is; empty without an area."
    )
    area = serializers.CharField(source="area.name", default=None, allow_null=True)
    service = NamedServiceSerializer(help_text="Whom it was given to; it may be with another one now.")
    revision = serializers.IntegerField(
        source="revision.number", help_text="Number of the boundary revision."
    )


class ValueSerializer(serializers.Serializer[Any]):
    """An answer and how many supporters give it."""

    key = serializers.CharField(source="value.code")
    name = serializers.CharField(source="value.name", help_text="In the reader's language.")
    count = serializers.IntegerField(source="people")
    places = serializers.SerializerMethodField(
        help_text=f"Where they want it; of all answers together the latest {REPLY_PLACES_MAX}."
    )

    @extend_schema_field(
        record({"type": {"type": "string", "enum": ["MultiPoint"]}, "coordinates": _POSITIONS})
    )
    def get_places(self, share: Share) -> dict[str, Any]:
        return {"type": "MultiPoint", "coordinates": [list(place) for place in share.places]}


class AttributeSerializer(serializers.Serializer[Any]):
    """What a proposal asks its supporters, named as Open311 GeoReport v2 names a service attribute, and what they answer."""

    code = serializers.CharField(source="attribute.code")
    description = serializers.CharField(
        source="attribute.description", help_text="The question, in the reader's language."
    )
    asked = serializers.BooleanField(
        source="attribute.active", help_text="False: it is asked no more; what was answered stays."
    )
    values = ValueSerializer(source="shares", many=True, help_text="The most frequent first.")
    unanswered = serializers.IntegerField(help_text="Supporters who chose none.")
    marked = serializers.IntegerField(help_text="Places that were marked.")


#: Properties of the list that the single appeal has through a relation, codes with their names.
_NESTED = {"category", "service", "district", "duplicate_of"}


class AppealSerializer(GeoFeatureModelSerializer):  # type: ignore[misc]
    """One appeal as a Feature; its context holds the ``dossier``."""

    serializer_field_mapping: ClassVar[dict[Any, Any]] = {
        **GeoFeatureModelSerializer.serializer_field_mapping,
        models.DateTimeField: MomentField,
    }
    point = GeometryField(precision=DECIMALS)
    category = NamedCodeSerializer()
    service = NamedServiceSerializer()
    district = NamedCodeSerializer(allow_null=True)
    duplicate_of = serializers.IntegerField(
        source="duplicate_of.number",
        default=None,
        allow_null=True,
        help_text="Number of the appeal that it repeats.",
    )
    url = serializers.SerializerMethodField(help_text="Address of the public page.")
    support_needed = serializers.SerializerMethodField(
        help_text="Of a proposal: from so many supporters on the city must answer in public."
    )
    support_state = serializers.SerializerMethodField(
        help_text="Of a proposal: whether it gathers supporters, the city must answer (awaited), has answered, or they were too few in time (over)."
    )
    attributes = serializers.SerializerMethodField()
    attachments = serializers.SerializerMethodField()
    events = serializers.SerializerMethodField()
    routing = serializers.SerializerMethodField()

    class Meta:
        model = Appeal
        geo_field = "point"
        id_field = "id"
        fields = (
            *(declared.name for declared in APPEAL if declared.is_own_column or declared.name in _NESTED),
            "support_needed",
            "support_state",
            "url",
            "attributes",
            "attachments",
            "events",
            "routing",
        )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The fields of ``Meta``; the columns are described as the list describes them."""
        fields: dict[str, serializers.Field[Any, Any, Any, Any]] = super().get_fields()
        for declared in APPEAL:
            if declared.is_own_column:
                set_override(fields[declared.name], "field", declared.described)
                if declared.description:
                    # A model's own help text is for those who work with it, and would go before.
                    fields[declared.name].help_text = declared.description
        return fields

    def get_url(self, appeal: Appeal) -> str:
        return public_link(reverse("public:appeal", args=[appeal.number]))

    def get_support_needed(self, _appeal: Appeal) -> int | None:
        gathering = self._dossier.gathering
        return gathering.needed if gathering else None

    @extend_schema_field(
        {"type": "string", "enum": [state.value for state in GatheringState], "nullable": True}
    )
    def get_support_state(self, _appeal: Appeal) -> str | None:
        gathering = self._dossier.gathering
        return gathering.state.value if gathering else None

    @extend_schema_field(AttributeSerializer(many=True))
    def get_attributes(self, _appeal: Appeal) -> list[dict[str, Any]]:
        return list(AttributeSerializer(self._dossier.tallies, many=True).data)

    def get_attachments(self, _appeal: Appeal) -> list[dict[str, Any]]:
        return _shown(self._dossier.attachments)

    def get_events(self, _appeal: Appeal) -> list[dict[str, Any]]:
        return list(StepSerializer(self._dossier.steps, many=True).data)

    def get_routing(self, _appeal: Appeal) -> dict[str, Any] | None:
        decision = self._dossier.explanation
        return None if decision is None else RoutingSerializer(decision).data

    @property
    def _dossier(self) -> Dossier:
        dossier: Dossier = self.context["dossier"]
        return dossier


def _shown(attachments: tuple[Attachment, ...]) -> list[dict[str, Any]]:
    ready = [attachment for attachment in attachments if attachment.state == Attachment.State.READY]
    return list(AttachmentSerializer(ready, many=True).data)


#: An appeal in an address.
KEY_OR_NUMBER: Final = OpenApiParameter(
    "id",
    {"oneOf": [UUID_SCHEMA, {**WHOLE, "minimum": 1}]},
    OpenApiParameter.PATH,
    description="Its `id`, or the `number` that people know.",
)


class _AppealView(APIView):
    renderer_classes = [GeoJSONRenderer, JSONRenderer]

    def _answer(self, request: Request, **known: Any) -> Response:
        try:
            language = language_asked_for(request._request)
        except Refused as refusal:
            raise parameters_refused(refusal.errors) from None
        appeal = Appeal.objects.visible_to(request.user).with_names().filter(**known).first()
        if appeal is None:
            raise Http404
        with translation.override(language):
            context = {"dossier": dossier_of(appeal, request.user, internal=False)}
            document = AppealSerializer(appeal, context=context).data
        answer = Response(document)
        cached_for(answer, LIVE_S, private=request.user.is_authenticated)
        return answer


class AppealView(_AppealView):
    """One appeal as a GeoJSON Feature."""

    @operation(
        "read_appeal",
        parameters=[KEY_OR_NUMBER, LANG],
        responses={(200, MEDIA_TYPE): AppealSerializer, **problems(400, 404)},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """The appeal with its answers, photos and videos, history and the reason why the service was chosen.

        An appeal that the Mayor's Office has hidden is not there for the public.
        """
        return self._answer(request, pk=pk)


class AppealByNumberView(_AppealView):
    """The same by the number that people know."""

    # Of one template with the other, which describes both.
    @takes(LANG)
    @extend_schema(exclude=True)
    def get(self, request: Request, number: int) -> Response:
        """The appeal of that public number; the same document."""
        return self._answer(request, number=number)
