from django.apps import AppConfig


class OpenDataConfig(AppConfig):
    name = "opendata"

    def ready(self) -> None:
        from jobs import long_works
        from jobs.schedule import every
        from opendata.bundle import LOOKED_FOR, bundle_of_the_night
        from opendata.long_sets import KIND, LongSets

        # A large city's takes minutes, and deadlines do not wait for it.
        every(LOOKED_FOR, bundle_of_the_night, lane="bundle")
        long_works.declare(KIND, LongSets())
