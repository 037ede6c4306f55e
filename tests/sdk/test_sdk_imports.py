# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import subprocess
import sys

import pytest

HIDE = """
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in HIDDEN:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hide())
"""


def hiding(names: tuple[str, ...]) -> str:
    """Code that makes the packages `names` look as if they were not installed."""
    return f"HIDDEN = {names!r}\n{HIDE}"


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_hokusai_loads_neither_mlflow_nor_pandas_nor_numpy_nor_requests() -> None:
    code = "import sys, hokusai; print([m for m in ('mlflow','pandas','numpy','requests') if m in sys.modules])"
    assert run(code) == "[]"


@pytest.mark.parametrize(
    "module",
    [
        "auth",
        "config",
        "core",
        "tracking",
        "exceptions",
        "core.registry",
        "core.versioning",
        "core.inference",
        "core.models",
        "auth.mlflow_plugin",
        "auth.client",
        "auth.config",
        "auth.exceptions",
        "config.mlflow_auth",
    ],
)
def test_documented_modules_import_without_the_optional_dependencies(module: str) -> None:
    hide = hiding(("mlflow", "pandas", "numpy"))
    assert run(f"{hide}\nimport hokusai.{module}; print('imported')") == "imported"


def test_importing_hokusai_takes_less_than_60_ms() -> None:
    # Processor time: what other programs do meanwhile is not counted.
    code = "import time; t = time.process_time(); import hokusai; print(time.process_time() - t)"
    assert min(float(run(code)) for _ in range(5)) < 0.060


@pytest.mark.parametrize("call", ["ModelRegistry(mode='local')", "ExperimentManager()", "PerformanceTracker()"])
def test_a_missing_mlflow_is_told_on_first_use_with_the_extra_that_brings_it(call: str) -> None:
    hide = hiding(("mlflow",))
    code = (
        f"{hide}\nimport os; os.environ['HOKUSAI_MOCK_MODE'] = 'true'\nimport hokusai\n"
        f"try:\n    hokusai.{call}\nexcept ImportError as e:\n    print(e)"
    )
    said = run(code)
    assert "hokusai-minimal-sdk[ml]" in said
    assert "hokusai-minimal-sdk[skinny]" in said


def test_a_local_store_without_its_packages_names_sqlalchemy_and_alembic() -> None:
    hide = hiding(("sqlalchemy", "alembic"))
    code = (
        f"{hide}\nimport importlib.util as u\nu.find_spec = lambda name: None if name in HIDDEN else name\n"
        "from hokusai._local_store import require_database\n"
        "try:\n    require_database()\nexcept ImportError as e:\n    print(e)"
    )
    said = run(code)
    assert "sqlalchemy" in said
    assert "alembic" in said


@pytest.mark.parametrize("package", ["hokusai", "hokusai.auth", "hokusai.config", "hokusai.core", "hokusai.tracking"])
def test_every_documented_name_can_be_imported(package: str) -> None:
    from importlib import import_module

    module = import_module(package)
    for name in module.__all__:
        assert getattr(module, name) is not None
        assert name in dir(module)


def test_a_missing_package_is_of_the_family_and_an_import_error() -> None:
    code = (
        f"{hiding(('mlflow',))}\nimport hokusai\n"
        "try:\n    hokusai.ModelRegistry(mode='local')\n"
        "except hokusai.MissingMLExtraError as e:\n"
        "    print(isinstance(e, ImportError), isinstance(e, hokusai.HokusaiException), e.name, e.code, bool(e.remedy))"
    )
    assert run(code) == "True True mlflow G05 True"


def test_an_unknown_name_is_an_attribute_error() -> None:
    import hokusai

    with pytest.raises(AttributeError, match="no attribute 'ModelRegistri'"):
        _ = hokusai.ModelRegistri


def test_get_mlflow_status_is_get_mlflow_auth_status() -> None:
    from hokusai.config import get_mlflow_auth_status, get_mlflow_status

    assert get_mlflow_status is get_mlflow_auth_status


def test_the_platform_itself_can_be_asked_without_mlflow() -> None:
    code = (
        f"{hiding(('mlflow', 'pandas', 'numpy'))}\nfrom hokusai.auth import AuthenticatedClient\n"
        "from hokusai import HokusaiException\n"
        "try:\n    AuthenticatedClient('hk_test_key', 'http://127.0.0.1:9/api').post('/models')\n"
        "except HokusaiException as e:\n    print(e.code)"
    )
    assert run(code) == "D02"
