"""`twofold serve` as an operator runs it: what it refuses, and that it serves by TLS."""

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from typer.testing import CliRunner

from twofold.cli.main import app
from twofold.errors import OptionError
from twofold.gallery import Gallery, KeySource, generate_key_file
from twofold.service.settings import ServiceSettings, loopback


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in os.environ if one.startswith("TWOFOLD_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def place(tmp_path: Path) -> list[str]:
    """Options that name an empty gallery."""
    generate_key_file(tmp_path / "master.key")
    Gallery.open(
        tmp_path / "people.gallery", key=KeySource.from_file(tmp_path / "master.key")
    ).close()
    return [
        "--gallery", str(tmp_path / "people.gallery"), "--key", str(tmp_path / "master.key")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--host", "0.0.0.0"], "travel in clear"),
        (["--host", "192.168.1.7"], "travel in clear"),
        (["--tls-key", "key.pem"], "TLS needs both"),
        ([], "no API key"),
    ],
)
def test_it_does_not_start_open(place: list[str], words: list[str], told: str) -> None:
    done = CliRunner().invoke(app, ["serve", *place, *words])
    assert isinstance(done.exception, OptionError)
    assert told in str(done.exception)


def test_the_environment_sets_what_is_not_given(
    place: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWOFOLD_SERVE_HOST", "0.0.0.0")
    done = CliRunner().invoke(app, ["serve", *place])
    assert "0.0.0.0" in str(done.exception)
    monkeypatch.setenv("TWOFOLD_SERVE_WORKERS", "none")
    done = CliRunner().invoke(app, ["serve", *place])
    assert "TWOFOLD_SERVE_WORKERS" in str(done.exception)


def test_loopback() -> None:
    for host in ("localhost", "127.0.0.1", "127.8.8.8", "::1", "[::1]"):
        assert loopback(host)
    for host in ("0.0.0.0", "::", "10.0.0.1", "example.org", "localhost.example.org"):
        assert not loopback(host)
    ServiceSettings(host="0.0.0.0", behind_proxy="10.0.0.2").require_safe()
    ServiceSettings(host="0.0.0.0", insecure=True).require_safe()


def test_it_serves_by_tls_and_ends_in_order(place: list[str], tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["keys", "new", "front desk", "--scope", "admin", *place])
    (key,) = re.findall(r"tf_[0-9a-f]{16}_\S+", made.output)
    certificate, private = _certificate(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = subprocess.Popen(
        [
            *(str(Path(sys.executable).with_name("twofold")), "serve", *place, "--port", str(port)),
            *("--workers", "1", "--tls-certificate", str(certificate), "--tls-key", str(private)),
        ],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    trusting = ssl.create_default_context(cafile=certificate)
    try:
        with httpx.Client(base_url=f"https://localhost:{port}", verify=trusting) as client:
            until = time.monotonic() + 60
            while True:
                try:
                    assert client.get("/v1/health/ready").status_code == 200
                    break
                except httpx.TransportError:
                    assert time.monotonic() < until and running.poll() is None
                    time.sleep(0.1)
            answer = client.post("/v1/session", json={"key": key})
            assert "secure" in answer.headers["set-cookie"].lower()
            assert "strict-transport-security" in answer.headers
        with (
            httpx.Client(base_url=f"http://localhost:{port}") as clear,
            pytest.raises(httpx.TransportError),
        ):
            clear.get("/v1/health/live")
    finally:
        running.send_signal(signal.SIGTERM)
        told, _ = running.communicate(timeout=30)
    assert running.returncode in (0, -signal.SIGTERM), told
    assert f"https://127.0.0.1:{port}/console" in told
    assert key not in told
    assert "Traceback" not in told


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Of localhost, by itself."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(private, hashes.SHA256())
    )
    certificate, key = folder / "tls.pem", folder / "tls.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )  # fmt: skip
    return certificate, key
