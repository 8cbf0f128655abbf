from django.apps import AppConfig


class CravingsConfig(AppConfig):
    name = "cravings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Enter this room's kind of message and what it keeps about people."""
        from cravings import holdings, kinds  # noqa: PLC0415  (models are loaded only now)

        kinds.enter()
        holdings.enter()
