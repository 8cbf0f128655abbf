from django.urls import URLPattern, URLResolver, path

from frontend.views import cravings, on_call, roster, safety

urlpatterns: list[URLPattern | URLResolver] = [
    path("need/", cravings.need, name="need"),
    path("need/state/", cravings.need_state, name="need_state"),
    path("need/offline/", cravings.need_offline, name="need_offline"),
    path("need/place/", cravings.need_place, name="need_place"),
    path("need/room/<slug:key>/", cravings.need_room, name="need_room"),
    path("need/available/", cravings.available, name="available"),
    path("need/<slug:ref>/undo/", cravings.need_undo, name="need_undo"),
    path("need/<slug:ref>/now/", cravings.need_now, name="need_now"),
    path("need/<slug:ref>/close/", cravings.need_close, name="need_close"),
    path("need/<slug:ref>/mark/", cravings.need_mark, name="need_mark"),
    path("need/<slug:ref>/claim/", cravings.need_claim, name="need_claim"),
    path("need/<slug:ref>/not-meant/", safety.not_meant, name="need_not_meant"),
    path("need/<slug:ref>/meant-otherwise/", safety.meant_otherwise, name="need_meant_otherwise"),
    *(
        path(f"need/<slug:ref>/{act}/", cravings.need_act, {"act": act}, name=f"need_{act.replace('-', '_')}")
        for act in cravings.ACTS
    ),
    path("on-call/", on_call.on_call, name="on_call"),
    path("on-call/join/", on_call.join, name="responder_join"),
    path("on-call/vouch/", on_call.vouch, name="responder_vouch"),
    path("on-call/rest/", on_call.rest, name="responder_rest"),
    path("on-call/swap/", on_call.swap, name="shift_swap"),
    path("on-call/calendar/", on_call.calendar_link, name="shift_calendar"),
    path("on-call/wishes/", on_call.wishes, name="wishes"),
    path("on-call/<slug:token>.ics", on_call.calendar, name="shift_calendar_feed"),
    path("numbers/", roster.numbers, name="button_numbers"),
    path("coordinator/button/", roster.button, name="coordinator_button"),
    path("coordinator/button/review/", roster.review, name="coordinator_review"),
    path("coordinator/lines/", roster.lines, name="coordinator_lines"),
    path("coordinator/lines/write/", roster.line_write, name="coordinator_line_write"),
    path("coordinator/often/", safety.often, name="coordinator_often"),
    path("coordinator/words/", safety.words, name="coordinator_words"),
    path("coordinator/responders/", roster.responders, name="coordinator_responders"),
    path("coordinator/roster/", roster.roster, name="coordinator_roster"),
    path("coordinator/roster/new/", roster.shift_new, name="coordinator_shift_new"),
    path("coordinator/roster/<int:shift_id>/", roster.shift, name="coordinator_shift"),
    path("sw.js", cravings.service_worker, name="service_worker"),
]
