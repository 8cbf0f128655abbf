from django.urls import URLPattern, URLResolver, path

from frontend.views import support

urlpatterns: list[URLPattern | URLResolver] = [
    path("me/watch/", support.watch, name="watch"),
    path("me/watch/set/", support.watch_set, name="watch_set"),
    path("me/watch/switch/", support.watch_switch, name="watch_switch"),
    path("me/watch/pause/", support.watch_pause, name="watch_pause"),
    path("me/watch/ok/", support.watch_ok, name="watch_ok"),
]
