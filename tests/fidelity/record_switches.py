"""Record what real servers answer that were started with a switch: `python record_switches.py [VERSION ...]`.

The result is `recordings/switches-VERSION.json`, which `test_switches.py` compares with the mock.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exchange import Send, play
from record import RECORDINGS, sender, server
from servers import VERSIONS, mlflow_of
from step import API
from switches import ADMIN, SWITCHES, USERS, Switch

from hokusai_mock.users import BasicAuth

_CONFIGURATION = """[mlflow]
default_permission = READ
database_uri = sqlite:///{folder}/users.db
admin_username = {admin}
admin_password = {password}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
grant_default_workspace_access = false
"""


def recorded(switch: Switch, mlflow: Path) -> list[dict[str, Any]]:
    """Start a server with `switch`, ask it, and return the exchanges."""
    prefix = str(switch.settings.get("static_prefix", ""))
    with (
        tempfile.TemporaryDirectory() as folder,
        server(mlflow, switch.arguments, _environment(folder), prefix) as port,
    ):
        send, known = sender(port), dict[str, str]()
        made = play(switch.first, send, known)
        if switch.users:
            _call(send, "users/create", {"username": "bob", "password": USERS["bob"]})
            _grant(switch.users, send)
        return [*made, *play(switch.steps, send, known)]


def _grant(users: BasicAuth, send: Send) -> None:
    for grant in users.grants:
        on = {"experiment_id": "1"} if grant.experiment else {"name": "m1"}
        kind = "experiments" if grant.experiment else "registered-models"
        _call(send, f"{kind}/permissions/create", {**on, "username": grant.user, "permission": grant.permission})


def _call(send: Send, path: str, payload: Mapping[str, str]) -> None:
    headers = {**_authorization(), "Content-Type": "application/json"}
    answer = send("POST", API + path, headers, json.dumps(payload).encode())
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status} {answer.body!r}")


def _authorization() -> dict[str, str]:
    credentials = base64.b64encode(f"{ADMIN}:{USERS[ADMIN]}".encode()).decode()
    return {"Authorization": f"Basic {credentials}"}


def _environment(folder: str) -> dict[str, str]:
    path = Path(folder) / "users.ini"
    path.write_text(_CONFIGURATION.format(folder=folder, admin=ADMIN, password=USERS[ADMIN]), encoding="utf-8")
    return {"MLFLOW_AUTH_CONFIG_PATH": str(path), "MLFLOW_FLASK_SERVER_SECRET_KEY": "x"}


def main() -> None:
    """Record what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("versions", nargs="*", metavar="VERSION", help=f"of {', '.join(VERSIONS)}")
    parser.add_argument("--environments", type=Path, help="where environments are kept (default: thrown away)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as thrown_away:
        for version in arguments.versions or VERSIONS:
            mlflow = mlflow_of(version, arguments.environments or Path(thrown_away))
            result = {
                one.name: recorded(one, mlflow) for one in SWITCHES if not one.versions or version in one.versions
            }
            lines = ",\n".join(
                f"{json.dumps(name)}: [\n"
                + ",\n".join(json.dumps(one, ensure_ascii=False) for one in exchanges)
                + "\n]"
                for name, exchanges in result.items()
            )
            text = f'{{"server": "mlflow {version}, SQLite store", "switches": {{\n{lines}\n}}}}\n'
            (RECORDINGS / f"switches-{version}.json").write_text(text, encoding="utf-8")
            sys.stdout.write(f"MLflow {version}: {sum(map(len, result.values()))} exchanges recorded\n")


if __name__ == "__main__":
    main()
