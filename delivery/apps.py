from django.apps import AppConfig
from django.conf import settings


class DeliveryConfig(AppConfig):
    name = "delivery"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from delivery import holdings, transports  # noqa: PLC0415  (after the app registry)
        from delivery.transports.email import EmailTransport, anymail  # noqa: PLC0415
        from delivery.transports.sms import SmsTransport  # noqa: PLC0415
        from delivery.transports.sms.gateways import gateway_from  # noqa: PLC0415
        from delivery.transports.voice import VoiceTransport  # noqa: PLC0415
        from delivery.transports.voice.gateways import gateway_from as voice_from  # noqa: PLC0415
        from delivery.transports.webpush import WebPushTransport  # noqa: PLC0415
        from people.holdings import register  # noqa: PLC0415

        transports.register("email", EmailTransport())
        if self.apps is not None and self.apps.is_installed("anymail"):
            anymail.listen()
        transports.register("webpush", WebPushTransport())
        if settings.SMS_GATEWAY:
            transports.register("sms", SmsTransport(gateway_from(settings.SMS_GATEWAY)))
        if settings.VOICE_GATEWAY:
            transports.register("voice", VoiceTransport(voice_from(settings.VOICE_GATEWAY)))
        register(
            "delivery",
            5,  # first: what is pending must not leave while the rest goes
            export=holdings.export,
            erase=holdings.erase,
            purge=holdings.purge,
            models=["delivery.Delivery", "delivery.Attempt", "delivery.InboxItem"],
        )
