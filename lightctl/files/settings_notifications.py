"""The settings of notifications: whom to tell about faults, which of them, when, and by which way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from lightctl.domain.errors import InvalidInput
from lightctl.domain.rollouts import Window, parse_window
from lightctl.domain.selectors import Selector, parse_selector
from lightctl.files.settings_parts import Seconds, Section

NewsName = Literal["opened", "changed", "acknowledged", "unsilenced", "cleared"]
SeverityName = Literal["critical", "major", "minor"]
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class NotificationTarget(Section):
    """Whom to tell, about what, and when; what all kinds of targets share."""

    events: tuple[NewsName, ...] = Field(
        default=("opened", "changed", "unsilenced", "cleared"),
        strict=False,
        min_length=1,
        description="What is told of a fault: opened, changed (its severity), acknowledged, unsilenced, cleared.",
    )
    severities: tuple[SeverityName, ...] = Field(
        default=("critical", "major", "minor"),
        strict=False,
        min_length=1,
        description="Severities that are told: critical, major, minor.",
    )
    select: str = Field(
        default="*", description="Selector of the light points whose faults are told; * also tells those of the site."
    )
    hours: str = Field(
        default="", description="Hours of the city's clock in which is told: 06:00-22:00; what comes outside waits."
    )
    digest_minutes: int = Field(
        default=0, ge=0, le=10_080, description="Minutes in which news is gathered into one digest; 0 tells at once."
    )
    per_minute: int = Field(
        default=10, ge=1, le=600, description="Messages a minute at most; when more is waiting it becomes one digest."
    )
    area_by: str = Field(
        default="district", min_length=1, description="Field or tag by which a digest puts faults together."
    )
    timeout_s: Seconds = Field(default=15.0, description="Seconds a target has to take a message.")
    retry_cap_s: Seconds = Field(default=900.0, description="Longest pause between two attempts, in seconds.")
    give_up_h: float = Field(
        default=24.0, gt=0, le=720, description="Hours after which a message that nobody takes is given up."
    )

    @field_validator("select")
    @classmethod
    def _readable(cls, text: str) -> str:
        try:
            parse_selector(text)
        except InvalidInput as error:
            raise ValueError(f"{error.why}. {error.hint}") from None
        return text

    @field_validator("hours")
    @classmethod
    def _window(cls, text: str) -> str:
        try:
            return text and str(parse_window(text, "hours"))
        except InvalidInput as error:
            raise ValueError(f"{error.why}. {error.hint}") from None

    @property
    def selector(self) -> Selector:
        """The light points it is about."""
        return parse_selector(self.select)

    @property
    def window(self) -> Window | None:
        """The hours in which is told, None for all."""
        return parse_window(self.hours, "hours") if self.hours else None


class WebhookSettings(NotificationTarget):
    """An address that takes CloudEvents over HTTP, signed."""

    type: Literal["webhook"] = Field(description="Kind of target: webhook.")
    url: str = Field(repr=False, description="Where to POST: https://host/path.")
    secret_file: str = Field(
        min_length=1, description="File with the secret that signs: whsec_ and base64, or any text of 24 or more."
    )
    ca_file: str = Field(default="", description="Certificates (PEM) to trust; else those of the system.")
    proxy: str = Field(default="", repr=False, description="HTTP proxy on the way: http://host:port.")

    @field_validator("url", "proxy")
    @classmethod
    def _address(cls, text: str) -> str:
        if not text:
            return text
        try:
            parts = urlsplit(text)
            port_ok = parts.port is None or parts.port > 0
        except ValueError:
            parts, port_ok = urlsplit(""), False
        if parts.scheme not in ("http", "https") or not parts.hostname or not port_ok:
            raise ValueError("must read https://host/path or http://host:port/path")
        return text

    @property
    def where(self) -> str:
        """The address without what may be a secret in it."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


class SmtpSettings(NotificationTarget):
    """People with an e-mail address."""

    type: Literal["smtp"] = Field(description="Kind of target: smtp.")
    host: str = Field(default="127.0.0.1", min_length=1, description="Host of the mail server.")
    port: int = Field(default=587, ge=1, le=65_535, description="Port of the mail server.")
    tls: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the way to it is kept private; none for a server on this host."
    )
    ca_file: str = Field(default="", description="Certificates (PEM) to trust; else those of the system.")
    user: str = Field(default="", description="User name at the mail server; none to send without.")
    password_file: str = Field(default="", description="File whose first line is the password.")
    sender: str = Field(pattern=r"^[^\s@<>,]+@[^\s@<>,]+$", description="Address that it comes from.")
    to: tuple[Annotated[str, Field(pattern=r"^[^\s@<>,]+@[^\s@<>,]+$")], ...] = Field(
        strict=False, min_length=1, description="Addresses that it goes to."
    )

    @model_validator(mode="after")
    def _credentials(self) -> SmtpSettings:
        if bool(self.user) != bool(self.password_file):
            raise ValueError("user and password_file belong together. Give both, or none")
        if self.user and self.tls == "none" and self.host not in LOOPBACK:
            raise ValueError('the password would travel unencrypted. Write tls = "starttls" or "tls"')
        return self

    @property
    def where(self) -> str:
        """Whom it reaches."""
        return f"{', '.join(self.to)} by {self.host}:{self.port}"


class MqttTopicSettings(NotificationTarget):
    """A topic of a broker that is one of the links."""

    type: Literal["mqtt"] = Field(description="Kind of target: mqtt.")
    link: str = Field(min_length=1, description="The link whose broker is used, by its name.")
    topic: str = Field(
        default="lightctl/notices",
        pattern=r"^[^+#\x00]{1,1000}$",
        description="Topic to publish to, QoS 1, not retained.",
    )

    @field_validator("topic")
    @classmethod
    def _not_the_nodes(cls, topic: str) -> str:
        if topic.startswith(("$", "lightctl/v1/")):
            raise ValueError("the topics below lightctl/v1/ are the nodes'. Choose another one")
        return topic

    @property
    def where(self) -> str:
        """Where it is published."""
        return f"{self.topic} on {self.link}"


NotificationSettings = Annotated[
    WebhookSettings | SmtpSettings | MqttTopicSettings, Field(discriminator="type")
]  # fmt: skip


def first_line(path: str, what: str) -> str:
    """Read a secret from the first line of its file; raises InvalidInput that names the file, never what it holds."""
    try:
        text = Path(path).read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, ValueError) as error:
        raise InvalidInput(path, f"the {what} file cannot be read: {error}", hint=f"Correct {what}_file.") from None
    if not text:
        raise InvalidInput(path, f"the {what} file is empty", hint=f"Its first line is the {what}.")
    return text
