from django.urls import URLPattern, URLResolver, path

from frontend.views import sheets

urlpatterns: list[URLPattern | URLResolver] = [
    path("sheets/", sheets.owed, name="sheets_owed"),
    path("sheets/<int:occurrence_id>/", sheets.sheet, name="sheet"),
    path("sheets/<int:occurrence_id>/link/", sheets.sheet_link, name="sheet_link"),
    path("coordinator/lists/", sheets.coordinator_lists, name="coordinator_lists"),
    path("me/attendance/", sheets.own_attendance, name="own_attendance"),
    path("me/attendance/log/", sheets.self_log, name="self_log"),
    path("me/attendance/log/<int:self_log_id>/", sheets.self_log_edit, name="self_log_edit"),
    path("me/away/", sheets.away, name="away"),
]
