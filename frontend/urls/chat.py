from django.urls import URLPattern, URLResolver, path

from frontend.views import chat, chat_message

urlpatterns: list[URLPattern | URLResolver] = [
    path("talk/", chat.talk, name="talk"),
    path("talk/search/", chat.search, name="talk_search"),
    path("talk/cases/", chat.cases, name="talk_cases"),
    path("talk/pair/", chat.pair, name="talk_pair"),
    path("talk/<str:key>/listen/", chat.listen, name="talk_listen"),
    path("talk/<str:key>/notify/", chat.notify, name="talk_notify"),
    path("talk/<str:key>/slow/", chat.slow, name="talk_slow"),
    path("talk/<str:key>/<int:seq>/", chat_message.message, name="talk_message"),
    path("talk/<str:key>/", chat.room, name="talk_room"),
]
