from django.urls import URLPattern, URLResolver, path

from frontend.views import lists

urlpatterns: list[URLPattern | URLResolver] = [
    path("coordinator/meeting-lists/", lists.every, name="meeting_lists"),
    path("coordinator/meeting-lists/<int:source_id>/", lists.one, name="meeting_list"),
    path("coordinator/meeting-lists/imports/<int:import_id>/", lists.look, name="meeting_list_import"),
    path("coordinator/meeting-lists/imports/<int:import_id>/settle/", lists.settle, name="meeting_list_settle"),
    path("g/<slug:slug>/meetings/<int:meeting_id>/list/", lists.word, name="group_meeting_list"),
]
