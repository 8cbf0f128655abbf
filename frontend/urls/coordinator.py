from django.urls import URLPattern, URLResolver, path

from frontend.views import coordinator

urlpatterns: list[URLPattern | URLResolver] = [
    path("coordinator/", coordinator.hub, name="coordinator"),
    path("coordinator/held/", coordinator.held, name="coordinator_held"),
]
