"""The head's pose from five landmarks, by a mean head seen from afar (weak perspective).

DeMenthon, Davis: Model-based object pose in 25 lines of code. IJCV 15 (1995), its first step (POS).
Five points give the pose within some ten degrees: enough to warn, not to measure.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A rounded mean adult head, millimetres: x to the right of the picture, y down, z to the camera.
# The nose's height makes the median pitch of ORL and LFW zero.
_HEAD = np.array(
    [
        [-32.0, 0.0, 0.0],
        [32.0, 0.0, 0.0],
        [0.0, 41.0, 28.0],
        [-25.0, 72.0, 4.0],
        [25.0, 72.0, 4.0],
    ]
)


@dataclass(frozen=True)
class Pose:
    """Angles in degrees, 0 when the face looks into the camera (ISO/IEC 39794-5's axes).

    Attributes:
        yaw: positive when the nose points to the right of the picture.
        pitch: positive when the nose points up.
        roll: positive when the head leans clockwise on the picture.
    """

    yaw: float
    pitch: float
    roll: float


def pose(landmarks: NDArray[np.float64]) -> Pose:
    """Pose of a head.

    Args:
        landmarks: (5, 2) pixels, in the order of `Detection.landmarks`.

    Returns:
        Angles; each within -90 to 90, roll within -180 to 180.
    """
    eyes = landmarks[1] - landmarks[0]
    roll = float(np.degrees(np.arctan2(eyes[1], eyes[0])))
    # Upright first: then the least-squares rows below are about the axes of the picture.
    cosine, sine = np.cos(np.radians(-roll)), np.sin(np.radians(-roll))
    upright = landmarks @ np.array([[cosine, sine], [-sine, cosine]])
    centred = _HEAD - _HEAD.mean(axis=0)
    rows = np.linalg.lstsq(centred, upright - upright.mean(axis=0), rcond=None)[0].T
    across, down = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    yaw = float(np.degrees(np.arcsin(np.clip(across[2], -1, 1))))
    pitch = float(np.degrees(-np.arcsin(np.clip(down[2], -1, 1))))
    return Pose(yaw, pitch, roll)
