from django.urls import URLPattern, URLResolver, path

from frontend.views import corrections, favourites, find_map, finder

urlpatterns: list[URLPattern | URLResolver] = [
    path("", finder.find, name="find"),
    path("meetings/counts/", finder.counts, name="find_counts"),
    path("meetings/<slug:slug>/confirm/", finder.confirm, name="meeting_confirm"),
    path("meetings/<slug:slug>/correct/", corrections.correct, name="meeting_correct"),
    path("favourites/", favourites.favourites, name="favourites"),
    path("favourites/rows/", favourites.favourite_rows, name="favourite_rows"),
    path("find/offline/", favourites.offline, name="find_offline"),
    path("find/map/", find_map.find_map, name="find_map"),
    path("meetings/<slug:slug>/map/", find_map.meeting_map, name="meeting_map"),
    path("corrections/", corrections.waiting, name="corrections"),
    path("corrections/<int:correction_id>/", corrections.one, name="correction"),
    path("meetings/<slug:slug>/", finder.meeting, name="meeting"),
]
