import datetime as dt

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "desk"

    def ready(self) -> None:
        from desk.drafts import forget_old_forms, pictures_held
        from jobs.schedule import every
        from news.pictures import held_elsewhere

        held_elsewhere.append(pictures_held)

        every(dt.timedelta(days=1), forget_old_forms)
