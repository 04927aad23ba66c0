from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Registers the system checks; the room has no models."""

    name = "config"
    label = "oshcity_config"

    def ready(self) -> None:
        from config import checks  # noqa: F401
