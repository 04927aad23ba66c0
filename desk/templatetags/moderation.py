"""What the pages beside the queue say of what waits."""

from __future__ import annotations

from django import template

from desk.moderation import how_many_wait

register = template.Library()
register.simple_tag(how_many_wait)
