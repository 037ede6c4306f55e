"""The options that say which server and which key, and the objects that they lead to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from hokusai.cli._output import Output
    from hokusai.config._resolver import Mode, Settings
    from hokusai.core.registry import ModelRegistry

__all__ = ["Connection", "connection_options"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Connection:
    """What the command line says about the server; what it leaves out goes by environment and configuration file."""

    mlflow_uri: str | None
    api_key: str | None
    api_endpoint: str | None

    def settings(self) -> Settings:
        """Resolve and check the configuration. Nothing is sent, and MLflow is not loaded."""
        from hokusai.config._resolver import resolve  # noqa: PLC0415 - not for `--help`

        return resolve(self.mlflow_uri, self.api_key, self.api_endpoint, mode=self.mode())

    def registry(self, output: Output) -> ModelRegistry:
        """Connect; what a command does is done there or fails, it never falls back to the local store."""
        from hokusai import _mlflow  # noqa: PLC0415

        _mlflow.require()
        output.quiet_libraries()
        from hokusai.core.registry import ModelRegistry  # noqa: PLC0415

        return ModelRegistry(self.mlflow_uri, self.api_key, self.api_endpoint, mode=self.mode())

    @staticmethod
    def mode() -> Mode:
        """Return `local` where `HOKUSAI_MOCK_MODE` asks for it, else `online`."""
        from hokusai.config._resolver import flag  # noqa: PLC0415

        return "local" if flag("HOKUSAI_MOCK_MODE") else "online"


def connection_options(function: _Function) -> _Function:
    """Give a command the options of the connection, as one argument `connection`."""

    @click.option("--mlflow-uri", metavar="URI", help="MLflow tracking URI. [default: MLFLOW_TRACKING_URI, else API]")
    @click.option("--api-key", metavar="KEY", help="API key; safer in HOKUSAI_API_KEY, where `ps` does not show it.")
    @click.option("--api-endpoint", metavar="URL", help="Base of Hokusai's API. [default: HOKUSAI_API_ENDPOINT]")
    @wraps(function)
    def with_connection(
        output: Output,
        /,
        *arguments: Any,
        mlflow_uri: str | None,
        api_key: str | None,
        api_endpoint: str | None,
        **options: Any,
    ) -> Any:
        output.secrets = (api_key,) if api_key else ()
        connection = Connection(mlflow_uri, api_key, api_endpoint)
        return function(output, *arguments, connection=connection, **options)

    return with_connection  # type: ignore[return-value]
