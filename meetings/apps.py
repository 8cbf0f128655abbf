from django.apps import AppConfig


class MeetingsConfig(AppConfig):
    name = "meetings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from meetings import holdings  # noqa: PLC0415  (after the app registry)
        from people.holdings import register  # noqa: PLC0415

        register(
            "meetings",
            70,
            export=holdings.export,
            erase=holdings.erase,
            purge=holdings.purge,
            models=[
                "meetings.Occurrence",
                "meetings.Commitment",
                "meetings.Sheet",
                "meetings.Mark",
                "meetings.MarkWrite",
                "meetings.SelfLog",
            ],
        )
