from django.urls import URLPattern, URLResolver, path

from frontend.views import chat

urlpatterns: list[URLPattern | URLResolver] = [
    path("talk/", chat.talk, name="talk"),
    path("talk/<str:key>/", chat.room, name="talk_room"),
]
