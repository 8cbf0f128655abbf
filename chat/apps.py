from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from chat import services  # noqa: PLC0415  (models are loaded now)
        from people import holdings  # noqa: PLC0415

        holdings.register(
            "chat",
            40,
            export=services.holdings_export,
            erase=services.holdings_erase,
            purge=services.holdings_purge,
            models=["chat.Message", "chat.ReadMark"],
        )
