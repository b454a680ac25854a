"""Settings from files and environment into one checked value.

Precedence: --config, then LIGHTCTL_* variables, then ./lightctl.toml, the XDG file, /etc/lightctl/lightctl.toml; the
later ones only fill what the earlier leave open. With --config no other file is read, so that a run described by one
file is that run everywhere. Must hold: an unknown key, a wrong type or an unreadable file raises InvalidInput that
names the file (or the variable) and the key, never the value: it may be a secret.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import ValidationError

from lightctl.domain.errors import InvalidInput
from lightctl.files.findings import did_you_mean
from lightctl.files.settings_links import (
    LinkSettings,
    ModbusRtuLinkSettings,
    ModbusTcpLinkSettings,
    MqttLinkSettings,
)
from lightctl.files.settings_model import ClockSettings, DeliverySettings, HttpSettings, Settings, SiteSettings
from lightctl.files.settings_text import (
    SettingRow,
    default_settings_toml,
    describe_settings,
    section_models,
)

__all__ = [
    "ClockSettings", "DeliverySettings", "HttpSettings", "LinkSettings", "ModbusRtuLinkSettings",
    "ModbusTcpLinkSettings", "MqttLinkSettings", "SettingRow", "Settings", "SiteSettings", "default_settings_toml",
    "describe_settings", "load_settings", "settings_files",
]  # fmt: skip

PREFIX = "LIGHTCTL_"
FILE_NAME = "lightctl.toml"
MAX_BYTES = 1_000_000
_PATH_KEYS = frozenset(
    {
        "directory",
        "tls_cert",
        "tls_key",
        "ca_file",
        "cert_file",
        "key_file",
        "password_file",
        "secret_file",
        "api_keys_file",
    }
)
_OF_KINDS = (["links"], ["notifications"])


@dataclass(frozen=True, slots=True)
class _Layer:
    name: str
    tables: Mapping[str, Any]

    def holds(self, keys: Sequence[str]) -> int:
        """Give how many of the keys, from the first on, this layer sets."""
        at: object = self.tables
        for depth, key in enumerate(keys):
            if not isinstance(at, dict) or key not in at:
                return depth
            at = at[key]
        return len(keys)

    def called(self, keys: Sequence[str]) -> str:
        """Name the layer as the person who wrote the key knows it."""
        return PREFIX + "__".join(keys).upper() if self.name == PREFIX else self.name


def load_settings(config: Path | None, environ: Mapping[str, str], cwd: Path) -> Settings:
    """Read all settings; raises InvalidInput that names the file or variable and the key."""
    variables = _Layer(PREFIX, _from_environment(environ, cwd))
    if config is not None:
        layers = [_file_layer(cwd / config), variables]
    else:
        layers = [variables, *map(_file_layer, settings_files(None, environ, cwd))]
    merged: dict[str, Any] = {}
    for layer in reversed(layers):
        merged = _over(merged, layer.tables)
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        raise _as_invalid_input(error, layers) from None


def settings_files(config: Path | None, environ: Mapping[str, str], cwd: Path) -> list[Path]:
    """Give the files that are read, the strongest first; one given by name whether it exists or not."""
    if config is not None:
        return [cwd / config]
    places = (cwd / FILE_NAME, _xdg_file(environ), Path("/etc/lightctl", FILE_NAME))
    return [path for path in places if _exists(path)]


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder we may not look into: reading says so, silence would hide its settings
        return True


def _xdg_file(environ: Mapping[str, str]) -> Path:
    home = Path(environ.get("HOME", "/"))
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "lightctl" / FILE_NAME


def _file_layer(path: Path) -> _Layer:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InvalidInput(str(path), "the settings file is larger than 1 MB", hint="Is it the right file?")
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        hint = "Check --config; `lightctl init` writes a settings file."
        raise InvalidInput(str(path), f"the settings file cannot be read: {error.strerror}", hint=hint) from None
    except (ValueError, RecursionError) as error:
        raise InvalidInput(str(path), f"not TOML: {error}", hint='Texts need quotes: host = "127.0.0.1".') from None
    return _Layer(str(path), _with_paths(tables, path.parent))


def _from_environment(environ: Mapping[str, str], cwd: Path) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for name in sorted(environ):
        if not name.startswith(PREFIX):
            continue
        keys = name.removeprefix(PREFIX).lower().split("__")
        if len(keys) == 1:
            _refuse_single_underscore(name)  # other such names, as LIGHTCTL_URL and LIGHTCTL_TOKEN, are the CLI's
            continue
        at = tables
        for key in keys[:-1]:
            at = at.setdefault(key, {})
            if not isinstance(at, dict):
                raise InvalidInput(name, "another variable sets a part of this one", hint="Keep one of the two.")
        at[keys[-1]] = _typed(keys, environ[name])
    return _with_paths(tables, cwd)


def _refuse_single_underscore(name: str) -> None:
    written = name.removeprefix(PREFIX).lower()
    for section in Settings.model_fields:
        if written.startswith(f"{section}_"):
            meant = f"{PREFIX}{section.upper()}__{written.removeprefix(section + '_').upper()}"
            raise InvalidInput(name, "is no setting", hint=f"Two underscores part section and key: {meant}.")


def _typed(keys: Sequence[str], text: str) -> object:
    """Read a variable as TOML would, unless the key is a text: a password of digits stays one."""
    if any(str in _leaves(annotation) for annotation in _annotations(keys)):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"] if "\n" not in text else text
    except (ValueError, RecursionError):
        return text


def _annotations(keys: Sequence[str]) -> Iterator[object]:
    for model in section_models(keys[0]):
        if keys[-1] in model.model_fields:
            yield model.model_fields[keys[-1]].annotation


def _leaves(annotation: object) -> set[object]:
    if get_origin(annotation) is tuple:  # a list is written as TOML has it
        return set()
    return {type(value) if isinstance(value, str) else value for value in get_args(annotation)} or {annotation}


def _with_paths(tables: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Make relative paths start at the folder of the file that says them."""
    found: dict[str, Any] = {}
    for key, value in tables.items():
        if isinstance(value, dict):
            found[key] = _with_paths(value, folder)
        elif key in _PATH_KEYS and isinstance(value, str) and value:
            found[key] = str(folder / value)
        else:
            found[key] = value
    return found


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        merged[key] = _over(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged


def _as_invalid_input(error: ValidationError, layers: Sequence[_Layer]) -> InvalidInput:
    said: dict[str, list[str]] = {}
    hint = ""
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        keys = [str(key) for key in one["loc"]]
        if keys[:1] in _OF_KINDS and len(keys) > 2:  # noqa: PLR2004 - links.NAME.KIND.key: the kind is pydantic's
            del keys[2]
        layer = max(layers, key=lambda layer: layer.holds(keys))
        message = one["msg"].removeprefix("Value error, ")
        if one["type"] == "extra_forbidden":
            message = "unknown key"
            hint = hint or did_you_mean(keys[-1], _siblings(keys))
        if one["type"] == "tuple_type":
            message = 'a list is wanted: ["...", "..."]'
        said.setdefault(layer.called(keys), []).append(f"{'.'.join(keys)}: {message}")
    where = ", ".join(said)
    return InvalidInput(where, "; ".join(line for lines in said.values() for line in lines), hint=hint)


def _siblings(keys: Sequence[str]) -> list[str]:
    if len(keys) == 1:
        return list(Settings.model_fields)
    return sorted({name for model in section_models(keys[0]) for name in model.model_fields})
