from django.apps import AppConfig


class PublicConfig(AppConfig):
    name = "public"

    def ready(self) -> None:
        from web import offline

        offline.keep(
            "public/css/map.css", "public/css/form.css", "public/css/news.css", "public/css/about.css"
        )
