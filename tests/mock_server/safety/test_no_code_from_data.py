"""Nothing that is served, uploaded or read is ever run: no unpickling, no evaluation, no YAML, no client's template.

Looked at twice: in the source of everything that the mock consists of, and in what a server that has done all its work
has loaded.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import hokusai_mock

PACKAGE = Path(hokusai_mock.__file__).parent
UNPICKLERS = {"pickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "yaml", "ruamel", "jsonpickle"}
RUNNERS = {"code", "codeop", "runpy"}
CALLS = {"eval", "exec", "compile", "__import__", "render_template_string", "from_string", "system"}
ALLOWED = {("re", "compile")}
"""Regular expressions are compiled, code is not."""

SOURCES = sorted(PACKAGE.rglob("*.py"))


def findings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in UNPICKLERS | RUNNERS)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in UNPICKLERS | RUNNERS:
            yield node.module
        elif isinstance(node, ast.Call):
            yield from _call(node)


def _call(node: ast.Call) -> Iterator[str]:
    called = node.func
    if isinstance(called, ast.Name) and called.id in CALLS:
        yield f"{called.id}() in line {node.lineno}"
    elif isinstance(called, ast.Attribute) and called.attr in CALLS:
        owner = called.value.id if isinstance(called.value, ast.Name) else "..."
        if (owner, called.attr) not in ALLOWED:
            yield f"{owner}.{called.attr}() in line {node.lineno}"
    for keyword in node.keywords:
        if keyword.arg == "shell" and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False):
            yield f"shell= in line {node.lineno}"


def test_there_is_something_to_look_at() -> None:
    assert len(SOURCES) > 100
    bad = "import pickle\nfrom yaml import load\neval('1')\nx.exec(y)\nrun(c, shell=True)\nre.compile('a')\n"
    assert len(list(findings(ast.parse(bad)))) == 5


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_module_of_the_mock_unpickles_or_evaluates(source: Path) -> None:
    assert list(findings(ast.parse(source.read_text("utf-8")))) == []


WORK = """
import json, sys, tempfile, http.client
from hokusai_mock import MockServer
with tempfile.TemporaryDirectory() as folder, MockServer(record=folder) as server:
    sandbox = server.sandbox("work")
    sandbox.scenario("auth.key_invalid")
    sandbox.scenario("healthy")
    def ask(method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        headers = {"Authorization": "Bearer hk_test_admin", "Content-Type": "application/json"}
        connection.request(method, "/s/work" + path, body, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status
    mlflow = "/api/mlflow/api/2.0/"
    pickled = b"cos\\nsystem\\n(S'exit 1'\\ntR."
    assert ask("PUT", mlflow + "mlflow-artifacts/artifacts/0/model/model.pkl", pickled) == 200
    assert ask("GET", mlflow + "mlflow-artifacts/artifacts/0/model/model.pkl") == 200
    tagged = b"!!python/object/apply:os.system ['exit 1']"
    assert ask("PUT", mlflow + "mlflow-artifacts/artifacts/0/model/MLmodel", tagged) == 200
    assert ask("POST", mlflow + "mlflow/experiments/create", json.dumps({"name": "{{7*7}}"})) == 200
    sandbox.journal, sandbox.har(), sandbox.errors, sandbox.write_cassette()
print(json.dumps(sorted(sys.modules)))
"""


def test_a_server_that_was_handed_pickles_has_loaded_nothing_that_reads_them() -> None:
    done = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    loaded = set(ast.literal_eval(done.stdout.splitlines()[-1]))
    assert "hokusai_mock.store.artifacts" in loaded
    # Flask, the standard library's logging and copying load pickle's own module; nothing of ours does (see above).
    assert not {"cloudpickle", "dill", "joblib", "yaml", "mlflow", "numpy", "pandas"} & loaded
