from django.urls import URLPattern, URLResolver, path

from frontend.views.groups import free_days, invitations, meetings, pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("groups/", pages.groups, name="groups"),
    path("groups/new/", pages.found, name="group_found"),
    path("g/<slug:slug>/", pages.group, name="group"),
    path("g/<slug:slug>/edit/", pages.edit, name="group_edit"),
    path("g/<slug:slug>/keeping/", pages.keeping, name="group_keeping"),
    path("g/<slug:slug>/close/", pages.close, name="group_close"),
    path("g/<slug:slug>/leave/", pages.leave, name="group_leave"),
    path("g/<slug:slug>/withdraw/", pages.withdraw, name="group_withdraw"),
    path("g/<slug:slug>/recent/", pages.recent, name="group_recent"),
    path("g/<slug:slug>/invite/", invitations.invite, name="group_invite"),
    path("g/<slug:slug>/people/<uuid:pid>/", pages.member, name="group_member"),
    path("g/<slug:slug>/meetings/new/", meetings.new, name="group_meeting_new"),
    path("g/<slug:slug>/meetings/<int:meeting_id>/", meetings.meeting, name="group_meeting"),
    path("g/<slug:slug>/meetings/<int:meeting_id>/dates/", meetings.dates, name="group_meeting_dates"),
    path("g/<slug:slug>/meetings/<int:meeting_id>/holiday/", meetings.holiday, name="group_holiday"),
    path("g/<slug:slug>/meetings/<int:meeting_id>/free-days/", free_days.choose, name="group_free_days"),
    path("g/<slug:slug>/meetings/<int:meeting_id>/dates/<str:key>/", meetings.arrange, name="group_date"),
    path("g/<slug:slug>/meetings/<int:meeting_id>/end/", meetings.end, name="group_meeting_end"),
    path("meetings/<slug:slug>/commit/", meetings.commit, name="meeting_commit"),
    path("meetings/<slug:slug>/dates/<str:key>/", meetings.date, name="meeting_date"),
    path("i/<str:token>/", invitations.invitation, name="invitation"),
]
