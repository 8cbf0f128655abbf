from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from chat import holdings as own  # noqa: PLC0415  (models are loaded now)
        from chat import kinds  # noqa: PLC0415
        from people import holdings  # noqa: PLC0415

        kinds.enter()
        holdings.register(
            "chat",
            40,
            export=own.export,
            erase=own.erase,
            purge=own.purge,
            models=[
                "chat.Message",
                "chat.ReadMark",
                "chat.RoomMember",
                "chat.Silence",
                "chat.Report",
                "chat.Veil",
                "chat.Mute",
            ],
        )
