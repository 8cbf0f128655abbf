from django.apps import AppConfig


class FrontendConfig(AppConfig):
    name = "frontend"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from frontend import tiles  # noqa: PLC0415, F401  (enters its check of the settings)
        from frontend.translations import compile_all  # noqa: PLC0415  (before the first page asks for a language)

        compile_all()
