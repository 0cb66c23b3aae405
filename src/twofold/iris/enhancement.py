"""Evens out light and contrast on an unrolled iris, without letting covered places bleed in."""

import cv2
import numpy as np

from twofold.iris.unwrapping import Floats, Strip

_ANGLES = 36 / 512  # reach of the surroundings around the iris, as a share of its angles
_BANDS = 6 / 64  # and from pupil to limbus
_COARSE = 2, 8  # bands and angles joined before smoothing, for speed
_LEAST = 1.5  # grey levels of spread below which there is only noise to enlarge
_MOST = 3.0  # spreads at which a place is cut: a lash that the mask missed must not ring


def enhance(strip: Strip) -> Strip:
    """The strip with local mean 0 and local spread 1, cut at -3 and 3; covered places are 0.

    Mean and spread are taken over visible places near by, weighted by a Gaussian (normalised
    convolution, Knutsson and Westin, CVPR 1993), so that neither a shadow's slope nor a lid's edge
    turns into texture.
    """
    seen = strip.mask.astype(np.float32)
    weight = _smooth(seen) + np.float32(1e-3)
    flat = (strip.pixels - _smooth(strip.pixels * seen) / weight) * seen
    spread = np.sqrt(_smooth(flat * flat) / weight) + np.float32(_LEAST)
    return Strip(np.clip(flat / spread, -_MOST, _MOST), strip.mask)


def _smooth(strip: Floats) -> Floats:
    """Gaussian mean; nothing lies beyond pupil and limbus, and angles close in a ring."""
    bands, angles = strip.shape
    reach = min(angles, int(np.ceil(3 * _ANGLES * angles / _COARSE[1])) * _COARSE[1])
    ring = np.concatenate([strip[:, -reach:], strip, strip[:, :reach]], axis=1)
    rows, columns = max(1, bands // _COARSE[0]), max(1, ring.shape[1] // _COARSE[1])
    smooth = cv2.GaussianBlur(
        cv2.resize(ring, (columns, rows), interpolation=cv2.INTER_AREA),
        (0, 0),
        sigmaX=_ANGLES * angles / _COARSE[1],
        sigmaY=_BANDS * bands / _COARSE[0],
        borderType=cv2.BORDER_CONSTANT,
    )
    whole = cv2.resize(smooth, ring.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(whole[:, reach : reach + angles])
