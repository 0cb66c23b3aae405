"""What separates the service's process from its workers."""

import subprocess
import sys

import pytest

from tests.service.conftest import ROOT

# A parent may trace its child even where Yama restricts tracing; it is no administrator.
LOOK = """
import ctypes, os, resource, sys
from twofold.service import processes

def readable(process):
    try:
        os.close(os.open(f"/proc/{process}/mem", os.O_RDONLY))
    except PermissionError:
        return False
    return True

if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
ours, theirs = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # changing the user has cleared it
    os.write(theirs[1], b".")
    os.read(ours[0], 1)
    processes.shut()
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    assert open("/proc/self/stat").read() and os.listdir("/proc/self/fd")
    os.write(theirs[1], b".")
    os.read(ours[0], 1)
    os._exit(0)
os.read(theirs[0], 1)
before = readable(child)
os.write(ours[1], b".")
os.read(theirs[0], 1)
after = readable(child)
os.write(ours[1], b".")
assert os.waitpid(child, 0)[1] == 0
print(before, after)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc and prctl are Linux'")
def test_nobody_reads_the_services_memory() -> None:
    """Not even a process of the same user, as a worker is."""
    told = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if "Operation not permitted" in told.stderr:
        pytest.skip("this process may not become another user")
    assert told.stderr == ""
    before, after = told.stdout.split()
    if before == "False":
        pytest.skip("nobody may trace anybody here anyway")
    assert after == "False"
