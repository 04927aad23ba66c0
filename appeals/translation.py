from modeltranslation.translator import TranslationOptions, register

from appeals.models import CalendarDay, LegalTerm, RefusalGround


@register(LegalTerm)
class LegalTermOptions(TranslationOptions):
    fields = ("law",)


@register(RefusalGround)
class RefusalGroundOptions(TranslationOptions):
    fields = ("name", "law")


@register(CalendarDay)
class CalendarDayOptions(TranslationOptions):
    fields = ("name",)
