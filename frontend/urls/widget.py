from django.urls import URLPattern, URLResolver, path

from frontend.views import printed, widget

urlpatterns: list[URLPattern | URLResolver] = [
    path("print/", printed.print_list, name="print_list"),
    path("widget.js", widget.widget_js, name="widget_js"),
    path("widget.json", widget.widget_json, name="widget_json"),
]
