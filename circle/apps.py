from django.apps import AppConfig


class CircleConfig(AppConfig):
    name = "circle"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from circle import holdings, kinds  # noqa: PLC0415  (after the app registry)
        from people.holdings import register  # noqa: PLC0415

        kinds.enter()
        register(
            "circle",
            60,
            export=holdings.export,
            erase=holdings.erase,
            purge=holdings.purge,
            models=["circle.Supporter", "circle.Consent", "circle.Look"],
        )
