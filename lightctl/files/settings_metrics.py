"""Settings of the metrics that Prometheus reads."""

from __future__ import annotations

from pydantic import Field

from lightctl.files.settings_parts import Section


class MetricsSettings(Section):
    """What Prometheus reads at /metrics of the HTTP door."""

    public: bool = Field(default=False, description="Whether /metrics answers without a token.")
    every_s: float = Field(
        default=15.0, ge=1, le=3600, description="How old counts of lamps, nodes and the store's figures may be."
    )
