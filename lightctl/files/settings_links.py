"""The settings of links, one model for each kind of wire."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from lightctl.domain.errors import InvalidInput
from lightctl.files.settings_parts import Seconds, Section

_PORTS = {"mqtt": 1883, "mqtts": 8883}


class MqttLinkSettings(Section):
    """A broker and how to behave there."""

    type: Literal["mqtt"] = Field(description="Kind of link: mqtt.")
    url: str = Field(
        default="", description="mqtt://host:port or mqtts://host:port (TLS), in place of host, port, tls."
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="Host of the broker.")
    port: int = Field(default=1883, ge=1, le=65_535, description="Port of the broker.")
    tls: bool = Field(default=False, description="Whether to speak TLS.")
    username: str = Field(default="", description="User name at the broker.")
    password: str = Field(default="", repr=False, description="Password at the broker; password_file is the safer way.")
    password_file: str = Field(default="", description="File whose first line is the password.")
    ca_file: str = Field(default="", description="Certificates (PEM) to trust; else those of the system.")
    cert_file: str = Field(default="", description="Our own certificate (PEM).")
    key_file: str = Field(default="", description="Key (PEM) of our own certificate.")
    client_id: str = Field(default="", description="MQTT client id; else one is made.")
    keepalive_s: int = Field(default=20, ge=5, le=3600, description="MQTT keep-alive in seconds.")
    window: int = Field(default=100, ge=1, le=10_000, description="Publishes in flight at most.")
    rate_per_s: float = Field(default=0.0, ge=0, description="Publishes a second at most; 0 for no limit.")
    reconnect_cap_s: Seconds = Field(default=30.0, description="Longest pause between attempts to connect, in seconds.")
    protocol: Literal["auto", "5", "3.1.1"] = Field(
        default="auto", description="MQTT version; auto takes 5 where the broker does."
    )

    @model_validator(mode="before")
    @classmethod
    def _url_in_parts(cls, given: object) -> object:
        if not isinstance(given, dict) or not isinstance(given.get("url"), str) or not given["url"]:
            return given
        for key in ("host", "port", "tls"):
            if key in given:
                raise ValueError(f"url and {key} say the same thing. Keep one of the two")
        return {**given, **_parts_of(given["url"])}

    @model_validator(mode="after")
    def _one_password(self) -> MqttLinkSettings:
        if self.password and self.password_file:
            raise ValueError("password and password_file say the same thing. Keep password_file")
        if bool(self.cert_file) != bool(self.key_file):
            raise ValueError("cert_file and key_file belong together. Give both, or none")
        return self

    def secret(self) -> str:
        """Give the password, from password_file where that is named; raises InvalidInput when it cannot be read."""
        if not self.password_file:
            return self.password
        try:
            return Path(self.password_file).read_text(encoding="utf-8").partition("\n")[0].strip()
        except (OSError, ValueError) as error:
            raise InvalidInput(
                self.password_file, f"the password file cannot be read: {error}", hint="Correct password_file."
            ) from None


class _ModbusSettings(Section):
    timeout_s: Seconds = Field(default=0.5, description="Seconds a unit has to answer.")
    poll_s: Seconds = Field(default=30.0, description="Seconds between two polls of a unit.")
    dead_poll_s: Seconds = Field(default=120.0, description="Seconds between two polls of a unit that does not answer.")
    late_s: Seconds = Field(default=5.0, description="Seconds after which no late answer can still come.")
    reconnect_cap_s: Seconds = Field(default=30.0, description="Longest pause between attempts to connect, in seconds.")


class ModbusTcpLinkSettings(_ModbusSettings):
    """A Modbus TCP device or gateway."""

    type: Literal["modbus_tcp"] = Field(description="Kind of link: modbus_tcp.")
    host: str = Field(default="127.0.0.1", min_length=1, description="Host of the device or gateway.")
    port: int = Field(default=502, ge=1, le=65_535, description="Port of the device or gateway.")
    framer: Literal["socket", "rtu"] = Field(
        default="socket", description="socket for Modbus TCP, rtu for RTU frames through a plain serial server."
    )


class ModbusRtuLinkSettings(_ModbusSettings):
    """A Modbus serial line."""

    type: Literal["modbus_rtu"] = Field(description="Kind of link: modbus_rtu.")
    device: str = Field(min_length=1, description="Serial device, for example /dev/ttyUSB0.")
    baudrate: int = Field(default=9600, ge=300, le=4_000_000, description="Bits a second.")
    parity: Literal["N", "E", "O"] = Field(default="N", description="Parity: none, even or odd.")
    stopbits: Literal[1, 2] = Field(default=1, description="Stop bits.")


LinkSettings = Annotated[
    MqttLinkSettings | ModbusTcpLinkSettings | ModbusRtuLinkSettings, Field(discriminator="type")
]  # fmt: skip


def _parts_of(url: str) -> dict[str, str | int | bool]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"url: {error}") from None
    if parts.scheme not in _PORTS or not host or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("url must read mqtt://host:port or mqtts://host:port")
    if parts.username is not None or parts.password is not None:
        raise ValueError("url carries credentials. Write username and password_file")
    return {"host": host, "port": port or _PORTS[parts.scheme], "tls": parts.scheme == "mqtts"}
