"""Carriers: the way to each target, made from its settings; secrets are read anew at each message.

A library is loaded where a target needs it: most cities name one kind, and each takes room in the daemon for ever.
"""

from __future__ import annotations

from typing import assert_never

from lightctl.app.running.wiring import mqtt_endpoint
from lightctl.files.settings import MqttLinkSettings, Settings
from lightctl.files.settings_notifications import (
    MqttTopicSettings,
    NotificationSettings,
    SmtpSettings,
    WebhookSettings,
    first_line,
)
from lightctl.links.mqtt_notices import MqttCarrier
from lightctl.links.notice import Carrier


def carrier_of(target: NotificationSettings, settings: Settings) -> Carrier:
    """Make the way to a target; nothing is connected or read yet."""
    match target:
        case WebhookSettings():
            from lightctl.links.webhook import WebhookCarrier, secret_bytes  # noqa: PLC0415

            return WebhookCarrier(
                target.url,
                lambda: secret_bytes(first_line(target.secret_file, "secret"), target.secret_file),
                timeout_s=target.timeout_s,
                ca_file=target.ca_file,
                proxy=target.proxy,
            )
        case SmtpSettings():
            from lightctl.links.smtp import SmtpCarrier  # noqa: PLC0415

            return SmtpCarrier(
                target.host,
                target.port,
                target.sender,
                target.to,
                timeout_s=target.timeout_s,
                tls=target.tls,
                ca_file=target.ca_file,
                user=target.user,
                password=lambda: first_line(target.password_file, "password"),
            )
        case MqttTopicSettings():
            link = settings.links[target.link]
            assert isinstance(link, MqttLinkSettings)  # settings see to that
            return MqttCarrier(mqtt_endpoint(link), target.topic, timeout_s=target.timeout_s)
        case _:
            assert_never(target)
