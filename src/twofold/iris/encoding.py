"""Turns an unrolled iris into bits: in which quarter the phase of its waves lies, place by place.

Log-Gabor waves around the iris (Field, JOSA A 4(12), 1987; for irises Masek and Kovesi, 2003), on
bands smoothed across. The signs of the real and the imaginary part are the bits: Daugman's phase
demodulation (IEEE Trans. PAMI 15(11), 1993). Parts that are small change their sign from picture to
picture; these fragile bits (Hollingsworth, Bowyer, Flynn, IEEE Trans. PAMI 31(6), 2009) are masked
like covered ones.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from twofold.iris.code import CodeLayout, IrisCode, pack
from twofold.iris.enhancement import enhance
from twofold.iris.trust import trusted
from twofold.iris.unwrapping import Floats, Mask, Strip

Answers = NDArray[np.complex64]


@dataclass(frozen=True)
class Wave:
    """One complex filter.

    Attributes:
        length: of the wave, as a share of the way around the iris.
        spread: how broad its spectrum is: standard deviation over middle frequency on a logarithmic
            axis, 0 to 1; 0.55 is about 2 octaves, 0.25 nearly 5.
        reach: standard deviation of the smoothing across, as a share of the way from pupil to
            limbus.
    """

    length: float
    spread: float = 0.25
    reach: float = 1.5 / 64


@dataclass(frozen=True)
class Encoding:
    """Everything that decides about the bits of a strip.

    Attributes:
        waves: two planes of bits each, the real part's first.
        bands: of the code, at the middles of equal steps from pupil to limbus.
        angles: of the code; divides the number of angles of the strip.
        visible: share of a filter's surroundings that must be visible.
        fragile: share of the visible bits of each plane that is masked as fragile.
    """

    waves: tuple[Wave, ...] = (Wave(20 / 512),)
    bands: int = 16
    angles: int = 128
    visible: float = 0.9
    fragile: float = 0.3

    @property
    def layout(self) -> CodeLayout:
        """Shape of the codes."""
        return CodeLayout(self.angles, self.bands, 2 * len(self.waves))


DEFAULT = Encoding()


def encode(strip: Strip, encoding: Encoding = DEFAULT) -> IrisCode:
    """Code of a strip as `unwrap` makes it."""
    even = enhance(trusted(strip))
    seen = even.mask.astype(np.float32)
    bits, known = [], []
    for wave in encoding.waves:
        answer = respond(even.pixels, wave, encoding)
        visible = _surroundings(seen, wave, encoding) >= encoding.visible
        for part in (answer.real, answer.imag):
            bits.append(part > 0)
            known.append(visible & ~_fragile(np.abs(part), visible, encoding.fragile))
    # (planes, bands, angles) -> (angles, planes, bands)
    return IrisCode(
        encoding.layout,
        pack(np.stack(bits).transpose(2, 0, 1)),
        pack(np.stack(known).transpose(2, 0, 1)),
    )


def respond(even: Floats, wave: Wave, encoding: Encoding) -> Answers:
    """Answers of one wave at the places of the code, complex64 (bands, angles).

    Args:
        even: float32 (bands, angles) of the strip, as `enhance` makes it.
        wave: the filter.
        encoding: whose places are wanted.
    """
    bands, angles = even.shape
    sigma = wave.reach * bands
    across = cv2.GaussianBlur(
        even, (1, _width(sigma)), sigmaX=1, sigmaY=sigma, borderType=cv2.BORDER_CONSTANT
    )[_rows(encoding.bands, bands)]
    spectrum = fft.fft(across, axis=1) * _spectrum(angles, wave.length * angles, wave.spread)
    answer = fft.ifft(spectrum, axis=1)
    return np.asarray(answer[:, :: angles // encoding.angles], np.complex64)


@lru_cache(maxsize=16)
def _spectrum(angles: int, length: float, spread: float) -> Floats:
    frequency = np.fft.fftfreq(angles)
    spectrum = np.zeros(angles, np.float32)
    positive = frequency > 0  # one side only: the answer is then complex
    distance = np.log(frequency[positive] * length) / np.log(spread)
    spectrum[positive] = np.exp(-0.5 * np.square(distance))
    return spectrum


def _surroundings(seen: Floats, wave: Wave, encoding: Encoding) -> Floats:
    """Share of what a filter sees that is visible, float32 (bands, angles) of the code."""
    bands, angles = seen.shape
    along, across = wave.length * angles / 3, wave.reach * bands
    width = _width(along)
    ring = np.concatenate([seen[:, -width:], seen, seen[:, :width]], axis=1)
    share = cv2.GaussianBlur(
        ring,
        (width, _width(across)),
        sigmaX=along,
        sigmaY=across,
        borderType=cv2.BORDER_REPLICATE,
    )[:, width : width + angles]
    return np.asarray(share[_rows(encoding.bands, bands)][:, :: angles // encoding.angles])


def _fragile(size: Floats, visible: Mask, share: float) -> Mask:
    """The `share` of the visible places with the smallest answers."""
    if share <= 0 or not visible.any():
        return np.zeros_like(visible)
    return np.asarray(size <= np.quantile(size[visible], share))


def _rows(wanted: int, bands: int) -> NDArray[np.int64]:
    return ((np.arange(wanted) + 0.5) / wanted * bands).astype(np.int64)


def _width(sigma: float) -> int:
    return 2 * int(np.ceil(3 * sigma)) + 1
