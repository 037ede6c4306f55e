"""The command `hokusai`: what it says, what it returns, and what it must never show."""

# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
from kept_work import keep_run

from hokusai import HokusaiInferencePipeline, ModelRegistry
from hokusai.cli import command, run
from hokusai_mock import Sandbox

pytestmark = pytest.mark.filterwarnings("ignore::hokusai.exceptions.HokusaiFallbackWarning")

EVENTS = "*/models/tokenized-registration-events"


class Called(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Call = Callable[..., Called]


@pytest.fixture
def hokusai(capsys: pytest.CaptureFixture[str]) -> Call:
    """Call the command in this process, as the console script does."""

    def call(*words: str) -> Called:
        capsys.readouterr()
        code = run(words)
        return Called(code, *capsys.readouterr())

    return call


def in_a_process(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hokusai", *words],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def pickled(estimator: Any, tmp_path: Path) -> Path:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(estimator))
    return path


def register(path: Path, *words: str) -> list[str]:
    given = ["--token-id", "XRAY", "--model-path", str(path), "--metric", "auroc", "--baseline", "0.82"]
    return ["model", "register", *given, *words]


# --- the command itself ---------------------------------------------------------------------------------------------


def test_help_and_version_load_neither_mlflow_nor_requests() -> None:
    code = (
        "import sys; from hokusai.cli import run; codes = [run([*words, '--help']) for words in "
        "([], ['model'], ['model', 'register'], ['auth', 'status'], ['sync'])]; "
        "print(codes, sorted({'mlflow', 'requests', 'numpy', 'pandas'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == "[0, 0, 0, 0, 0] []\n"
    assert "Upload what was kept" in done.stdout


def test_the_module_and_the_console_script_are_the_same_command() -> None:
    from importlib.metadata import entry_points

    (script,) = [point for point in entry_points(group="console_scripts") if point.name == "hokusai"]
    assert script.value == "hokusai.cli:main"
    done = in_a_process("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("hokusai, version ")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["snyc"], "did you mean 'sync'?"),
        (["model", "regster"], "regster"),
        (["sync", "--notfy"], "--notify"),
        (["model", "register", "--token-id", "X"], "--model-path"),
        (["model", "status"], "name one model"),
        (["model", "status", "a", "--model-name", "b"], "name one model"),
        (["model", "status", "--token-id", "A", "--version", "1"], "--version"),
    ],
)
def test_a_wrong_command_line_is_an_error_of_usage(hokusai: Call, words: list[str], hint: str) -> None:
    called = hokusai(*words)
    assert called.code == 2
    assert hint in called.err
    assert called.out == ""


def test_every_command_has_json_and_the_options_of_the_connection() -> None:
    leaves = {}
    for name in command.list_commands(click.Context(command)):
        found = command.get_command(click.Context(command), name)
        assert found is not None
        inner = found.commands if isinstance(found, click.Group) else {"": found}
        leaves.update({f"{name} {key}".strip(): item for key, item in inner.items()})
    assert sorted(leaves) == ["auth status", "model list", "model register", "model status", "sync"]
    for item in leaves.values():
        options = {option for parameter in item.params for option in parameter.opts}
        assert {"--json", "--mlflow-uri", "--api-key", "--api-endpoint"} <= options


def test_an_unforeseen_error_is_a_message_and_no_traceback(
    hokusai: Call, platform: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hokusai.core import _versions

    def broken(*_: object) -> None:
        raise ZeroDivisionError(f"a defect that shows {platform.api_key}")

    monkeypatch.setattr(_versions, "search_versions", broken)
    called = hokusai("model", "list")
    assert called.code == 1
    assert called.err.splitlines() == [
        "hokusai: ZeroDivisionError: a defect that shows ***",
        "What to do: This is a defect of the SDK: please report it.",
    ]


def test_an_interrupt_ends_with_130(hokusai: Call, platform: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from hokusai.core import _versions

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_versions, "search_versions", interrupted)
    called = hokusai("model", "list")
    assert (called.code, called.err.strip()) == (130, "hokusai: interrupted")


def test_a_missing_mlflow_is_told_with_the_extra_that_brings_it(tmp_path: Path) -> None:
    (tmp_path / "mlflow.py").write_text("raise ModuleNotFoundError(\"No module named 'mlflow'\", name='mlflow')")
    done = in_a_process("model", "list", PYTHONPATH=str(tmp_path), HOKUSAI_API_KEY="hk_test_admin")
    assert done.returncode == 1
    assert "pip install" in done.stderr
    assert "Traceback" not in done.stderr


# --- auth status ----------------------------------------------------------------------------------------------------


def test_auth_status_says_what_goes_where_and_never_the_key(hokusai: Call, platform: Sandbox) -> None:
    called = hokusai("auth", "status")
    assert called.code == 0
    assert re.search(r"^API key: +set \(HOKUSAI_API_KEY\)$", called.out, re.MULTILINE)
    assert platform.tracking_uri in called.out
    assert platform.api_key not in called.out + called.err
    assert platform.calls() == []
    told = hokusai("auth", "status", "--json").json
    assert (told["auth_type"], told["tracking_uri"], told["conflicts"]) == ("bearer", platform.tracking_uri, [])


def test_auth_status_names_conflicts(hokusai: Call, platform: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "something-else")
    called = hokusai("auth", "status")
    assert "Conflict:         A02" in called.out
    assert "something-else" not in called.out


def test_auth_status_without_a_key_fails_with_a_remedy(hokusai: Call) -> None:
    called = hokusai("auth", "status")
    assert called.code == 1
    assert called.err.startswith("hokusai: [A01] No API key")
    assert "What to do: Set HOKUSAI_API_KEY" in called.err
    error = hokusai("auth", "status", "--json").json["error"]
    assert (error["type"], error["code"]) == ("ConfigurationError", "A01")


def test_auth_status_can_ask_the_server(hokusai: Call, platform: Sandbox) -> None:
    assert hokusai("auth", "status", "--check", "--json").json["server"] == "answers"
    platform.scenario("auth.admin_required")
    refused = hokusai("auth", "status", "--check")
    assert refused.code == 1
    assert "[A05]" in refused.err


def test_a_key_on_the_command_line_is_used_and_never_shown(hokusai: Call, platform: Sandbox) -> None:
    secret = "hk_test_secret"
    called = hokusai("auth", "status", "--check", "--api-key", secret)
    assert called.code == 1
    assert "[A03]" in called.err
    assert secret not in called.out + called.err
    assert "the argument api_key" in called.out


# --- model register -------------------------------------------------------------------------------------------------


def test_a_pickle_is_uploaded_registered_and_can_predict(hokusai: Call, platform: Sandbox, pickled: Path) -> None:
    called = hokusai(*register(pickled))
    assert (called.code, called.err) == (0, "")
    lines = [re.sub(r" {2,}", " ", line.strip()) for line in called.out.splitlines()]
    assert lines[0] == f"Uploading model artifact from {pickled}..."
    assert lines[2:5] == ["Model registration complete.", "Model name: hokusai-XRAY", "Version: 1"]
    assert "Event: sent" in lines
    assert HokusaiInferencePipeline(ModelRegistry()).predict_batch([[1, 2]], "hokusai-XRAY") == pytest.approx([3.0])


def test_an_mlflow_model_folder_is_uploaded_as_it_is(hokusai: Call, platform: Sandbox, tmp_path: Path) -> None:
    from hokusai.core._packaging import save

    folder = tmp_path / "saved"
    save(lambda rows: [7 for _ in range(len(rows))], folder)
    assert hokusai(*register(folder, "--model-name", "sevens")).code == 0
    assert HokusaiInferencePipeline(ModelRegistry()).predict_batch([1, 2], "sevens") == [7, 7]


def test_any_other_file_is_uploaded_with_a_note(hokusai: Call, platform: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"\x08\x01")
    called = hokusai(*register(path))
    assert called.code == 0
    assert "predict_batch will not be able to load it" in called.err
    assert [call["status"] for call in platform.calls("PUT", "*/model/net.onnx")] == [200]


def test_every_option_arrives(hokusai: Call, platform: Sandbox, pickled: Path) -> None:
    spec = {
        "--proposal-identifier": "PROP-1",
        "--eval-spec": "es",
        "--scorer-ref": "sr",
        "--primary-metric": "pm",
        "--benchmark-spec-id": "bs",
    }
    told = hokusai(*register(pickled, *[word for pair in spec.items() for word in pair], "--json")).json
    assert (told["model_name"], told["token_id"], told["baseline_value"]) == ("hokusai-XRAY", "XRAY", 0.82)
    assert [told[name] for name in ("proposal_identifier", "eval_spec", "scorer_ref")] == ["PROP-1", "es", "sr"]
    assert [told[name] for name in ("primary_metric", "benchmark_spec_id")] == ["pm", "bs"]
    (event,) = platform.calls("POST", EVENTS)
    body = json.loads(event["body"])
    assert (body["proposal_identifier"], body["mlflow_run_id"]) == ("PROP-1", told["mlflow_run_id"])


@pytest.mark.parametrize(
    "words",
    [
        ["--token-id", "-x-"],
        ["--baseline", "nan"],
        ["--baseline", "much"],
        ["--metric", " "],
        ["--model-name", "a/b"],
        ["--model-path", "no-such-file"],
    ],
)
def test_what_would_be_refused_later_is_refused_before_anything_is_sent(
    hokusai: Call, platform: Sandbox, pickled: Path, words: list[str]
) -> None:
    called = hokusai(*register(pickled, *words))
    assert called.code == 2
    assert called.out == ""
    assert platform.calls() == []


def test_a_refused_event_is_exit_code_1_and_says_how_to_send_it_again(
    hokusai: Call, platform: Sandbox, pickled: Path
) -> None:
    platform.fault(effect="status", match={"paths": [EVENTS]}, with_={"status": 403, "json": {"detail": "no"}})
    called = hokusai(*register(pickled))
    assert called.code == 1
    assert "is registered in MLflow, but its registration event was not accepted" in called.err
    assert "renotify('hokusai-XRAY', '1')" in called.err


def test_with_best_effort_a_refused_event_is_a_note(hokusai: Call, platform: Sandbox, pickled: Path) -> None:
    platform.fault(effect="status", match={"paths": [EVENTS]}, with_={"status": 403, "json": {"detail": "no"}})
    called = hokusai(*register(pickled, "--best-effort-notification"))
    assert called.code == 0
    assert "Model registration complete." in called.out
    assert "refused; to send it: ModelRegistry().renotify('hokusai-XRAY', '1')" in called.out


def test_without_notification_no_event_is_sent(hokusai: Call, platform: Sandbox, pickled: Path) -> None:
    assert hokusai(*register(pickled, "--no-notify-site")).code == 0
    assert platform.calls("POST", EVENTS) == []


def test_registering_never_falls_back(hokusai: Call, platform: Sandbox, pickled: Path, tmp_path: Path) -> None:
    platform.scenario("gateway.lb_error", status=503)
    called = hokusai(*register(pickled, "--json"))
    assert called.code == 1
    assert called.json["error"]["code"] == "C03"
    assert called.err == ""
    assert list((tmp_path / "local").glob("mlflow-*")) == []


def test_an_upload_that_fails_says_which_run_holds_the_rest(hokusai: Call, platform: Sandbox, pickled: Path) -> None:
    platform.fault(effect="status", after=1, match={"methods": ["PUT"]}, with_={"status": 507, "empty": True})
    called = hokusai(*register(pickled))
    assert called.code == 1
    assert re.search(r"Run [0-9a-f]{32} holds what was uploaded; nothing was registered\.", called.err)
    assert platform.calls("POST", "*/model-versions/create") == []


# --- model list and status ------------------------------------------------------------------------------------------


def test_list_and_status_show_what_is_registered(
    hokusai: Call, platform: Sandbox, pickled: Path, estimator: Any
) -> None:
    assert hokusai("model", "list").out == "No model is registered.\n"
    registry = ModelRegistry()
    for _ in range(2):
        registry.register_baseline(estimator, model_name="plain")
    hokusai(*register(pickled))
    assert [line.split() for line in hokusai("model", "list").out.splitlines()] == [
        ["NAME", "VERSION", "VERSIONS", "TOKEN", "METRIC", "EVENT"],
        ["hokusai-XRAY", "1", "1", "XRAY", "auroc", "=", "0.82", "sent"],
        ["plain", "1.1.0", "2", "-", "-", "-"],
    ]
    assert [model["name"] for model in hokusai("model", "list", "--token-id", "xray", "--json").json["models"]] == [
        "hokusai-XRAY"
    ]
    told = hokusai("model", "status", "plain", "--version", "1.0.0", "--json").json
    assert (told["version"], told["mlflow_version"], told["event_state"]) == ("1.0.0", "1", None)
    shown = hokusai("model", "status", "--token-id", "XRAY").out
    assert re.search(r"Metric: +auroc = 0.82", shown)
    assert re.search(r"Event: +sent", shown)


@pytest.mark.parametrize("words", [["nope"], ["--token-id", "NOPE"], ["plane", "--version", "9.9.9"]])
def test_a_model_that_is_not_there_is_exit_code_1(hokusai: Call, platform: Sandbox, words: list[str]) -> None:
    called = hokusai("model", "status", *words)
    assert called.code == 1
    assert called.err.startswith("hokusai: [E04]")


def test_an_outage_is_not_an_empty_list(hokusai: Call, platform: Sandbox) -> None:
    platform.scenario("gateway.lb_error", status=503)
    called = hokusai("model", "list")
    assert called.code == 1
    assert called.out == ""
    assert "[C03]" in called.err


def test_names_that_the_terminal_cannot_show_are_escaped(platform: Sandbox, estimator: Any) -> None:
    ModelRegistry().register_baseline(estimator, model_name="模型")
    done = in_a_process("model", "list", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u6a21\\u578b" in done.stdout


# --- sync -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(platform: Sandbox, tmp_path: Path) -> str:
    """A run that an outage, which is over, kept; its local id."""
    platform.scenario("gateway.lb_error", status=503)
    run_id = keep_run("kept", "a", tmp_path / "files")
    platform.scenario("healthy")
    return run_id


def test_sync_prints_old_and_new_ids_and_then_has_nothing_to_do(hokusai: Call, platform: Sandbox, kept: str) -> None:
    called = hokusai("sync")
    assert (called.code, called.err) == (0, "")
    (line,) = [line for line in called.out.splitlines() if kept in line]
    assert re.fullmatch(rf"  run +kept/\S+  local:{kept} -> [0-9a-f]{{32}}", line)
    assert called.out.splitlines()[-1] == "2 uploaded, 0 left."
    assert hokusai("sync").out == "Nothing waits.\n"


def test_sync_as_json(hokusai: Call, platform: Sandbox, kept: str) -> None:
    told = hokusai("sync", "--json").json
    assert (told["complete"], told["target"], told["left"]) == (True, platform.tracking_uri, [])
    assert [item["kind"] for item in told["uploaded"]] == ["experiment", "run", "run"]
    assert told["uploaded"][1]["from"] == f"local:{kept}"


@pytest.mark.parametrize("flag", ["--dry-run", "--list"])
def test_what_waits_is_shown_without_a_key_and_without_a_request(
    hokusai: Call, platform: Sandbox, kept: str, monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    before = len(platform.calls())
    monkeypatch.delenv("HOKUSAI_API_KEY")
    called = hokusai("sync", flag)
    assert called.code == 0
    assert [line.split()[0] for line in called.out.splitlines()] == ["Waits", "KIND", "run", "run"]
    assert [item["kind"] for item in hokusai("sync", flag, "--json").json["waiting"]] == ["run", "run"]
    assert len(platform.calls()) == before


def test_a_sync_to_another_platform_than_the_work_was_meant_for_is_refused(
    hokusai: Call, platform: Sandbox, kept: str, mock: Any
) -> None:
    other = mock.sandbox("another-platform")
    called = hokusai("sync", "--mlflow-uri", other.tracking_uri, "--api-key", other.api_key)
    assert called.code == 1
    assert f"2 runs for {platform.tracking_uri}" in called.err
    assert f"MLFLOW_TRACKING_URI={platform.tracking_uri}" in called.err
    assert other.calls("POST", "*/create") == []
    other.drop()


def test_what_is_refused_is_named_with_exit_code_1(hokusai: Call, platform: Sandbox, kept: str) -> None:
    platform.fault(
        effect="status",
        match={"methods": ["PUT"]},
        with_={"status": 403, "json": {"detail": "Insufficient permissions for this operation"}},
    )
    called = hokusai("sync")
    assert called.code == 1
    assert f"({kept})" in called.out
    assert "Insufficient permissions" in called.out
    assert called.out.splitlines()[-1] == "0 uploaded, 2 left."
    left = hokusai("sync", "--json").json["left"]
    assert left[0]["id"] == kept


def test_sync_in_mock_mode_is_refused(hokusai: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOKUSAI_MOCK_MODE", "true")
    called = hokusai("sync")
    assert called.code == 1
    assert "HOKUSAI_MOCK_MODE" in called.err


def test_a_bar_is_shown_on_a_terminal_alone(platform: Sandbox, kept: str) -> None:
    import pty

    controller, terminal = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "hokusai", "sync"],
            env={name: value for name, value in os.environ.items() if name != "CI"},
            stdout=subprocess.PIPE,
            stderr=terminal,
            text=True,
            timeout=120,
            check=False,
        )
        os.close(terminal)
        shown = b""
        while part := _read(controller):
            shown += part
    finally:
        os.close(controller)
    assert done.returncode == 0
    assert "100%" in shown.decode()
    assert "%" not in done.stdout


def _read(controller: int) -> bytes:
    try:
        return os.read(controller, 65536)
    except OSError:  # nobody writes to the terminal any more
        return b""
