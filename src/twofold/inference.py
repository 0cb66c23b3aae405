"""The one door to ONNX Runtime, with its telemetry off.

Official builds since 1.29 collect usage (an identifier of the device, digests of graphs and
weights, times) and send it to their maker, unless ORT_DISABLE_TELEMETRY is set before the library
is loaded (docs/Privacy.md of ONNX Runtime). What sees people's faces and irises tells nobody.
"""

import os
from typing import Any

SWITCH = "ORT_DISABLE_TELEMETRY"


def onnx_runtime() -> Any:
    """The module `onnxruntime`, loaded when it is first asked for, with telemetry off.

    A value that the user gave to ORT_DISABLE_TELEMETRY is kept.
    """
    os.environ.setdefault(SWITCH, "1")
    import onnxruntime

    if os.environ[SWITCH] == "1":
        onnxruntime.disable_telemetry_events()  # for who loaded it before us
    return onnxruntime
