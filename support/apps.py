from django.apps import AppConfig


class SupportConfig(AppConfig):
    name = "support"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from people.holdings import register  # noqa: PLC0415  (after the app registry)
        from support import holdings, kinds  # noqa: PLC0415

        kinds.enter()
        register(
            "support",
            40,
            export=holdings.export,
            erase=holdings.erase,
            purge=holdings.purge,
            models=holdings.MODELS,
        )
