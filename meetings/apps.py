from django.apps import AppConfig


class MeetingsConfig(AppConfig):
    name = "meetings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate, pre_migrate  # noqa: PLC0415

        from meetings import holdings, kinds, schema, search_schema  # noqa: PLC0415  (after the app registry)
        from people.holdings import register  # noqa: PLC0415

        pre_migrate.connect(schema.off, sender=self)
        post_migrate.connect(schema.on, sender=self)
        pre_migrate.connect(search_schema.off, sender=self)
        post_migrate.connect(search_schema.on, sender=self)
        kinds.enter()
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
                "meetings.PlanReminder",
                "meetings.Correction",
            ],
        )
