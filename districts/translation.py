from modeltranslation.translator import TranslationOptions, register

from districts.models import Category, District, DistrictBoundary, Place, Service, ServiceArea


@register([Category, District, DistrictBoundary, Place, ServiceArea])
class NamedOptions(TranslationOptions):
    fields = ("name",)


@register(Service)
class ServiceOptions(TranslationOptions):
    fields = ("name", "short", "description")
