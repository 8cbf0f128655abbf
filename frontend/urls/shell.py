from django.conf import settings
from django.urls import URLPattern, URLResolver, path

from frontend.views import shell, style

urlpatterns: list[URLPattern | URLResolver] = [
    path("today/", shell.today, name="today"),
    path("me/", shell.me, name="me"),
    path("me/language/", shell.language, name="set_language"),
    path("me/icon/", shell.icon, name="set_icon"),
    path("manifest.webmanifest", shell.manifest, name="manifest"),
]

if settings.DEVELOPMENT:
    urlpatterns += [
        path("dev/style/", style.components, name="dev_style"),
        path("dev/style/plain/", style.plain, name="dev_style_plain"),
        path("dev/style/calm/", style.calm, name="dev_style_calm"),
        path("dev/style/<int:status>/", style.error, name="dev_style_error"),
    ]
