"""The shipped systemd units and container file: what they name exists."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from twofold.cli.gallery import gallery_app
from twofold.gallery import KeySource
from twofold.gallery.errors import MasterKeyError

UNITS = ("twofold.service", "twofold-nightly.service", "twofold-nightly.timer")


@pytest.fixture(params=UNITS)
def unit(request: pytest.FixtureRequest, deploy: Path) -> Path:
    return deploy / str(request.param)


def values(path: Path, name: str) -> list[str]:
    """All values of a setting of a unit."""
    lines = path.read_text().splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{name}=")]


def serve_options() -> set[str]:
    """Of `twofold serve`."""
    import typer

    from twofold.cli.serve import serve_command

    app = typer.Typer()
    app.command()(serve_command)
    return {one for option in get_command(app).params for one in option.opts}


def test_systemd_takes_the_units(unit: Path, tmp_path: Path) -> None:
    """Checked with programs that are there, as those of the units need not be here."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not installed (Debian: apt install systemd)")
    for name in UNITS:
        text = re.sub(
            r"^(ExecStart=)\S+", r"\1/bin/true", (unit.parent / name).read_text(), flags=re.M
        )
        (tmp_path / name).write_text(text)
    checked = subprocess.run(
        [program, "verify", "--recursive-errors=no", "--man=no", str(tmp_path / unit.name)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = [line for line in checked.stderr.splitlines() if unit.name in line]
    assert (checked.returncode, told) == (0, []), checked.stderr


def test_the_service_is_confined(deploy: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not installed (Debian: apt install systemd)")
    checked = subprocess.run(
        [
            *(program, "security", "--offline=true", "--no-pager", "--threshold=15"),
            str(deploy / "twofold.service"),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", checked.stdout)
    assert exposure and float(exposure[1]) <= 1.5


def test_the_service_is_started_with_options_that_exist(deploy: Path) -> None:
    pytest.importorskip("twofold.cli.serve")
    (command,) = values(deploy / "twofold.service", "ExecStart")
    words = shlex.split(command)
    assert words[1] == "serve"
    given = {word for word in words if word.startswith("--")}
    assert given and given <= serve_options()


def test_the_container_file_names_settings_that_exist(deploy: Path) -> None:
    settings = pytest.importorskip("twofold.service.settings")
    text = (deploy / "Containerfile").read_text()
    named = set(re.findall(r"TWOFOLD_SERVE_([A-Z_]+)=", text))
    assert named and {name.lower() for name in named} <= set(settings.ServiceSettings.model_fields)
    assert re.search(r"^USER \d+$", text, re.M)


def test_the_nightly_commands_exist(deploy: Path) -> None:
    commands = [shlex.split(one) for one in values(deploy / "twofold-nightly.service", "ExecStart")]
    assert commands[0][1:3] == ["gallery", "expire"]
    told = CliRunner().invoke(gallery_app, [*commands[0][2:3], "--help"])
    assert told.exit_code == 0
    assert (deploy / Path(commands[1][0]).name).is_file()


def test_a_key_that_systemd_hands_over_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newer versions give it by an access list, so that its mode looks like 0440."""
    place = tmp_path / "master-key"
    place.write_text(bytes(range(32)).hex())
    place.chmod(0o440)
    with pytest.raises(MasterKeyError, match="others may read it"):
        KeySource.from_file(place).read()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    KeySource.from_file(place).read()
    place.chmod(0o444)
    with pytest.raises(MasterKeyError, match="others may read it"):
        KeySource.from_file(place).read()
