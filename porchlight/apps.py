from django.apps import AppConfig


class PorchlightConfig(AppConfig):
    name = "porchlight"
