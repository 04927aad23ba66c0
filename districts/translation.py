from modeltranslation.translator import TranslationOptions, register

from districts.models import (
    Attribute,
    AttributeValue,
    Category,
    District,
    DistrictBoundary,
    Place,
    Service,
    ServiceArea,
)


@register([AttributeValue, Category, District, DistrictBoundary, Place, ServiceArea])
class NamedOptions(TranslationOptions):
    fields = ("name",)


@register(Service)
class ServiceOptions(TranslationOptions):
    fields = ("name", "short", "description")


@register(Attribute)
class AttributeOptions(TranslationOptions):
    fields = ("description",)
