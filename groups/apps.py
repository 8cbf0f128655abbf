from django.apps import AppConfig


class GroupsConfig(AppConfig):
    name = "groups"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from groups import holdings  # noqa: PLC0415  (after the app registry)
        from people.holdings import register  # noqa: PLC0415

        register(
            "groups",
            80,
            export=holdings.export,
            erase=holdings.erase,
            purge=holdings.purge,
            models=["groups.Group", "groups.Membership", "groups.Invitation"],
        )
