from django.apps import AppConfig


class OwnConfig(AppConfig):
    name = "own"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Enter what this room keeps about people."""
        from own import holdings  # noqa: PLC0415  (models are loaded only now)

        holdings.enter()
