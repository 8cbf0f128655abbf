from django.urls import URLPattern, URLResolver, path

from frontend.views import own

urlpatterns: list[URLPattern | URLResolver] = [
    path("me/call-card/", own.call_card, name="call_card"),
    path("me/call-card/clear/", own.call_card_clear, name="call_card_clear"),
    path("me/coping/", own.coping, name="coping"),
]
