import datetime as dt

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AppealsConfig(AppConfig):
    name = "appeals"
    verbose_name = _("appeals")

    def ready(self) -> None:
        from accounts.people import person_invited, person_left
        from accounts.permissions import ALL, EDIT, VIEW, office_may
        from appeals.actions.abuse_reports import forget_abuse_reports
        from appeals.actions.carry import carry_supported
        from appeals.actions.count_again import count_again
        from appeals.actions.escalate import escalate_overdue
        from appeals.actions.hand_over import hand_over
        from appeals.actions.questions import follow_questions
        from appeals.actions.resumable import remove_idle
        from appeals.actions.upload import remove_orphans, sweep_uploads
        from appeals.actions.warn import warn_services
        from appeals.folding import fold_pyramid
        from appeals.intake.letters_asked import forget_unconfirmed
        from appeals.intake.sign_in import forget_sign_ins
        from appeals.learned_words import learn_words
        from appeals.models import (
            Appeal,
            Attachment,
            CalendarDay,
            CommentRule,
            Event,
            LegalTerm,
            Message,
            RefusalGround,
            SupportReply,
            SupportThreshold,
            clock_changed,
        )
        from appeals.notify.alerts import CONFIRMATION, NEW_APPEAL, Confirmations, NewAppeals
        from appeals.notify.carriers import carried_by
        from appeals.notify.comments import COMMENTS, Comments
        from appeals.notify.delivery import deliver_due
        from appeals.notify.followers import FOLLOW_CONFIRMATION, FOLLOWED, FollowedSteps, FollowQuestions
        from appeals.notify.invitations import INVITATION, Invitations, queue_invitation
        from appeals.notify.mail import Mail
        from appeals.notify.occasions import declare
        from appeals.notify.outbox import LANE, Letters
        from appeals.notify.reported import REPORTED, ManyReports
        from appeals.notify.sign_in import SIGN_IN, SignInLetters
        from appeals.notify.web_push import Push
        from appeals.tasks import follow_borders, give_up_video, prepare_video, take_up_video
        from districts.actions.publish import borders_applied
        from jobs.giving_up import when_given_up
        from jobs.overview import has_work
        from jobs.schedule import every

        clock_changed.connect(lambda cause, **_: count_again(cause), weak=False, dispatch_uid="count_again")
        person_left.connect(
            lambda person, by, services, **_: hand_over(person, by, services),
            weak=False,
            dispatch_uid="hand_over",
        )
        person_invited.connect(
            lambda change, language, **_: queue_invitation(change, language),
            weak=False,
            dispatch_uid="queue_invitation",
        )
        declare(INVITATION, Invitations())
        declare(NEW_APPEAL, NewAppeals())
        declare(CONFIRMATION, Confirmations())
        declare(FOLLOWED, FollowedSteps())
        declare(FOLLOW_CONFIRMATION, FollowQuestions())
        declare(COMMENTS, Comments())
        declare(REPORTED, ManyReports())
        declare(SIGN_IN, SignInLetters())
        carried_by(Message.Channel.EMAIL, Mail)
        carried_by(Message.Channel.PUSH, Push)
        every(dt.timedelta(minutes=10), count_again)
        every(dt.timedelta(minutes=5), carry_supported)
        every(dt.timedelta(minutes=5), escalate_overdue)
        every(dt.timedelta(minutes=5), follow_questions)
        every(dt.timedelta(minutes=5), warn_services)
        every(dt.timedelta(seconds=5), deliver_due, lane=LANE)
        every(dt.timedelta(seconds=2), fold_pyramid, lane="pyramid")
        every(dt.timedelta(hours=1), forget_unconfirmed)
        every(dt.timedelta(hours=1), forget_sign_ins)
        every(dt.timedelta(hours=1), remove_orphans)
        every(dt.timedelta(hours=1), remove_idle)
        every(dt.timedelta(days=1), forget_abuse_reports)
        every(dt.timedelta(days=1), sweep_uploads)
        every(dt.timedelta(days=1), learn_words)
        has_work("letters", Letters())
        when_given_up(prepare_video, give_up_video, again=take_up_video)
        office_may(VIEW, Appeal, Event)
        # The government moves working days every year.
        office_may(ALL, CalendarDay, SupportThreshold)
        office_may(EDIT, CommentRule, LegalTerm, RefusalGround)
        # To have videos prepared again.
        office_may(EDIT, Attachment)
        # To take a marked place off the map.
        office_may(EDIT, SupportReply)
        borders_applied.connect(
            lambda **_: follow_borders.enqueue(), weak=False, dispatch_uid="follow_borders"
        )
