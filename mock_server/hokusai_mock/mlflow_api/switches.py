"""What `mlflow server` can be started with that moves or disables routes: `--static-prefix`, `--no-serve-artifacts` and
`--artifacts-only`. Which route is moved or disabled differs between versions and is in the profile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hokusai_mock.messages import Handler, Request, Response
from hokusai_mock.mlflow_api.pages import HTML
from hokusai_mock.profiles import MlflowProfile

if TYPE_CHECKING:
    from hokusai_mock.settings import Settings

__all__ = ["NATIVE_ARTIFACTS", "Switches", "is_native"]

NATIVE_ARTIFACTS = ("/api/2.0/mlflow-artifacts/artifacts/", "/ajax-api/2.0/mlflow-artifacts/artifacts/")
"""Below these, newer servers answer up- and downloads in FastAPI, which knows no prefix."""

_NO_ARTIFACTS = (
    "Endpoint: {rule} disabled due to the mlflow server running with `--no-serve-artifacts`. "
    "To enable artifacts server functionality, run `mlflow server` with `--serve-artifacts`"
)
_NATIVE_NO_ARTIFACTS = {
    "detail": "Artifact serving is disabled. Run `mlflow server` with `--serve-artifacts` to enable."
}
_ARTIFACTS_ONLY = (
    "Endpoint: {rule} disabled due to the mlflow server running in `--artifacts-only` mode. To enable tracking server "
    "functionality, run `mlflow server` without `--artifacts-only`"
)


@dataclass(frozen=True, slots=True)
class Switches:
    """How one server was started."""

    static_prefix: str = ""
    serve_artifacts: bool = True
    artifacts_only: bool = False

    @classmethod
    def of(cls, settings: Settings) -> Switches:
        """What the settings of a world say."""
        return cls(settings.static_prefix, settings.serve_artifacts, settings.artifacts_only)

    def places(self, method: str, path: str, profile: MlflowProfile) -> tuple[str, ...]:
        """Under which paths the route `path` is served."""
        if not self.static_prefix:
            return (path,)
        if path != "/" and not path.startswith(profile.placement.prefixed):
            return (path,)
        moved = self.static_prefix + path
        return (path, moved) if is_native(method, path, profile) else (moved,)

    def refusal(self, method: str, path: str, place: str, profile: MlflowProfile) -> Handler | None:
        """What answers the route `path`, served under `place`, when this server has it disabled."""
        if not self.serve_artifacts and "/2.0/mlflow-artifacts/" in path:
            if place == path and is_native(method, path, profile):
                return _json(_NATIVE_NO_ARTIFACTS)
            return _text(_NO_ARTIFACTS.format(rule=place.replace("<any:", "<path:")))
        tracks = path.startswith(profile.placement.tracking) and not path.endswith("/server-info")
        if self.artifacts_only and tracks:
            return _text(_ARTIFACTS_ONLY.format(rule=place))
        return None


def is_native(method: str, path: str, profile: MlflowProfile) -> bool:
    """Whether the server answers the up- or download in FastAPI itself; `path` is relative to its root."""
    return profile.behaviour.artifacts_are_native and method in ("GET", "PUT") and path.startswith(NATIVE_ARTIFACTS)


def _text(text: str) -> Handler:
    body = text.encode()

    def refuse(_: Request) -> Response:
        return Response(503, body, [("Content-Type", HTML)])

    return refuse


def _json(payload: object) -> Handler:
    return lambda _: Response.json(payload, 503)
