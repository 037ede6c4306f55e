"""Steps at the routes that browsers and the user interface ask beside the documented API, and more of artifacts.

They run after everything else and use what is left: the run `{run}` with its artifacts, `{run_d}`, the logged model.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from step import ARTIFACTS, NO_RUN, Step, step

__all__ = ["browser_routes"]

AJAX = "/ajax-api/2.0/mlflow/"


def browser_routes() -> Iterator[Step]:
    """All of them, in order."""
    yield from _curves()
    yield from _bulk()
    yield from _interval()
    yield from _datasets()
    yield from _uploads()
    yield from _downloads()
    yield from _proxy()
    yield from _multipart()
    yield step("server info, browser's prefix", "GET", "/ajax-api/3.0/mlflow/server-info")


def _curves() -> Iterator[Step]:
    """Two runs with a metric `curve`: one dense, one sparse that starts before 0 and ends later, with NaN in it."""
    for name, values in (
        ("dense", [{"key": "curve", "value": at / 10, "timestamp": 100 + at, "step": at} for at in range(25)]),
        (
            "sparse",
            [
                *({"key": "curve", "value": 1.0, "timestamp": 50 + at, "step": at} for at in (-4, 3, 17, 40)),
                {"key": "curve", "value": "NaN", "timestamp": 90, "step": 17},
                {"key": "curve", "value": 2.0, "timestamp": 20, "step": 17},
                {"key": "curve", "value": 0.5, "timestamp": 20, "step": 17},
            ],
        ),
    ):
        yield step(
            f"create run of the {name} curve",
            "POST",
            "runs/create",
            {"experiment_id": "{exp}", "run_name": name},
            **{name: "run.info.run_id"},
        )
        yield step(f"log the {name} curve", "POST", "runs/log-batch", {"run_id": f"{{{name}}}", "metrics": values})


def _bulk() -> Iterator[Step]:
    def bulk(name: str, /, query: str) -> Step:
        return step(f"bulk history: {name}", "GET", f"{AJAX}metrics/get-history-bulk?{query}")

    yield bulk("one run", "run_id={sparse}&metric_key=curve")
    yield bulk("a run twice, and a missing one", f"run_id={{sparse}}&run_id={{sparse}}&run_id={NO_RUN}&metric_key=loss")
    yield bulk("limited", "run_id={dense}&metric_key=curve&max_results=3")
    yield bulk("infinity", "run_id={run}&metric_key=inf")
    yield bulk("missing metric", "run_id={run}&metric_key=nope")
    yield bulk("empty metric", "run_id={run}&metric_key=")
    yield bulk("missing run", f"run_id={NO_RUN}&metric_key=loss")
    yield bulk("without run", "metric_key=loss")
    yield bulk("without metric", "run_id={run}")
    yield bulk("101 runs", "&".join(f"run_id={number}" for number in range(101)) + "&metric_key=loss")
    yield bulk("max_results 0", "run_id={dense}&metric_key=curve&max_results=0")
    yield bulk("max_results as text", "run_id={dense}&metric_key=curve&max_results=abc")
    yield step("bulk history under the API", "GET", "metrics/get-history-bulk?run_id={run}&metric_key=loss")


def _interval() -> Iterator[Step]:
    def interval(name: str, /, query: str) -> Step:
        return step(f"interval history: {name}", "GET", f"metrics/get-history-bulk-interval?{query}")

    both = "run_ids={dense}&run_ids={sparse}&metric_key=curve"
    yield interval("everything", both)
    yield interval("one run, five values", "run_ids={dense}&metric_key=curve&max_results=5")
    yield interval("two runs, five values", f"{both}&max_results=5")
    yield interval("one value", f"{both}&max_results=1")
    yield interval("two values", f"{both}&max_results=2")
    yield interval("seven values", f"{both}&max_results=7")
    yield interval("part", f"{both}&start_step=5&end_step=20")
    yield interval("part, four values", f"{both}&start_step=5&end_step=20&max_results=4")
    yield interval("part before everything", f"{both}&start_step=-9&end_step=-5")
    yield interval("one step", f"{both}&start_step=17&end_step=17")
    yield step(
        "interval history, browser's prefix",
        "GET",
        f"{AJAX}metrics/get-history-bulk-interval?run_ids={{sparse}}&metric_key=curve",
    )
    yield interval("start without end", f"{both}&start_step=5")
    yield interval("end without start", f"{both}&end_step=5")
    yield interval("start after end", f"{both}&start_step=9&end_step=5")
    yield interval("start as text", f"{both}&start_step=abc&end_step=5")
    yield interval("max_results 0", f"{both}&max_results=0")
    yield interval("max_results 2501", f"{both}&max_results=2501")
    yield interval("max_results as text", f"{both}&max_results=abc")
    yield interval("without runs", "metric_key=curve")
    yield interval("without metric", "run_ids={dense}")
    yield interval("missing metric", "run_ids={dense}&metric_key=nope")
    yield interval("missing run", f"run_ids={NO_RUN}&metric_key=curve")
    yield interval("101 runs", "&".join(f"run_ids={number}" for number in range(101)) + "&metric_key=curve")


def _datasets() -> Iterator[Step]:
    bare = {"dataset": {"name": "beer", "digest": "def", "source_type": "http", "source": "{}"}}
    yield step("log inputs without tags", "POST", "runs/log-inputs", {"run_id": "{run_e}", "datasets": [bare]})
    yield step("get run with an untagged dataset", "GET", "runs/get?run_id={run_e}")

    def search(name: str, /, payload: Any, path: str = f"{AJAX}experiments/search-datasets") -> Step:
        return step(f"search datasets: {name}", "POST", path, payload)

    yield search("one", {"experiment_ids": ["{exp}"]})
    yield search("untagged", {"experiment_ids": ["{exp_b}"]})
    yield search("none there", {"experiment_ids": ["0"]})
    yield search(
        "under the API's odd path", {"experiment_ids": ["{exp}"]}, "/api/2.0mlflow/experiments/search-datasets"
    )
    yield search("under the API", {"experiment_ids": ["{exp}"]}, "/api/2.0/mlflow/experiments/search-datasets")
    yield search("without experiments", {})
    yield search("empty list", {"experiment_ids": []})
    yield search("21 experiments", {"experiment_ids": [str(number) for number in range(21)]})
    yield search("missing experiment", {"experiment_ids": ["999999"]})
    yield search("text id", {"experiment_ids": ["abc"]})
    yield search("numeric id", {"experiment_ids": [0]})
    yield search("id that is no list", {"experiment_ids": 0})
    yield step(
        "search datasets: other content type",
        "POST",
        f"{AJAX}experiments/search-datasets",
        raw="{}",
        headers={"Content-Type": "text/plain"},
    )


def _uploads() -> Iterator[Step]:
    def upload(name: str, /, query: str, raw: str = "abc") -> Step:
        path = f"{AJAX}upload-artifact?{query}"
        return step(f"upload as a browser: {name}", "POST", path, raw=raw, headers={"Content-Type": "text/plain"})

    yield upload("file", "run_uuid={dense}&path=x.txt")
    yield upload("in a folder", "run_uuid={dense}&path=a/b/y.json", '{"a": 1}')
    yield upload("again", "run_uuid={dense}&path=x.txt", "defg")
    yield upload("without run", "path=x.txt")
    yield upload("without path", "run_uuid={dense}")
    yield upload("nothing", "run_uuid={dense}&path=empty.txt", "")
    yield upload("climbing", "run_uuid={dense}&path=../x.txt")
    yield upload("missing run", f"run_uuid={NO_RUN}&path=x.txt")
    yield step("list what a browser uploaded", "GET", "artifacts/list?run_id={dense}")
    yield step("list what a browser uploaded, folder", "GET", "artifacts/list?run_id={dense}&path=a/b")


def _downloads() -> Iterator[Step]:
    def get(name: str, /, query: str) -> Step:
        return step(f"get artifact: {name}", "GET", f"/get-artifact?{query}")

    yield get("text", "run_id={dense}&path=x.txt")
    yield get("JSON in a folder", "run_uuid={dense}&path=a/b/y.json")
    yield get("missing", "run_id={dense}&path=nope.txt")
    yield get("climbing", "run_id={dense}&path=../x.txt")
    yield get("absolute", "run_id={dense}&path=/etc/passwd")
    yield get("missing run", f"run_id={NO_RUN}&path=x.txt")
    yield get("of a run in another location", "run_id={run_e}&path=x.txt")
    yield get("without run", "path=x.txt")
    yield get("without path", "run_id={dense}")

    def file(name: str, /, model: str, query: str) -> Step:
        return step(f"file of a logged model: {name}", "GET", f"{AJAX}logged-models/{model}/artifacts/files?{query}")

    yield file("there", "{model}", "artifact_file_path=MLmodel")
    yield file("missing", "{model}", "artifact_file_path=nope")
    yield file("climbing", "{model}", "artifact_file_path=../x")
    yield file("without path", "{model}", "path=MLmodel")
    yield file("missing model", "m-0", "artifact_file_path=MLmodel")

    def folder(name: str, /, model: str, query: str) -> Step:
        path = f"logged-models/{model}/artifacts/directories?artifact_directory_path={query}"
        return step(f"folder of a logged model: {name}", "GET", path)

    yield folder("missing", "{model}", "nope")
    yield folder("climbing", "{model}", "../x")
    yield folder("file", "{model}", "MLmodel")
    yield folder("missing model", "m-0", "x")

    model, create = {"name": "porter"}, "model-versions/create"
    yield step("create registered model with files", "POST", "registered-models/create", model)
    source = "mlflow-artifacts:/{exp}/{dense}/artifacts/a"
    yield step("create model version with files", "POST", create, {**model, "source": source, "run_id": "{dense}"})
    for name, query in (
        ("there", "name=porter&version=1&path=b/y.json"),
        ("missing", "name=porter&version=1&path=nope"),
        ("missing version", "name=porter&version=9&path=nope"),
        ("missing model", "name=nope&version=1&path=nope"),
        ("text for version", "name=porter&version=abc&path=nope"),
        ("without path", "name=porter&version=1"),
        ("without name", "version=1&path=x"),
    ):
        yield step(f"get artifact of a version: {name}", "GET", f"/model-versions/get-artifact?{query}")


def _proxy() -> Iterator[Step]:
    root = ARTIFACTS + "/{exp}/{dense}/artifacts"
    browser = root.replace("/api/", "/ajax-api/", 1)
    for name in (
        "%E6%BC%A2.csv",
        "50%25.txt",
        "a+b.md",
        "a;b=c.yaml",
        "~.py",
        ".hidden",
        "x.tar.gz",
        "x.png",
        "UPPER.TXT",
    ):
        yield step(f"upload named {name}", "PUT", f"{root}/names/{name}", raw=name, headers={})
        yield step(f"download named {name}", "GET", f"{root}/names/{name}")
    yield step("list odd names", "GET", ARTIFACTS + "?path={exp}/{dense}/artifacts/names")
    yield step("list odd names of the run", "GET", "artifacts/list?run_id={dense}&path=names")
    yield step("upload, browser's prefix", "PUT", f"{browser}/d/b.txt", raw="b", headers={})
    yield step("download, browser's prefix", "GET", f"{browser}/d/b.txt")
    yield step("upload in chunks is one file", "PUT", f"{root}/d/long.bin", raw="0123456789" * 1000, headers={})
    yield step("download of a folder", "GET", f"{root}/d")
    yield step("download of a file as a folder", "GET", f"{root}/d/b.txt/")
    yield step("upload to a folder's name", "PUT", f"{root}/d", raw="x", headers={})
    yield step("list what a folder's name took", "GET", ARTIFACTS + "?path={exp}/{dense}/artifacts/d")
    yield step("upload below a file", "PUT", f"{root}/d/b.txt/c", raw="x", headers={})
    yield step("upload with a trailing slash", "PUT", f"{root}/trailing/", raw="x", headers={})
    yield step("upload without a name", "PUT", ARTIFACTS + "/", raw="x", headers={})
    yield step("list with a slash first", "GET", ARTIFACTS + "?path=/etc")
    yield step("list with an empty path", "GET", "artifacts/list?run_id={dense}&path=")
    yield step("delete through the browser's prefix", "DELETE", f"{browser}/names/.hidden")
    yield step("delete missing file", "DELETE", f"{root}/nope.txt")
    yield step("delete climbing", "DELETE", ARTIFACTS + "/..%2fx")
    yield step("delete folder", "DELETE", f"{root}/names")
    yield step("list after deletes", "GET", "artifacts/list?run_id={dense}")
    yield step("options of an artifact", "OPTIONS", f"{root}/d/b.txt")
    yield step("foreign host on an artifact", "GET", f"{root}/d/b.txt", headers={"Host": "evil.example.com"})
    foreign = {"Origin": "https://evil.example.com"}
    yield step("foreign origin on an upload", "PUT", f"{root}/d/evil.txt", raw="x", headers=foreign)
    yield step("foreign origin on a download", "GET", f"{root}/d/b.txt", headers=foreign)
    yield step("foreign origin on a browser's upload", "PUT", f"{browser}/d/evil.txt", raw="x", headers=foreign)
    asks = {"Access-Control-Request-Method": "POST"}
    yield step("preflight of a foreign origin", "OPTIONS", "runs/create", headers={**foreign, **asks})
    local = {"Origin": "http://localhost:3000"}
    yield step("preflight of a local origin", "OPTIONS", "runs/create", headers={**local, **asks})
    yield step("local origin on an upload", "PUT", f"{root}/d/local.txt", raw="x", headers=local)


def _multipart() -> Iterator[Step]:
    multipart = "/api/2.0/mlflow-artifacts/mpu/"
    part = {"part_number": 1, "etag": "e", "url": "u"}
    for name, action, payload in (
        ("create without parts", "create", {"path": "x"}),
        ("create without path", "create", {"num_parts": 1}),
        ("create with text for parts", "create", {"path": "x", "num_parts": "many"}),
        ("complete", "complete", {"path": "x", "upload_id": "i", "parts": [part]}),
        ("complete with parts as a text", "complete", {"path": "x", "parts": "p"}),
        ("abort without path", "abort", {"upload_id": "i"}),
    ):
        yield step(f"multipart upload: {name}", "POST", f"{multipart}{action}/{{exp}}/x", payload)
    yield step("multipart upload: climbing", "POST", f"{multipart}create/..%2fx", {"path": "x", "num_parts": 1})
    where = {"run_id": "{dense}", "path": "x.txt"}
    yield step("presigned download through the proxy", "GET", "/api/2.0/mlflow-artifacts/presigned/{exp}/x")
    yield step("presigned download", "POST", "artifacts/presigned-download-url", where)
    yield step("presigned download without path", "POST", "artifacts/presigned-download-url", {"run_id": "{dense}"})
    yield step("presigned upload", "POST", "artifacts/presigned-upload-url", where)
    yield step("presigned upload, missing run", "POST", "artifacts/presigned-upload-url", {**where, "run_id": NO_RUN})
