"""The doctor as a whole, against small servers on real sockets: what it names, asks, shows and withholds."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from hokusai_mock import scenarios
from hokusai_mock.scenarios import PROBES as VOCABULARY
from hokusai_testkit.diagnosis.main import default_python, main
from hokusai_testkit.diagnosis.probes import PROBES

KEY = "hk_test_doctor"
KEY_REQUIRED = (401, {"detail": "API key required"})
SEARCH = "/experiments/search"
LOGGED = "/logged-models/search"
REGISTERED = "/registered-models/search?max_results=1"
HTML_502 = (502, "<html><h1>502 Bad Gateway</h1></html>", {"Server": "awselb/2.0"})
HTML_404 = (404, "<!doctype html><title>404 Not Found</title>")


DOCUMENTED = {"state", "incident", "scenario", "confidence", "decided_by"}
"""The keys of `verdict` from the first version on."""


def platform(**changes: Any) -> dict[str, Any]:
    """A healthy platform in front of MLflow 3.9."""

    def search(headers: dict[str, str]) -> Any:
        return (200, {"experiments": []}) if headers.get("authorization") == f"Bearer {KEY}" else KEY_REQUIRED

    answers = {
        "/health": (200, {"status": "healthy"}),
        "/api/mlflow/version": (200, "3.9.0", {"Content-Type": "text/html"}),
        "/version": (200, {"version": "1.0.0"}),
        SEARCH: search,
        LOGGED: (400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "x"}),
        REGISTERED: (200, {"registered_models": []}),
    }
    return {**answers, **changes}


def environment(url: str, key: str | None = KEY) -> dict[str, str | None]:
    return {
        "HOKUSAI_API_KEY": key,
        "MLFLOW_TRACKING_TOKEN": key,
        "HOKUSAI_API_ENDPOINT": f"{url}/api",
        "MLFLOW_TRACKING_URI": f"{url}/api/mlflow",
    }


def test_every_probe_and_its_facts_are_in_the_vocabulary_of_signatures(
    serve: Callable[..., Any], doctor: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, set[str]] = {}
    for name, probe in list(PROBES.items()):

        def look(context: Any, original: Any = probe) -> Any:
            facts = original.look(context)
            seen[original.id] = set(facts)
            return facts

        monkeypatch.setitem(PROBES, name, type(probe)(probe.id, probe.group, look, probe.needs, probe.online))
    doctor("--online", env=environment(serve(platform()).url))

    assert set(seen) == set(PROBES) <= set(VOCABULARY)
    assert {name: facts - set(VOCABULARY[name]) for name, facts in seen.items() if facts - set(VOCABULARY[name])} == {}


def test_a_healthy_platform_is_healthy(
    serve: Callable[..., Any], doctor: Callable[..., Any], plant: Callable[..., None]
) -> None:
    plant(mlflow="3.9.0")
    stub = serve(platform())
    outcome = doctor("--online", env=environment(stub.url))

    assert outcome.verdict == {
        "state": "healthy",
        "incident": None,
        "scenario": None,
        "confidence": 1.0,
        "decided_by": [],
        "remedy": None,
        "next_step": "none; if your program fails all the same, run the doctor where it runs (--python), and look "
        "yourself for what is not examined yet: ~/.netrc, MLFLOW_TRACKING_USERNAME, ~/.mlflow/credentials "
        "(`scenarios show A12`, `A13`)",
    }
    assert (outcome.code, outcome.result["ok"], outcome.result["schema_version"]) == (0, True, 1)
    assert len(stub.requests) <= 15
    assert all("hokusai-testkit-doctor" in headers["user-agent"] for _, _, headers in stub.requests)


def test_the_result_has_exactly_the_documented_fields(doctor: Callable[..., Any]) -> None:
    result = doctor().result

    assert set(result) == {"schema_version", "ok", "verdict", "alternatives", "checks"}
    assert set(result["verdict"]) == DOCUMENTED | {"remedy", "next_step"}
    assert all(set(check) == {"id", "status", "evidence", "waits_on"} for check in result["checks"])
    assert [check["id"] for check in result["checks"]] == [*PROBES, "summary"]


def test_without_online_nothing_is_asked_and_nothing_decided(
    serve: Callable[..., Any], doctor: Callable[..., Any]
) -> None:
    stub = serve(platform())
    outcome = doctor(env=environment(stub.url))

    assert (outcome.code, outcome.result["ok"], outcome.verdict["state"]) == (3, None, "incomplete")
    assert stub.requests == []


def test_an_admin_key_that_is_wanted_is_named(serve: Callable[..., Any], doctor: Callable[..., Any]) -> None:
    def search(headers: dict[str, str]) -> Any:
        if "authorization" not in headers:
            return KEY_REQUIRED
        return 403, {"detail": "Admin access required for the model registry", "error": "REGISTRY_ADMIN_REQUIRED"}

    outcome = doctor("--online", env=environment(serve(platform(**{SEARCH: search})).url))

    assert (outcome.code, outcome.verdict["incident"], outcome.verdict["confidence"]) == (1, "A05", 1.0)
    assert outcome.check("server.version")["waits_on"] == "auth.bearer"


def test_programs_get_the_remedy_of_the_named_incident(closed_port: int, doctor: Callable[..., Any]) -> None:
    verdict = doctor("--online", env=environment(f"http://127.0.0.1:{closed_port}")).verdict
    remedy = scenarios.load("net.refuse").remedy

    assert remedy is not None
    assert verdict["next_step"] == remedy.text
    assert verdict["remedy"] == {
        "owner": "user",
        "text": remedy.text,
        "never": list(remedy.never),
        "commands": {"posix": list(remedy.commands.posix), "powershell": list(remedy.commands.powershell)},
    }


def test_a_missing_key_can_be_acted_on_before_the_network_is_looked_at(
    doctor: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = doctor()
    main(["--python", sys.executable])
    text = capsys.readouterr().out

    assert (outcome.code, outcome.verdict["state"], outcome.verdict["incident"]) == (3, "incomplete", None)
    assert outcome.result["alternatives"] == [{"incident": "A01", "separate_by": "http.noauth.body_json.detail"}]
    assert outcome.verdict["remedy"]["owner"] == "user"
    assert outcome.verdict["next_step"].startswith("Set HOKUSAI_API_KEY in the process")
    assert outcome.verdict["next_step"].endswith("with --online; it asks the platform a few harmless questions")
    assert "Verdict: incomplete: creds.present failed, and the network was not looked at\n" in text
    assert "Next step (user): Set HOKUSAI_API_KEY" in text
    assert "    export HOKUSAI_API_KEY=<your key>" in text
    assert "Then run this command again with --online" in text


def test_one_key_has_no_hash_that_only_a_second_one_would_give_a_meaning(doctor: Callable[..., Any]) -> None:
    env = {"HOKUSAI_API_KEY": KEY, "MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}

    assert doctor(env=env).check("creds.present")["evidence"] == "HOKUSAI_API_KEY is set (hk_test_..., 14 characters)"


def test_a_missing_key_is_named(serve: Callable[..., Any], doctor: Callable[..., Any]) -> None:
    outcome = doctor("--online", env=environment(serve(platform()).url, key=None))

    assert outcome.verdict["incident"] == "A01"
    assert outcome.check("auth.bearer")["waits_on"] == "creds.present"


@pytest.mark.parametrize("status", [502, 503, 504])
def test_an_outage_is_named_and_gets_no_key(status: int, serve: Callable[..., Any], doctor: Callable[..., Any]) -> None:
    stub = serve({"": (status, *HTML_502[1:])})
    outcome = doctor("--online", env=environment(stub.url))

    assert (outcome.code, outcome.verdict["incident"]) == (1, "C03")
    assert stub.authorizations() == []


@pytest.mark.parametrize("absent", [HTML_404, (404, {"error_code": "RESOURCE_NOT_FOUND", "message": "x"}), (405, "")])
def test_a_new_client_and_an_old_server_are_named(
    absent: Any, serve: Callable[..., Any], doctor: Callable[..., Any], plant: Callable[..., None]
) -> None:
    plant(mlflow_skinny="3.17.2", mlflow="3.17.2")
    old = platform(**{LOGGED: absent, "/api/mlflow/version": (200, "2.9.2")})
    outcome = doctor("--online", env=environment(serve(old).url))

    assert (outcome.code, outcome.verdict["incident"]) == (1, "E01")
    assert outcome.verdict["decided_by"] == ["server.capabilities.logged_models", "env.versions.mlflow_major"]


def test_an_old_client_and_an_old_server_are_healthy(
    serve: Callable[..., Any], doctor: Callable[..., Any], plant: Callable[..., None]
) -> None:
    plant(mlflow="2.9.2", mlflow_skinny="2.9.2")
    old = platform(**{LOGGED: HTML_404, "/api/mlflow/version": (200, "2.9.2")})

    assert doctor("--online", env=environment(serve(old).url)).verdict["state"] == "healthy"


def test_an_object_that_is_missing_is_no_missing_endpoint(
    serve: Callable[..., Any], doctor: Callable[..., Any], plant: Callable[..., None]
) -> None:
    plant(mlflow="3.9.0")
    missing = platform(**{LOGGED: (404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "x"})})

    assert doctor("--online", env=environment(serve(missing).url)).verdict["state"] == "healthy"


def test_a_plain_server_is_diagnosed_without_a_key(
    serve: Callable[..., Any], doctor: Callable[..., Any], plant: Callable[..., None]
) -> None:
    plant(mlflow="3.9.0")
    stub = serve(
        {"/health": (200, "OK"), "/version": (200, "2.9.2"), SEARCH: (200, {}), LOGGED: HTML_404, REGISTERED: (200, {})}
    )
    outcome = doctor("--online", env={"MLFLOW_TRACKING_URI": stub.url, "HOKUSAI_API_KEY": KEY})

    assert outcome.verdict["incident"] == "E01"
    assert stub.authorizations() == []
    assert outcome.check("auth.bearer")["evidence"] == "the server asks for no key, so none was sent"


def test_a_closed_port_is_named(closed_port: int, doctor: Callable[..., Any]) -> None:
    outcome = doctor("--online", env=environment(f"http://127.0.0.1:{closed_port}"))

    assert outcome.verdict["incident"] == "D02"
    assert outcome.check("http.noauth")["waits_on"] == "net.tcp"


def test_a_name_that_does_not_resolve_is_named(doctor: Callable[..., Any]) -> None:
    outcome = doctor("--online", env=environment("https://registry.hokusai.invalid"))

    assert outcome.verdict["incident"] == "D01"


@pytest.mark.parametrize(
    "answer",
    [
        (401, {"detail": "Not authenticated"}),
        (401, {"detail": "API key required"}, {"WWW-Authenticate": "Basic"}),
        (401, "You are not authenticated.", {"Content-Type": "text/plain"}),
        (302, "", {"Location": "https://login.example/"}),
        (403, "", {}),
        (404, {"detail": "Not Found"}),
    ],
)
def test_the_key_goes_to_nobody_who_does_not_speak_as_hokusai(
    answer: Any, serve: Callable[..., Any], doctor: Callable[..., Any]
) -> None:
    stub = serve(platform(**{SEARCH: answer}))
    outcome = doctor("--online", env=environment(stub.url))

    assert stub.authorizations() == []
    assert outcome.check("auth.bearer")["evidence"].startswith(("key withheld", "waits on http.noauth"))
    assert (outcome.verdict["state"], outcome.verdict["incident"]) in [("unknown", None), ("incident", "A15")]


def test_the_key_goes_to_no_plain_http_proxy(serve: Callable[..., Any], doctor: Callable[..., Any]) -> None:
    proxy = serve(platform())
    outcome = doctor("--online", env={**environment("http://127.0.0.1:9"), "http_proxy": proxy.url})

    assert proxy.authorizations() == []
    assert "key withheld: the proxy" in outcome.check("auth.bearer")["evidence"]
    assert outcome.check("net.dns")["status"] == "skip"
    assert outcome.verdict["state"] == "incomplete"


def test_a_limited_platform_is_asked_no_more(serve: Callable[..., Any], doctor: Callable[..., Any]) -> None:
    stub = serve(platform(**{"/health": (429, {"detail": "Rate limit exceeded"})}))
    doctor("--online", env=environment(stub.url))

    assert len(stub.requests) == 1


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (KEY + "\n", "line end"),
        (f'"{KEY}"', "quotation marks"),
        (KEY + "\ufeff", "outside of ASCII"),
        (" " + KEY, "blank"),
        ("sk-something", "does not begin with hk_"),
    ],
)
def test_an_unclean_key_is_described_and_never_shown(key: str, words: str, doctor: Callable[..., Any]) -> None:
    outcome = doctor(env=environment("http://127.0.0.1:9", key=key))

    assert words in outcome.check("creds.shape")["evidence"]
    assert key.strip('"') not in outcome.out


def test_a_key_that_no_header_can_carry_is_not_sent(serve: Callable[..., Any], doctor: Callable[..., Any]) -> None:
    stub = serve(platform())
    outcome = doctor("--online", env=environment(stub.url, key=KEY + "\n"))

    assert stub.authorizations() == []
    assert outcome.check("auth.bearer")["waits_on"] == "creds.shape"


def test_a_key_that_the_server_repeats_is_not_shown(serve: Callable[..., Any], doctor: Callable[..., Any]) -> None:
    secret = "hk_live_" + "q7Zx" * 3

    def search(headers: dict[str, str]) -> Any:
        return (400, {"message": f"odd key {secret}"}) if "authorization" in headers else KEY_REQUIRED

    outcome = doctor("--online", env=environment(serve(platform(**{SEARCH: search})).url, key=secret))

    assert "odd key" in outcome.check("auth.bearer")["evidence"]
    assert secret not in outcome.out


def test_two_keys_that_differ_are_told_apart_by_hash(doctor: Callable[..., Any]) -> None:
    env = {"HOKUSAI_API_KEY": KEY, "MLFLOW_TRACKING_TOKEN": "hk_test_other"}
    check = doctor(env=env).check("creds.present")

    assert check["status"] == "warn"
    assert re.search(r"hk_test_\.\.\., 14 characters, #[0-9a-f]{4} this run\)", check["evidence"])
    assert "they differ: the SDK sends the first, plain MLflow the second; the first was tried" in check["evidence"]


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_TOKEN is not set: plain MLflow sends no key (the Hokusai SDK does)"),
        ("HOKUSAI_API_KEY", "HOKUSAI_API_KEY is not set: the Hokusai SDK has no key (plain MLflow does)"),
    ],
)
def test_a_key_in_one_variable_only_is_warned_about(
    missing: str, words: str, serve: Callable[..., Any], doctor: Callable[..., Any], plant: Callable[..., None]
) -> None:
    plant(mlflow="3.9.0")
    env = {**environment(serve(platform()).url), missing: None}
    outcome = doctor("--online", env=env)

    assert (outcome.code, outcome.check("creds.present")["status"]) == (0, "warn")
    assert words in outcome.check("creds.present")["evidence"]
    assert "(A02)" in outcome.check("creds.present")["evidence"]
    assert doctor("--online", "--strict", env=env).code == 3


def test_a_token_is_not_missed_where_no_key_is_needed(doctor: Callable[..., Any]) -> None:
    env = {"HOKUSAI_API_KEY": KEY, "MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}

    assert doctor(env=env).check("creds.present")["status"] == "pass"


def test_the_verdict_for_people_says_that_there_are_warnings_and_where(
    serve: Callable[..., Any], plant: Callable[..., None], monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(mlflow="3.9.0")
    for name, value in environment(serve(platform()).url).items():
        if name != "MLFLOW_TRACKING_TOKEN":
            monkeypatch.setenv(name, value)
    main(["--online", "--python", sys.executable])
    out = capsys.readouterr().out

    assert "Verdict: healthy, with warnings: nothing failed; see creds.present\n" in out
    assert "Next step: look at creds.present" in out
    assert "nothing that was looked at is wrong" not in out


@pytest.mark.parametrize(
    ("uri", "status", "words"),
    [
        ("http://127.0.0.1:9/api/2.0/mlflow", "fail", "ends in an API path"),
        ("http://127.0.0.1:9/#/experiments", "fail", "everything from '#'"),
        ("http://127.0.0.1:9//mlflow", "warn", "'//'"),
        ("http://me:pw-secret@127.0.0.1:9/mlflow", "warn", "user and password"),
        ("https://registry.hokus.ai", "warn", "/api/mlflow"),
        ("http://example.invalid/mlflow", "warn", "plain http"),
        ("https://registry.hokus.ai/api/mlflow", "pass", "well formed"),
    ],
)
def test_mistakes_in_the_uri_are_seen_without_the_network(
    uri: str, status: str, words: str, doctor: Callable[..., Any]
) -> None:
    outcome = doctor(env={"MLFLOW_TRACKING_URI": uri})

    assert outcome.check("uri.lint")["status"] == status
    assert words in outcome.check("uri.lint")["evidence"]
    assert "pw-secret" not in outcome.out


def test_a_uri_without_a_scheme_fails_and_stops_there(doctor: Callable[..., Any]) -> None:
    outcome = doctor("--online", env={"MLFLOW_TRACKING_URI": "registry.hokus.ai/api/mlflow"})

    assert outcome.check("uri.resolve")["status"] == "fail"
    assert outcome.check("net.dns")["waits_on"] == "uri.resolve"
    assert (outcome.verdict["incident"], outcome.verdict["scenario"]) == ("B08", "client.no_scheme")


@pytest.mark.parametrize(
    "uri", ["registry.hokus.ai/api/mlflow", "127.0.0.1:9/api/mlflow", "localhost:5000", "http//h", "http:/h", "file:x"]
)
def test_what_mlflow_takes_for_a_folder_is_named_without_the_network(uri: str, doctor: Callable[..., Any]) -> None:
    assert doctor(env={"MLFLOW_TRACKING_URI": uri}).verdict["incident"] == "B08"


@pytest.mark.parametrize("uri", ["databricks", "sqlite:///runs.db"])
def test_another_kind_of_store_is_no_missing_scheme(uri: str, doctor: Callable[..., Any]) -> None:
    assert doctor(env={"MLFLOW_TRACKING_URI": uri}).verdict["incident"] is None


@pytest.mark.parametrize(
    ("key", "scenario", "alternatives"),
    [
        (f'"{KEY}"', "client.key_quotes", []),
        (KEY + "\n", "client.key_newline", []),
        (KEY + "\ufeff", "client.key_bom", []),
        (KEY + " ", "client.key_blank", ["C05"]),
    ],
)
def test_an_unclean_key_is_named_before_what_the_server_says_of_it(
    key: str, scenario: str, alternatives: list[str], serve: Callable[..., Any], doctor: Callable[..., Any]
) -> None:
    def search(headers: dict[str, str]) -> Any:
        return (401, {"detail": "Invalid or expired API key"}) if "authorization" in headers else KEY_REQUIRED

    outcome = doctor("--online", env=environment(serve(platform(**{SEARCH: search})).url, key=key))

    assert (outcome.code, outcome.verdict["incident"], outcome.verdict["scenario"]) == (1, "A14", scenario)
    assert [one["incident"] for one in outcome.result["alternatives"]] == alternatives


def test_what_a_failure_upstream_keeps_from_being_seen_is_no_alternative(
    serve: Callable[..., Any], doctor: Callable[..., Any], plant: Callable[..., None]
) -> None:
    plant(mlflow="3.9.0")
    outcome = doctor("--online", env=environment(serve(platform(**{SEARCH: (418, {"detail": "odd"})})).url))

    assert outcome.verdict["state"] == "unknown"
    assert outcome.result["alternatives"] == []


def test_warnings_fail_only_under_strict(
    serve: Callable[..., Any], doctor: Callable[..., Any], plant: Callable[..., None]
) -> None:
    plant(mlflow="2.9.2", mlflow_skinny="2.9.2")
    env = environment(serve(platform()).url)

    assert doctor("--online", env=env).code == 0
    assert doctor("--online", "--strict", env=env).code == 3


def test_only_runs_a_check_and_what_it_waits_on(serve: Callable[..., Any], doctor: Callable[..., Any]) -> None:
    stub = serve(platform())
    outcome = doctor("--online", "--only", "http.noauth", env=environment(stub.url))
    ran = [check["id"] for check in outcome.result["checks"] if check["status"] != "skip"]

    assert ran == ["uri.resolve", "net.dns", "net.tcp", "http.noauth"]
    assert outcome.verdict["state"] == "incomplete"


def test_a_skipped_check_makes_its_dependents_wait(serve: Callable[..., Any], doctor: Callable[..., Any]) -> None:
    outcome = doctor("--online", "--skip", "http.noauth", env=environment(serve(platform()).url))

    assert outcome.check("http.noauth")["evidence"] == "not selected"
    assert outcome.check("auth.bearer")["waits_on"] == "http.noauth"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "net.tpc"], "did you mean 'net.tcp'?"),
        (["--skip", "x"], "no check is called 'x'"),
        (["--timeout", "0"], "more than 0"),
        (["--timeout", "soon"], "argument --timeout: 'soon' is no number of seconds"),
        (["--python", "/no/such/python"], "no program"),
        (["--onlin"], "unrecognized arguments"),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_an_interpreter_that_is_none_makes_the_result_incomplete(doctor: Callable[..., Any]) -> None:
    outcome = doctor("--python", "false")

    assert outcome.check("env.versions")["status"] == "skip"
    assert "false could not be asked" in outcome.check("env.versions")["evidence"]


def test_text_ends_with_one_next_step_and_is_ascii_where_it_must_be(
    closed_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("NO_COLOR", "1")
    code = main(["--online", "--python", sys.executable])
    out = capsys.readouterr().out

    assert code == 1
    assert out.isascii()
    assert "FAIL net.tcp" in out
    assert "Verdict: incident: D02: Nothing listens on the port" in out
    assert out.count("Next step") == 1
    assert out.rpartition("Next step")[0].count("\nDo not ") == 1


def test_help_tells_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    told = capsys.readouterr().out.partition("exit codes:\n")[2]

    assert re.findall(r"^ +(\d+) ", told, re.MULTILINE) == ["0", "1", "2", "3", "4", "130"]


def test_list_names_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(PROBES)


def test_the_doctor_starts_without_click_flask_and_site_packages() -> None:
    code = (
        "import sys, runpy\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('click', 'flask', 'werkzeug', 'jinja2', 'pytest', 'requests', 'mlflow'):\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "sys.argv = ['doctor', '--json']\n"
        "runpy.run_module('hokusai_testkit.diagnosis', run_name='__main__')\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stderr) == (3, "")
    assert '"state": "incomplete"' in ran.stdout


def test_the_default_interpreter_is_the_active_environment_then_the_path(tmp_path: Any) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.touch(mode=0o755)

    assert default_python({"VIRTUAL_ENV": str(tmp_path), "PATH": ""}) == str(python)
    assert default_python({"PATH": str(python.parent)}) == str(python)
    assert default_python({"PATH": str(tmp_path)}) == sys.executable
