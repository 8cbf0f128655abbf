from django.apps import AppConfig

from ground import lookups


class PeopleConfig(AppConfig):
    name = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from people import kept  # noqa: PLC0415  (after the app registry)
        from people.holdings import register  # noqa: PLC0415

        lookups.enter()
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
