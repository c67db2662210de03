"""Options of the commands that read the server's settings: one flag per setting, and --config."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

import click

from dashboard.domain.errors import ConfigurationError
from dashboard.settings import Settings, flag
from dashboard.settings_loading import Loaded, load

_CONFIG_HELP = "file of settings (TOML, lines of `name = value`)  [DASHBOARD_CONFIG]"


_Command = TypeVar("_Command", bound=Callable[..., object])


def with_settings(command: _Command) -> _Command:
    """Add every setting as a flag; a flag that is not given is None."""
    for each in reversed(fields(Settings)):
        default = ", ".join(each.default) if isinstance(each.default, tuple) else each.default
        described = f"{each.metadata['help']}  [{default if default != '' else 'none'}]"
        if isinstance(each.default, bool):
            name = flag(each.name)
            option = click.option(f"{name}/--no-{name[2:]}", each.name, default=None, help=described)
        else:
            many = isinstance(each.default, tuple)
            option = click.option(
                flag(each.name), each.name, default=None, multiple=many, metavar="VALUE", help=described
            )
        command = option(command)
    return click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help=_CONFIG_HELP)(command)


def with_store(command: _Command) -> _Command:
    """Add the settings that locate the store, as flags, and --config."""
    for name in ("secret", "store", "data"):
        command = click.option(
            flag(name), name, default=None, metavar="VALUE", help="the setting of this name, as for `dashboard serve`"
        )(command)
    return click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help=_CONFIG_HELP)(command)


def load_settings(config: Path | None, flags: dict[str, object]) -> Loaded:
    """Return the settings from flags, environment and file; raises ClickException."""
    file = config or (Path(os.environ["DASHBOARD_CONFIG"]) if "DASHBOARD_CONFIG" in os.environ else None)
    try:
        return load(flags, os.environ, file)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
