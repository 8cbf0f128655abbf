from django.urls import URLPattern, URLResolver, path

from frontend.views import cravings

urlpatterns: list[URLPattern | URLResolver] = [
    path("need/", cravings.need, name="need"),
    path("need/state/", cravings.need_state, name="need_state"),
    path("need/offline/", cravings.need_offline, name="need_offline"),
    path("need/place/", cravings.need_place, name="need_place"),
    path("need/available/", cravings.available, name="available"),
    path("need/<slug:ref>/undo/", cravings.need_undo, name="need_undo"),
    path("need/<slug:ref>/now/", cravings.need_now, name="need_now"),
    path("need/<slug:ref>/close/", cravings.need_close, name="need_close"),
    path("need/<slug:ref>/claim/", cravings.need_claim, name="need_claim"),
    path("sw.js", cravings.service_worker, name="service_worker"),
]
