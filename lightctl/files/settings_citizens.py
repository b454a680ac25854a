"""Settings of citizen reports: who may reach Open311, how much of it, and what becomes of what people say."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from lightctl.domain.errors import InvalidInput
from lightctl.files.settings_parts import Section

MIN_KEY = 16


class CitizenSettings(Section):
    """Citizen reports by Open311 GeoReport v2."""

    public: bool = Field(
        default=False, description="Whether everybody may read and report without a token, under /open311/v2 alone."
    )
    moderated: bool = Field(
        default=False,
        description="Whether the public sees a report only once an operator accepted it; who reports is given a token.",
    )
    language: Literal["en", "de"] = Field(
        default="en", description="The language of services, questions and answers that citizens read."
    )
    jurisdiction: str = Field(
        default="", max_length=100, description="The jurisdiction_id, say the city's domain; another one is refused."
    )
    url: str = Field(
        default="",
        max_length=500,
        description="Address of /open311/v2 as the public sees it, for discovery; else that of the request.",
    )
    contact: str = Field(default="", max_length=500, description="Whom to ask about these addresses, for discovery.")
    api_keys_file: str = Field(
        default="",
        description="File of keys, NAME KEY a line: who sends one as api_key may read and report, public or not.",
    )
    posts_per_hour: int = Field(
        default=20, ge=1, le=100_000, description="Reports an hour from one address without a key."
    )
    posts_per_minute: int = Field(default=60, ge=1, le=100_000, description="Reports a minute from everybody together.")
    requests_per_minute: int = Field(
        default=600, ge=1, le=1_000_000, description="Requests a minute from everybody together."
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=(),
        strict=False,
        description="Addresses or networks of proxies whose X-Forwarded-For says who asks; of others it is ignored.",
    )
    match_distance_m: float = Field(
        default=30.0, gt=0, le=1000, description="Metres within which the nearest light point is taken to be meant."
    )
    plate_tag: str = Field(
        default="plate", min_length=1, max_length=64, description="Tag of light points that holds the mast's plate."
    )
    merge_days: int = Field(
        default=30, ge=0, le=3650, description="Days within which a like report joins one that is open."
    )
    publish_texts: bool = Field(
        default=False, description="Whether the public is shown what people wrote and their pictures' addresses."
    )
    retention_days: int = Field(
        default=90, ge=0, le=3650, description="Days after which names, e-mail addresses and phone numbers are erased."
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for each in given:
            try:
                ipaddress.ip_network(each)
            except ValueError:
                raise ValueError("one of them is no address. Write such as 10.0.0.7 or 10.0.0.0/24") from None
        return given

    def api_keys(self) -> dict[str, str]:
        """Give the names of clients by their keys; raises InvalidInput that never shows a key."""
        if not self.api_keys_file:
            return {}
        try:
            lines = Path(self.api_keys_file).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise InvalidInput(
                self.api_keys_file, f"the file of keys cannot be read: {error}", hint="Correct citizens.api_keys_file."
            ) from None
        found: dict[str, str] = {}
        for number, line in enumerate(lines, 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if len(words) != 2 or len(words[1]) < MIN_KEY or words[1] in found:  # noqa: PLR2004 - name and key
                raise InvalidInput(
                    f"{self.api_keys_file}:{number}",
                    f"not a name and a key of its own of at least {MIN_KEY} characters",
                    hint="Write one client a line: NAME KEY.",
                )
            found[words[1]] = words[0]
        return found
