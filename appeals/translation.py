from modeltranslation.translator import TranslationOptions, register

from appeals.models import CalendarDay, LegalTerm


@register(LegalTerm)
class LegalTermOptions(TranslationOptions):
    fields = ("law",)


@register(CalendarDay)
class CalendarDayOptions(TranslationOptions):
    fields = ("name",)
