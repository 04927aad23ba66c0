"""From a checked form of the desk to the action that does it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from appeals.actions.accept import accept
from appeals.actions.answer import answer
from appeals.actions.change import Actor
from appeals.actions.close import close
from appeals.actions.forward import forward
from appeals.actions.hide import hide, show
from appeals.actions.reopen import reopen
from appeals.actions.upload import upload
from appeals.models import Appeal
from appeals.workflow import Verb


def take_files(files: Iterable[UploadedFile[bytes]]) -> list[uuid.UUID]:
    """Ids of the files as attachments that wait for their answer. Raises ``Invalid`` at the first one refused."""
    return [upload(uuid.uuid4(), file).pk for file in files]


def take_step(
    verb: Verb, appeal: Appeal, actor: Actor, values: dict[str, Any], uploads: list[uuid.UUID]
) -> str:
    """Does it and returns the sentence that says so. Raises what the action raises."""
    pk, version = appeal.pk, values["version"]
    text = values.get("text", "")
    number = {"number": f"№ {appeal.number}"}
    match verb:
        case Verb.ACCEPT:
            accept(pk, actor, version=version)
            return _("Appeal %(number)s is in progress.") % number
        case Verb.ANSWER:
            answer(pk, actor, version=version, text=text, uploads=uploads)
            return _("The answer to appeal %(number)s is published.") % number
        case Verb.FORWARD:
            to_service = values["to_service"]
            forward(pk, actor, version=version, to_service=to_service, text=text)
            return _("Appeal %(number)s is forwarded: %(service)s.") % (
                number | {"service": to_service.short}
            )
        case Verb.CLOSE:
            close(pk, actor, version=version)
            return _("Appeal %(number)s is closed.") % number
        case Verb.REOPEN:
            reopen(pk, actor, version=version, text=text)
            return _("Appeal %(number)s is open again.") % number
        case Verb.HIDE:
            hide(pk, actor, version=version, text=text)
            return _("Appeal %(number)s is hidden from the public.") % number
        case Verb.SHOW:
            show(pk, actor, version=version)
            return _("Appeal %(number)s is public again.") % number
    raise AssertionError(f"no step for {verb}")
