from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from people import kept  # noqa: PLC0415  (after the app registry)
        from people.holdings import register  # noqa: PLC0415

        register(
            "people",
            1000,  # last: everything else points here
            export=kept.export,
            erase=kept.erase,
            purge=kept.purge,
            models=[
                "people.Person",
                "people.Account",
                "people.ContactWay",
                "people.AddressCode",
                "people.Block",
                "people.Link",
                "people.AccessLog",
                "people.Change",
            ],
        )
