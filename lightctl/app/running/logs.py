"""Logs: one line per thing that happens, on stderr; text for people, JSON for machines."""

from __future__ import annotations

import logging
import sys

import structlog

from lightctl.files.settings_model import LogSettings

# The links and couriers report in their own words what these would say with every packet.
QUIETED = ("pymodbus", "mqtt", "httpx", "httpcore")


def configure_logs(settings: LogSettings) -> None:
    """Send the daemon's own lines and those of its libraries to stderr, in one shape."""
    level = getattr(logging, settings.level.upper())
    as_text = settings.format == "text" or (settings.format == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if as_text else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    for chatty in QUIETED:
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)
