"""The incidents that one answer of a server can stand for: code, cause and remedy of each, as users read them.

Words only; which of them an answer stands for is decided in `_incidents.py`. The codes are those of the incident
catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Incident:
    """A known cause: its code, one sentence about it, and what to do next."""

    code: str
    cause: str
    remedy: str


ADMIN = Incident(
    "A05",
    "the model registry wants an admin key, and this key is valid but not an admin's",
    "Ask the platform team to give this key the registry admin role (scope mlflow:admin). A new key would not help.",
)
NO_KEY = Incident(
    "A01",
    "the request arrived without a key that the platform could read",
    "Set HOKUSAI_API_KEY in this very process; a proxy on the way may also have taken the header out.",
)
STRIPPED = Incident(
    "A08",
    "a key was sent, and something on the way took it off: the platform saw none",
    "Tell the platform team, or whoever runs the proxy on your side, with the time and the address. Your key is not "
    "the cause.",
)
LOGIN_SENT = Incident(
    "A12",
    "a user name and a password were sent in place of a key, and the platform reads keys only",
    "Unset MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, take the host out of .netrc, and set "
    "HOKUSAI_API_KEY.",
)
BAD_KEY = Incident(
    "A03",
    "the key is wrong, expired or revoked",
    "Check which key is in use with get_mlflow_auth_status(). If it is the right one, issue a new one; if it was "
    "changed within the last minute, wait that minute; if everybody's key fails at once, tell the platform team.",
)
BASIC = Incident(
    "A15",
    "this is a plain MLflow server that wants a user name and a password",
    "Use setup_mlflow_auth(tracking_uri, username=..., password=...), or correct the tracking URI. A wrong password "
    "looks just the same.",
)
SCOPE = Incident("A06", "the key lacks the write scope", "Ask for a key with the scope model:write or mlflow:write.")
UPSTREAM_REFUSAL = Incident(
    "A07",
    "something behind or in front of the platform refused the request, not the platform itself",
    "Tell the platform team what it answered, and when: neither key nor role is known to be the cause. If a "
    "registration stopped half way, the same call goes on from there.",
)
GRANT = Incident("A16", "the user has no permission for this experiment or model", "Ask its owner for EDIT permission.")
HOST = Incident(
    "B11",
    "the MLflow server does not accept the host name it was called by",
    "The server's operator adds the name, and the name with its port, to --allowed-hosts "
    "(MLFLOW_SERVER_ALLOWED_HOSTS).",
)
ORIGIN = Incident("B13", "the MLflow server blocks cross-origin requests", "The operator allows the origin.")
OTHER_PROGRAM = Incident(
    "B10", "another program seems to own the port (on a Mac: AirPlay on 5000)", "Use another port, or stop the program."
)
BLOCK_PAGE = Incident(
    "B14",
    "a firewall or content network in front of the platform blocked the request",
    "Send its block id and your egress address to the platform team; try from another network.",
)
FOREIGN_GATEWAY = Incident(
    "B14",
    "an API gateway in front of the platform refused the request; it knows neither the path nor the platform's keys",
    "Check host and base path of the tracking URI; if they are right, tell the platform team.",
)
PROXY_PAGE = Incident(
    "D09",
    "an HTTP proxy refused the request",
    "Name the host in NO_PROXY, or put the proxy's login into HTTP_PROXY and HTTPS_PROXY.",
)
LOGIN_PAGE = Incident(
    "A17",
    "a login page answered instead of the API",
    "Use the host name that bypasses single sign-on, or a service token for it.",
)
BALANCE = Incident("A20", "the account's balance does not cover the call", "Top up the account.")
MOUNT = Incident(
    "B01",
    "the platform answered, but nothing is mounted at this path",
    "Use <endpoint>/mlflow as tracking URI, for example https://registry.hokus.ai/api/mlflow.",
)
PREFIX = Incident("B02", "the tracking URI lacks its base path", "Append /api/mlflow to the tracking URI.")
DOUBLED = Incident(
    "B03",
    "the path of the tracking URI is wrong or doubled",
    "End the tracking URI where the server's base path ends, before /api/2.0.",
)
WEBSITE = Incident(
    "B01",
    "a website answered in place of the platform's interface",
    "Correct the host: the tracking URI is https://registry.hokus.ai/api/mlflow, not the address of a page.",
)
STATIC_PREFIX = Incident(
    "B06",
    "this is an MLflow server, and it serves its interface below another path",
    "Put the prefix that the server was started with (--static-prefix) at the end of the tracking URI, or take the "
    "path off where it has one; a reverse proxy may have to pass the path on.",
)
LISTENER = Incident("B04", "a load balancer has no rule for this path", "Tell the platform team; keep https.")
LOGGED_MODELS = Incident(
    "E01",
    "the server is too old for logged models",
    "Use a client of the server's major version (pip install 'mlflow<3').",
)
MISSING = Incident(
    "E04", "what was asked for does not exist there", "Check the name, and that this is the right server."
)
REFUSED_VALUE = Incident("E03", "the server refused a value", "Correct the value that the answer names.")
LIMIT = Incident("C11", "too many requests", "Wait as long as the server asks for, and send less at once.")
TOO_LARGE = Incident("F01", "the upload is larger than a limit on the way", "Ask for a higher limit, or log less.")
UPSTREAM = Incident(
    "C02",
    "the platform's gateway cannot reach MLflow behind it",
    "Nothing is wrong with your key. Tell the platform team, and try again later.",
)
SLOW = Incident("C04", "MLflow behind the gateway did not answer in time", "Send smaller requests; try again later.")
AUTH_DOWN = Incident(
    "C05", "the platform's authentication service is down", "Wait and try again. Do not change the key."
)
NO_SUCH_ROUTE = Incident(
    "B01",
    "the platform answered, and has nothing at this path",
    "Check the path. If it worked before, the route is gone for everybody: tell the platform team.",
)
BROKEN_ROUTE = Incident(
    "C07",
    "this one route of the platform fails, the same way every time, while the rest of it works",
    "Do not repeat the call; tell the platform team the route and what it answered.",
)
NOT_READY = Incident(
    "C09",
    "the model that was asked for a prediction is not loaded, or did not answer",
    "Wait until /ready says that it can serve, then try again; if it stays, tell the platform team the request id.",
)
NO_ARTIFACTS = Incident("F02", "the server's artifact storage is switched off", "The operator has to switch it on.")
ARTIFACTS_ONLY = Incident(
    "F02", "this server carries artifacts alone (--artifacts-only)", "Use the tracking server's address."
)
OBJECT_STORE = Incident(
    "F03",
    "the files of this experiment lie in an object store that the client speaks to itself, and a package for it is "
    "not installed",
    "Make a new experiment on a server that serves artifacts, or install the package and the store's credentials.",
)
GATEWAY = Incident(
    "C03",
    "a load balancer or gateway answered in place of the platform",
    "Wait a moment and try again; if it stays, tell the platform team. Your key is not the cause.",
)
FLAPPING = Incident(
    "C03",
    "a load balancer or gateway answered in place of the platform, and not every time",
    "Try again: it comes and goes. Setting MLFLOW_HTTP_REQUEST_MAX_RETRIES (at most 9) helps over it; tell the "
    "platform team if it stays.",
)
PLAIN_TO_TLS = Incident(
    "D07",
    "plain http was spoken to a port that wants https",
    "Write https:// in the tracking URI.",
)
CLIENT_CERTIFICATE = Incident(
    "D06",
    "the server wants a client certificate, and none was sent",
    "Pass it to setup_mlflow_auth(tracking_uri, client_cert_path=..., client_key_path=...), or name a file with both "
    "in MLFLOW_TRACKING_CLIENT_CERT_PATH.",
)
NOT_JSON = Incident(
    "E05", "the answer is not MLflow's: a proxy, portal or web page stands at this address", "Check the tracking URI."
)
REDIRECTED = Incident(
    "D10",
    "a redirect led to another address, and the key is taken off on such a way",
    "Put the address that answered into the tracking URI (https:// where it says http://). Your key is not the cause.",
)
MOVED = Incident(
    "D10",
    "a redirect leads to another address, and a writing call does not follow it",
    "Put the address that it names into HOKUSAI_API_ENDPOINT, after making sure that it is the platform's.",
)
DOWNGRADED = Incident(
    "D10",
    "a redirect turned the request into another one, without its content",
    "Put the address that the redirect names into the tracking URI (https:// where it says http://).",
)
