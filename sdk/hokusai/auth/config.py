"""`AuthConfig`: what the resolver found; `ProfileManager`: named keys in a file of the user's.

Which value wins is decided in `hokusai/config/_resolver.py`. A profile counts only where it is passed on:
`ModelRegistry(auth=ProfileManager().get("staging"))`.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from configparser import ConfigParser, Error
from dataclasses import dataclass, field
from pathlib import Path

from hokusai.auth._key import Secret, check_key, hide
from hokusai.auth._validation import wanted
from hokusai.auth.hokusai_auth import HokusaiAuth
from hokusai.config._resolver import auth_service, resolve
from hokusai.config._uris import check_endpoint
from hokusai.exceptions import ConfigurationError, InvalidParameterError

__all__ = ["AuthConfig", "ProfileManager"]


@dataclass(frozen=True, slots=True)
class AuthConfig:
    """Key and addresses as every SDK object would use them; the key never appears in the representation.

    `source` is where the key was found (`setup()`, `HOKUSAI_API_KEY`, a file), `None` without one.
    """

    api_key: Secret | None = field(repr=False)
    api_endpoint: str
    auth_service_url: str
    validate_with_auth_service: bool
    source: str | None

    @classmethod
    def load(
        cls, api_key: str | None = None, api_endpoint: str | None = None, auth_service_url: str | None = None
    ) -> AuthConfig:
        """Resolve: argument > `setup()` > environment > configuration file > default. Sends nothing.

        Raises:
            ConfigurationError: a key that cannot be sent (A14), an address without a scheme (B08).
        """
        api_key = hide(api_key)
        settings = resolve(None, api_key, api_endpoint, mode="local")
        service = auth_service(auth_service_url)
        return cls(settings.api_key, settings.api_endpoint, service, wanted(), settings.key_source)


class ProfileManager:
    """Named keys and endpoints in `~/.hokusai/profiles`: an ini file with a section for each name, mode 0600."""

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        """Use the file at `path`; it need not be there yet."""
        self.path = Path(path) if path is not None else Path("~/.hokusai/profiles").expanduser()

    def names(self) -> list[str]:
        """Return the names of all profiles, sorted; `[]` where there is no file."""
        return sorted(self._read().sections())

    def get(self, name: str) -> HokusaiAuth:
        """Return the profile `name`, to be passed as `auth=`.

        Raises:
            ConfigurationError: there is no such profile, or the file cannot be read.
        """
        profiles = self._read()
        if name not in profiles:
            there = ", ".join(sorted(profiles.sections())) or "none"
            raise ConfigurationError(
                f"{self.path} has no profile {name!r}.", remedy=f"There are: {there}. Make one with save()."
            )
        return HokusaiAuth(profiles[name].get("api_key"), profiles[name].get("api_endpoint"))

    def save(self, name: str, api_key: str, api_endpoint: str | None = None) -> None:
        """Write the profile `name`, in place of one that has this name; for nobody else to read.

        Raises:
            InvalidParameterError: an empty name. ConfigurationError: an unusable key (A14) or endpoint (B08).
        """
        api_key = hide(api_key)
        if not name.strip() or not name.isprintable() or "]" in name:
            raise InvalidParameterError(f"{name!r} cannot be the name of a profile.")
        profiles = self._read()
        profiles[name] = {"api_key": check_key(api_key, "save(api_key=...)")}
        if api_endpoint is not None:
            profiles[name]["api_endpoint"] = check_endpoint(api_endpoint, "save(api_endpoint=...)")
        self._write(profiles)

    def delete(self, name: str) -> bool:
        """Take the profile `name` out; returns whether there was one."""
        profiles = self._read()
        found = profiles.remove_section(name)
        if found:
            self._write(profiles)
        return found

    def _read(self) -> ConfigParser:
        # No section gives defaults to the others: a profile is what stands under its own name.
        profiles = ConfigParser(interpolation=None, default_section="")
        try:
            profiles.read_string(self.path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            return profiles
        except (Error, UnicodeDecodeError, OSError) as error:
            # The parser's own message quotes the line, which may be a key.
            raise ConfigurationError(
                f"{self.path} cannot be read ({type(error).__name__}).",
                remedy="Correct it, or take it away and make the profiles again.",
            ) from None
        return profiles

    def _write(self, profiles: ConfigParser) -> None:
        """Replace the file in one step; whoever reads it meanwhile sees the old one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".profiles-")  # made with mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                profiles.write(file)
            Path(name).replace(self.path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise

    def __repr__(self) -> str:
        return f"ProfileManager({str(self.path)!r})"
