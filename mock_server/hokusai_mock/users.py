"""Users of an MLflow server that asks for a name and a password (`mlflow server --app-name basic-auth`): values only.

Who is let in, and who may do what to which experiment or registered model. The decision is made in
`mlflow_api/basic_auth.py`; keys of the platform are in `keys.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hokusai_mock.schema import ImpossibleError, did_you_mean

__all__ = ["ADMIN", "MANAGE", "BasicAuth", "Grant", "Permission"]

ADMIN = "admin"
"""The user who may do everything, as in the configuration that MLflow ships."""

Permission = Literal["READ", "EDIT", "MANAGE", "NO_PERMISSIONS"]
MANAGE: Permission = "MANAGE"


@dataclass(frozen=True, slots=True)
class Grant:
    """A user's permission on one experiment or one registered model, by name."""

    user: str
    permission: Permission
    experiment: str | None = None
    model: str | None = None

    def __post_init__(self) -> None:
        """Refuse a grant on nothing, and on two things."""
        if (self.experiment is None) == (self.model is None):
            raise ImpossibleError("a grant is on one 'experiment' or on one 'model'")


@dataclass(frozen=True, slots=True)
class BasicAuth:
    """The users with their passwords, and their permissions; `admin` is always an administrator."""

    users: Mapping[str, str]
    default_permission: Permission = "READ"
    """On what no grant is about; READ is MLflow's own default."""
    grants: tuple[Grant, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse grants to nobody."""
        for grant in self.grants:
            if grant.user not in self.users:
                raise ImpossibleError(
                    f"a grant is for {grant.user!r}, who is no user{did_you_mean(grant.user, self.users)}"
                )

    def knows(self, user: str, password: str) -> bool:
        """Whether there is such a user with this password."""
        return self.users.get(user) == password

    def granted(self, user: str, *, experiment: str | None = None, model: str | None = None) -> Permission | None:
        """What was granted to the user on the experiment or model of that name; the last grant holds."""
        found = [
            grant.permission
            for grant in self.grants
            if grant.user == user and grant.experiment == experiment and grant.model == model
        ]
        return found[-1] if found else None
