from django.conf import settings
from django.urls import path, re_path

from frontend.views import delivery, dev, links

urlpatterns = [
    path("inbox/", delivery.inbox, name="inbox"),
    path("inbox/<int:item_id>/read/", delivery.read, name="inbox_read"),
    re_path(r"^(?P<token>[a-z2-7]{13})$", links.by_token, name="link"),
]

if settings.DEVELOPMENT:
    urlpatterns += [
        path("dev/", dev.people, name="dev_people"),
        path("dev/mail/", dev.mail, name="dev_mail"),
        path("dev/clock/", dev.move_clock, name="dev_clock"),
        path("dev/sign-in/", dev.sign_in, name="dev_sign_in"),
    ]
