from django.apps import AppConfig

from ground import lookups


class PorchlightConfig(AppConfig):
    name = "porchlight"

    def ready(self) -> None:
        lookups.enter()
