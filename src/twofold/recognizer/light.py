"""In which light a picture of an eye was taken, as far as the picture itself can tell.

Colour tells: a picture whose channels differ was taken in visible light. Grey pictures do not tell;
docs/recognizing.md has the measurement. For them the light is unknown unless it is named.
"""

import numpy as np

from twofold.images import Pixels
from twofold.template import Light

COLOURED = 4.0  # grey levels between the strongest and the weakest channel, on average


def seen_light(picture: Pixels) -> Light | None:
    """ "visible" for a picture in colour, None for a grey one.

    Args:
        picture: uint8 (height, width) or (height, width, 3).
    """
    if picture.ndim == 2:
        return None
    channels = picture[:: max(1, len(picture) // 256)].astype(np.int16)
    spread = channels.max(axis=2) - channels.min(axis=2)
    return "visible" if float(spread.mean()) >= COLOURED else None
