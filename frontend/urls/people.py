from django.urls import URLPattern, URLResolver, path

from frontend.views import people

urlpatterns: list[URLPattern | URLResolver] = [
    path("people/", people.people, name="people"),
    path("me/reach/", people.reach, name="reach"),
    path("me/reach/add/", people.reach_add, name="reach_add"),
    path("me/reach/code/", people.reach_code, name="reach_code"),
    path("me/reach/hours/", people.reach_hours, name="reach_hours"),
    path("me/reach/<int:way_id>/", people.reach_way, name="reach_way"),
    path("me/looked/", people.looked, name="looked"),
    path("me/blocks/", people.blocks, name="blocks"),
]
