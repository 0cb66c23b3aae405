"""The shipped nginx configuration, run by a real nginx before a small server."""

import http.client
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

BIG = 15 << 20
NAME = "twofold.example.org"


class Front(NamedTuple):
    """A running nginx: ports, the certificate to trust, and its folder."""

    tls: int
    plain: int
    certificate: Path
    folder: Path

    def ask(
        self, method: str, path: str, body: object = None, name: str = NAME, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(name)
        with self.connected(name) as connection.sock:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()

    def connected(self, name: str = NAME) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(self.certificate))
        raw = socket.create_connection(("127.0.0.1", self.tls), timeout=30)
        return context.wrap_socket(raw, server_hostname=name)

    def begun(self, size: int) -> ssl.SSLSocket:
        """A connection on which the body of a request is still to come."""
        connection = self.connected()
        head = f"POST /v1/verify HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: {size}\r\n\r\n"
        connection.sendall(head.encode())
        return connection


class Behind(http.server.BaseHTTPRequestHandler):
    """Tells what reached it."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        left = size = int(self.headers.get("Content-Length", 0))
        while left:
            part = self.rfile.read(min(left, 1 << 16))
            if not part:
                return  # the client went away
            left -= len(part)
            time.sleep(0.001)  # slower than nginx, which would have to keep what it reads
        told = json.dumps({"headers": dict(self.headers), "size": size}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_: object) -> None:
        pass


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def behind() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Behind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def front(deploy: Path, behind: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None or shutil.which("openssl") is None:
        pytest.skip("nginx or openssl is not installed (Debian: apt install nginx openssl)")
    folder = tmp_path_factory.mktemp("nginx")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", f"/CN={NAME}"),
            *("-addext", f"subjectAltName=DNS:{NAME}"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "fullchain.pem")),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    tls, plain = free_port(), free_port()
    text = (deploy / "nginx.conf").read_text()
    text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.M)
    for old, new in {
        "user www-data;": "",
        "worker_processes auto": "worker_processes 1",
        "/run/nginx.pid": str(folder / "pid"),
        "/var/log/nginx": str(folder),
        "/etc/ssl/twofold": str(folder),
        "listen 443": f"listen 127.0.0.1:{tls}",
        "listen 80": f"listen 127.0.0.1:{plain}",
        "127.0.0.1:8400": f"127.0.0.1:{behind}",
        "    server_tokens off;": "    server_tokens off;\n" + _temporary(folder),
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    (folder / "nginx.conf").write_text(text)
    words = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    words += ["-e", str(folder / "error.log")]
    checked = subprocess.run([*words, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    warnings = [one for one in checked.stderr.splitlines() if "[warn]" in one]
    assert all("http2" in one for one in warnings), warnings  # newer ones prefer another form
    running = subprocess.Popen([*words, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
    try:
        _await(tls)
        yield Front(tls, plain, folder / "fullchain.pem", folder)
    finally:
        running.terminate()
        running.wait(30)


def _temporary(folder: Path) -> str:
    """Where nginx would put what it cannot keep in memory."""
    return "".join(
        f"    {kind}_temp_path {folder}/temporary;\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )


def _await(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("nginx does not listen")


def changed(folder: Path) -> tuple[int, int]:
    """Marks of the folder of temporary files: it changes when a file is made or removed."""
    found = (folder / "temporary").stat()
    return found.st_mtime_ns, found.st_nlink


def test_a_large_upload_is_passed_on_without_a_file(front: Front) -> None:
    before = changed(front.folder)
    status, headers, told = front.ask("POST", "/v1/verify", b"x" * BIG)
    assert (status, json.loads(told)["size"]) == (200, BIG)
    assert changed(front.folder) == before
    assert headers["strict-transport-security"] == "max-age=63072000"
    assert headers["server"] == "nginx"


def test_http2_uploads_make_no_file_either(front: Front) -> None:
    curl = shutil.which("curl")
    if curl is None or b"HTTP2" not in subprocess.run([curl, "-V"], capture_output=True).stdout:
        pytest.skip("curl with HTTP/2 is not installed (Debian: apt install curl)")
    before = changed(front.folder)
    told = subprocess.run(
        [
            *(curl, "-s", "--http2", "--cacert", str(front.certificate), "--data-binary", "@-"),
            *("--resolve", f"{NAME}:{front.tls}:127.0.0.1", "-w", "%{http_version} %{http_code}"),
            *("-o", os.devnull, f"https://{NAME}:{front.tls}/v1/verify"),
        ],
        input=b"x" * BIG, capture_output=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    assert told == b"2 200"
    assert changed(front.folder) == before


def test_a_body_beyond_the_limit_is_refused(front: Front) -> None:
    with front.begun(21 << 20) as connection:
        assert connection.recv(1024).startswith(b"HTTP/1.1 413")


def test_what_a_client_says_of_its_address_is_dropped(front: Front) -> None:
    forged = {
        "X-Forwarded-For": "10.9.8.7",
        "X-Forwarded-Proto": "http",
        "Forwarded": "for=1.1.1.1",
    }
    _, _, told = front.ask("GET", "/v1/models", None, **forged)
    found = json.loads(told)["headers"]
    assert found["X-Forwarded-For"] == "127.0.0.1"
    assert found["X-Forwarded-Proto"] == "https"
    assert found["Host"] == NAME
    assert "Forwarded" not in found


def test_no_log_holds_a_name(front: Front) -> None:
    front.ask("GET", "/v1/subjects/ada%20lovelace?x=charles")
    front.ask("DELETE", "/v1/subjects/ada/references/7")
    front.ask("GET", "/v1/audit?subject=ada")
    front.ask("GET", "/other/ada")
    time.sleep(0.1)
    text = (front.folder / "twofold.log").read_text()
    assert "GET /v1/subjects/- 200" in text
    assert "DELETE /v1/subjects/-/references 200" in text
    assert "GET /v1/audit 200" in text
    for log in front.folder.glob("*.log"):
        assert not re.search("ada|lovelace|charles", log.read_text())


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
def test_only_this_name_and_only_tls(front: Front) -> None:
    with pytest.raises(ssl.SSLError):
        front.ask("GET", "/", name="other.example.org")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", front.tls), timeout=10) as raw,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        old.wrap_socket(raw, server_hostname=NAME)
    plain = http.client.HTTPConnection("127.0.0.1", front.plain, timeout=10)
    for path, expected in (("/v1/subjects", 403), ("/console/", 301)):
        plain.request("GET", path, headers={"Host": NAME})
        answer = plain.getresponse()
        answer.read()
        assert answer.status == expected
    assert answer.getheader("Location") == f"https://{NAME}/console/"


def test_one_address_gets_so_many_connections(front: Front) -> None:
    with ExitStack() as held:
        for _ in range(32):
            held.enter_context(front.begun(10))
        until = time.monotonic() + 5  # nginx may not have read the last of them yet
        while (status := front.ask("GET", "/v1/models")[0]) != 429:
            assert time.monotonic() < until, status
    until = time.monotonic() + 5
    while (status := front.ask("GET", "/v1/models")[0]) != 200:
        assert time.monotonic() < until, status
