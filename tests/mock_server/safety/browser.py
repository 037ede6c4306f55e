"""A real browser attacks control: pages of other origins, and a page whose host name was rebound to loopback.

What a page of a hostile site can do is in `ATTACKS`: JavaScript that returns what it could read. The same code run by
a page of the mock's own origin is the counter-check: there it reads and changes what it wants.
"""

from __future__ import annotations

import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hokusai_mock import MockServer
from hokusai_mock.admin import guard

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["ATTACKS", "Report", "attack", "chromium"]

SECRET = "victim-of-a-page"
"""The id of a sandbox: whoever reads control sees it."""

_READ = "async r => `${r.type} ${r.status} ${await r.text()}`"
_WAIT = "(element, url) => new Promise(done => { element.onload = element.onerror = e => done(e.type); "
_POST = "JSON.stringify({name: 'auth.key_invalid'})"

ATTACKS: dict[str, str] = {
    "fetch": f"url => fetch(url).then({_READ})",
    "fetch with credentials": f"url => fetch(url, {{credentials: 'include'}}).then({_READ})",
    "fetch without CORS": f"url => fetch(url, {{mode: 'no-cors'}}).then({_READ})",
    "fetch with a header": f"url => fetch(url, {{headers: {{'X-Hokusai-Testkit-Token': 'x'}}}}).then({_READ})",
    "XMLHttpRequest": "url => new Promise(done => { const x = new XMLHttpRequest(); x.open('GET', url); "
    "x.onloadend = () => done(`${x.status} ${x.responseText}`); x.send() })",
    "post text": f"url => fetch(url + '/scenarios', {{method: 'POST', body: {_POST}}}).then({_READ})",
    "post text without CORS": f"url => fetch(url + '/scenarios', {{method: 'POST', mode: 'no-cors', body: {_POST}}})"
    f".then({_READ})",
    "post JSON": f"url => fetch(url + '/scenarios', {{method: 'POST', body: {_POST}, "
    f"headers: {{'Content-Type': 'application/json'}}}}).then({_READ})",
    "post a blob that says it is JSON": f"url => fetch(url + '/scenarios', {{method: 'POST', mode: 'no-cors', "
    f"body: new Blob([{_POST}], {{type: 'application/json'}})}}).then({_READ})",
    "delete": f"url => fetch(url, {{method: 'DELETE'}}).then({_READ})",
    "put": f"url => fetch(url + '/profile', {{method: 'PUT', body: '{{}}'}}).then({_READ})",
    "beacon": f"url => String(navigator.sendBeacon(url + '/reset', {_POST}))",
    "beacon of JSON": f"url => String(navigator.sendBeacon(url + '/scenarios', "
    f"new Blob([{_POST}], {{type: 'application/json'}})))",
    "image": f"url => ({_WAIT} element.src = url }}))(new Image(), url)",
    "script": f"url => ({_WAIT} element.src = url; document.head.append(element) }}))"
    "(document.createElement('script'), url)",
    "module": f"url => ({_WAIT} element.type = 'module'; element.src = url; document.head.append(element) }}))"
    "(document.createElement('script'), url)",
    "import()": "url => import(url).then(m => JSON.stringify(m))",
    "stylesheet": f"url => ({_WAIT} element.rel = 'stylesheet'; element.href = url; document.head.append(element) }}))"
    "(document.createElement('link'), url)",
    "iframe": f"url => ({_WAIT} element.src = url; document.body.append(element) }}).then(() => "
    "element.contentDocument.body.innerText))(document.createElement('iframe'), url)",
    "window": "url => new Promise((done, fail) => { const w = window.open(url); setTimeout(() => { try { "
    "done(w.document.body.innerText) } catch (e) { fail(e) } finally { w && w.close() } }, 300) })",
    "form": "url => new Promise(done => { const f = document.createElement('form'), "
    "i = document.createElement('iframe'); i.name = 'sink'; document.body.append(i, f); "
    "f.method = 'POST'; f.target = 'sink'; f.action = url + '/reset'; "
    "i.onload = () => { let read = 'closed'; try { read = i.contentDocument.body.innerText } catch (e) {} done(read) };"
    " f.submit() })",
    "form of text": "url => new Promise(done => { const f = document.createElement('form'), "
    "i = document.createElement('iframe'), n = document.createElement('input'); i.name = 'sink2'; "
    'document.body.append(i, f); f.append(n); n.name = \'{"name":"auth.key_invalid","params":{"x\'; '
    "n.value = '\":1}}'; f.method = 'POST'; f.enctype = 'text/plain'; f.target = 'sink2'; "
    "f.action = url + '/scenarios'; i.onload = () => { let read = 'closed'; "
    "try { read = i.contentDocument.body.innerText } catch (e) {} done(read) };"
    " f.submit() })",
    "event source": "url => new Promise(done => { const s = new EventSource(url); "
    "s.onmessage = e => done(e.data); s.onerror = e => { s.close(); done('error') } })",
    "web socket": "url => new Promise(done => { const s = new WebSocket(url.replace('http', 'ws')); "
    "s.onopen = () => done('open ' + s.protocol); s.onmessage = e => done(e.data); s.onerror = () => done('error') })",
    "worker": "url => new Promise(done => { const code = `fetch('${url}').then(r => r.text()).then(postMessage)"
    ".catch(e => postMessage('error'))`; new Worker(URL.createObjectURL(new Blob([code]))).onmessage = "
    "e => done(e.data) })",
}


@dataclass
class Report:
    """What happened."""

    browser: str
    attempts: int = 0
    arrived: list[str] = field(default_factory=list)
    """Requests of hostile pages that reached control."""
    let_in: list[str] = field(default_factory=list)
    """Those that the guard let in."""
    read: list[str] = field(default_factory=list)
    """Attacks that read something of control."""
    changed: list[str] = field(default_factory=list)
    """Origins whose attacks changed something."""
    own_page_reads: bool = False
    own_page_changes: bool = False


def chromium() -> str | None:
    """Where a Chromium is installed, as the system's packages name it."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


class _Hostile(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = b"<!doctype html><meta charset=utf-8><title>hostile</title><body>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: Any) -> None:
        return


class _Site(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser hangs up when it likes."""


@contextmanager
def _hostile_site() -> Iterator[int]:
    with _Site(("127.0.0.1", 0), _Hostile) as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        try:
            yield site.server_port
        finally:
            site.shutdown()
            thread.join()


@contextmanager
def _watched_guard() -> Iterator[list[tuple[str, str | None]]]:
    """What the guard was asked, and why it refused."""
    asked: list[tuple[str, str | None]] = []
    refuse = guard.refuse

    def watched(environ: Any, *arguments: Any) -> str | None:
        reason = refuse(environ, *arguments)
        asked.append((f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}", reason))
        return reason

    guard.refuse = watched
    try:
        yield asked
    finally:
        guard.refuse = refuse


def attack(executable: str) -> Report:
    """Let every hostile page try everything."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - needed by the slow tier alone

    arguments = ["--no-sandbox", "--host-resolver-rules=MAP evil.test 127.0.0.1, MAP rebound.test 127.0.0.1"]
    with _hostile_site() as hostile, MockServer(seed=1) as server, _watched_guard() as asked, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=executable, args=arguments)
        try:
            siege = _Siege(browser, server, asked, Report(browser.version))
            for host in ("127.0.0.1", "localhost", "evil.test"):
                siege.attack_from(f"http://{host}:{hostile}/", server.url)
                siege.attack_from(f"http://{host}:{hostile}/", f"http://localhost:{server.port}")
            # The name was rebound: to the browser, page and control are one origin.
            rebound = f"http://rebound.test:{server.port}"
            siege.attack_from(f"{rebound}/health", rebound)
            siege.counter_check()
        finally:
            browser.close()
    return siege.report


@dataclass
class _Siege:
    """A browser, a mock, and what happened so far."""

    browser: Browser
    server: MockServer
    asked: list[tuple[str, str | None]]
    report: Report

    def attack_from(self, page_url: str, target: str) -> None:
        """Try every attack on `target` from pages at `page_url`."""
        report, before = self.report, self._state()
        self.asked.clear()
        for name, code in ATTACKS.items():
            page = _page(self.browser, page_url)
            for url in (f"{target}/_testkit/v1/sandboxes", f"{target}/_testkit/v1/sandboxes/{SECRET}"):
                outcome = _try(page, code, url)
                report.attempts += 1
                if SECRET in outcome or "max_sandboxes" in outcome:
                    report.read.append(f"{name} from {page_url}: {outcome[:200]}")
            page.context.close()
        report.arrived += [f"{page_url}: {request}" for request, _ in self.asked]
        report.let_in += [f"{page_url}: {request}" for request, reason in self.asked if reason is None]
        if self._state() != before:
            report.changed.append(page_url)

    def counter_check(self) -> None:
        """The same code works where it may: on a page of the mock's own origin."""
        page = _page(self.browser, f"{self.server.url}/health")
        url = f"{self.server.url}/_testkit/v1/sandboxes"
        self.report.own_page_reads = SECRET in _try(page, ATTACKS["fetch"], url)
        before = self._state()
        _try(page, ATTACKS["post JSON"], f"{url}/{SECRET}")
        self.report.own_page_changes = self._state() != before
        page.context.close()

    def _state(self) -> list[Any]:
        """All that control could change; taken without asking control."""
        worlds = self.server.worlds
        worlds.get(SECRET)
        return [(one.id, id(one), one.scenarios, one.mlflow.name, dict(one.keys)) for one in worlds.all()]


def _page(browser: Browser, url: str) -> Page:
    page = browser.new_context().new_page()
    page.goto(url)
    return page


def _try(page: Page, code: str, url: str) -> str:
    """What the code could read, or why it could not."""
    in_time = "(code, url) => Promise.race([Promise.resolve().then(() => eval(code)(url)).catch(e => 'no: ' + e), "
    in_time += "new Promise(done => setTimeout(() => done('nothing came'), 8000))])"
    outcome = str(page.evaluate(f"([code, url]) => ({in_time})(code, url)", [code, url]))
    return outcome.replace(url, "the URL")
