from django.urls import URLPattern, URLResolver, path

from frontend.views import chosen, circle, circle_add, circle_look

urlpatterns: list[URLPattern | URLResolver] = [
    path("people/circle/", circle.circle, name="circle"),
    path("people/circle/add/", circle_add.add, name="circle_add"),
    path("people/circle/look/", circle_look.look, name="circle_look"),
    path("people/circle/<uuid:pid>/end/<slug:purpose>/", circle.end, name="circle_end"),
    path("people/circle/<uuid:pid>/allow/<slug:purpose>/", circle.allow, name="circle_allow"),
    path("people/circle/<uuid:pid>/remove/", circle.remove, name="circle_remove"),
    path("people/circle/<uuid:pid>/quiet/", circle.quiet, name="circle_quiet"),
    path("people/circle/<uuid:pid>/again/", circle.again, name="circle_again"),
    path("people/circle/<uuid:pid>/move/", circle.move, name="circle_move"),
    path("people/chosen/<uuid:pid>/", chosen.answer, name="chosen_answer"),
    path("people/chosen/see/<slug:token>/", chosen.see, name="chosen_see"),
    path("guide/", circle.guide, name="guide"),
]
