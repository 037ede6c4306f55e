"""The runner with implementations made for one test: nothing an implementation does stops the other cases."""

from __future__ import annotations

import textwrap

import pytest

from hokusai_testkit.contract.runner import Selection, UsageError, run

TRACKER = """
    class PerformanceTracker:
        def __init__(self, *, registry=None): ...

        def track_inference(self, metrics):
            {body}

        def flush(self): ...
"""


def tracker(body: str) -> str:
    return TRACKER.format(body=body)


def outcomes(selection: Selection, **options) -> dict[str, tuple[str, str | None]]:
    """Run, and return outcome and reason code of every case that was not disabled."""
    found = run(selection, **options).cases
    return {
        case.info.id.rpartition("/")[2]: (case.outcome, case.reason and case.reason.code)
        for case in found
        if case.outcome != "disabled"
    }


def test_an_implementation_that_keeps_the_selected_promises_gets_a_true_verdict(write_sdk):
    sdk = write_sdk("good_sdk", tracker("..."))
    result = run(Selection(sdk=sdk, keyword="track_inference_signature or flush_signature"))
    assert result.verdict is True
    assert result.implementation["name"] == "good_sdk"
    assert result.selection == {"level": "full", "keyword": "track_inference_signature or flush_signature"}
    assert result.target["name"] == "mock"
    assert result.counts["pass"] == 2
    assert result.counts["disabled"] == result.counts["total"] - 2


def test_every_case_is_listed_once_whatever_is_selected(write_sdk):
    sdk = write_sdk("listed_sdk", tracker("..."))
    core = run(Selection(sdk=sdk, level="core", keyword="ISSUE-5 and C1"))
    ids = [case.info.id for case in core.cases]
    assert len(ids) == len(set(ids))
    codes = {case.reason.code for case in core.cases if case.outcome == "disabled" and case.reason}
    assert codes == {"deselected:level", "deselected:keyword"}
    assert {case.reason.code for case in core.cases if case.info.level == "full" and case.reason} == {
        "deselected:level"
    }


def test_a_case_that_ends_the_interpreter_costs_that_case_alone(write_sdk):
    sdk = write_sdk("deadly_sdk", tracker("__import__('os')._exit(4)"))
    keyword = "caller_keeps_the_dict or inference_is_found_by_its_tags or track_inference_signature"
    assert outcomes(Selection(sdk=sdk, keyword=keyword)) == {
        "caller_keeps_the_dict": ("fail", "crashed"),
        "inference_is_found_by_its_tags": ("fail", "crashed"),
        "track_inference_signature": ("pass", None),
    }


def test_a_case_that_hangs_is_ended_and_costs_that_case_alone(write_sdk):
    sdk = write_sdk("hanging_sdk", tracker("__import__('threading').Event().wait(60)"))
    selection = Selection(sdk=sdk, keyword="caller_keeps_the_dict or flush_signature")
    assert outcomes(selection, case_limit_s=1.0) == {
        "caller_keeps_the_dict": ("fail", "timeout"),
        "flush_signature": ("pass", None),
    }


def test_each_parameter_of_a_case_is_a_case_of_its_own(write_sdk):
    sdk = write_sdk("lax_sdk", tracker("..."))
    found = outcomes(Selection(sdk=sdk, keyword="missing_key_is_named"))
    assert set(found) == {f"missing_key_is_named[{name}]" for name in ("model_id", "model_version", "latency_ms")}


def test_a_signature_that_says_nothing_leaves_the_verdict_open(write_sdk):
    sdk = write_sdk("loose_sdk", "class PerformanceTracker:\n    def track_inference(self, *args, **kwargs): ...\n")
    result = run(Selection(sdk=sdk, keyword="track_inference_signature"))
    assert result.verdict is None
    assert [case.reason.code for case in result.cases if case.outcome == "skip"] == ["undecided-signature"]


def test_a_missing_class_fails_its_own_cases_and_no_others(write_sdk):
    sdk = write_sdk("partial_sdk", tracker("..."))
    found = outcomes(Selection(sdk=sdk, keyword="list_versions_signature or flush_signature"))
    assert found == {"list_versions_signature": ("fail", "missing-class"), "flush_signature": ("pass", None)}


def test_an_import_that_breaks_fails_the_cases_that_need_it_and_no_others(write_sdk):
    broken = "\ndef __getattr__(name):\n    raise ImportError('half of it is broken')\n"
    sdk = write_sdk("half_sdk", textwrap.dedent(tracker("...")) + broken)
    result = run(Selection(sdk=sdk, keyword="list_versions_signature or flush_signature"))
    (failed,) = [case for case in result.cases if case.outcome == "fail"]
    assert failed.info.method == "ModelVersionManager.list_versions"
    assert "ImportError: half of it is broken" in failed.reason.text
    assert result.counts["pass"] == 1


def test_what_the_caller_told_pytest_has_no_effect(write_sdk, monkeypatch):
    sdk = write_sdk("plain_sdk", tracker("print('noise')"))
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    assert run(Selection(sdk=sdk, keyword="flush_signature")).verdict is True


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(sdk="no_such_sdk"), r"No module named 'no_such_sdk'.*pip install"),
        (Selection(sdk="json", keyword="flush and"), "-k"),
        (Selection(sdk="json", keyword="no_such_case"), "no case is selected"),
        (Selection(sdk="json", target="moc"), "'mock'"),
        (Selection(sdk="json", target="http://127.0.0.1:9"), "nothing answers at http://127.0.0.1:9"),
        (Selection(sdk="json", target="http://127.0.0.1:9", profiles=("mlflow-3.9",)), "profiles are the mock's"),
        (Selection(sdk="json", target="replay:folder"), "cannot be replayed yet"),
        (Selection(sdk="json", profiles=("mlflow-3.99",)), "mlflow-3"),
    ],
)
def test_what_cannot_be_run_as_asked_is_a_usage_error(selection, message):
    with pytest.raises(UsageError, match=message):
        run(selection)


def test_an_sdk_whose_import_breaks_is_a_usage_error_that_says_why(write_sdk):
    sdk = write_sdk("broken_sdk", "raise RuntimeError('half installed')\n")
    with pytest.raises(UsageError, match="RuntimeError: half installed"):
        run(Selection(sdk=sdk))


def test_progress_is_told_case_by_case(write_sdk):
    sdk = write_sdk("watched_sdk", tracker("..."))
    seen: list[tuple[int, int, str]] = []
    run(
        Selection(sdk=sdk, keyword="track_inference_signature or flush_signature"),
        progress=lambda done, planned, what: seen.append((done, planned, what)),
    )
    assert [(done, planned) for done, planned, _ in seen] == [(0, 2), (1, 2)]
    assert {what for _, _, what in seen} == {
        "PerformanceTracker.track_inference/track_inference_signature",
        "PerformanceTracker.flush/flush_signature",
    }
