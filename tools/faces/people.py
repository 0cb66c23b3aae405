"""Who is drawn: identities, and the circumstances of each picture of one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_OPPOSITES = (
    *(("decr", "incr"), ("down", "up"), ("in", "out"), ("backward", "forward")),
    *(("concave", "convex"), ("compress", "uncompress")),
)
# Standard deviation and bound of the weights of detail targets, tamed so that nobody is a
# caricature. The full range of a target is 1.
_DETAIL = {
    "cheek": (0.42, 0.8),
    "chin": (0.27, 0.5),
    "ears": (0.3, 0.6),
    "eyebrows": (0.4, 0.75),
    "eyes": (0.36, 0.7),
    "forehead": (0.18, 0.35),
    "mouth": (0.24, 0.45),
    "neck": (0.2, 0.4),
    "nose": (0.27, 0.5),
}
_SKULL = (0.12, 0.24)  # head-scale, head-fat, head-age, head-angle ...
_STILL = ("head-trans", "neck-trans", "measure-neck-height", "head-back", "nose-trans-in")
_HAIR = np.array(  # linear RGB of dark to fair hair, and grey
    [[0.012, 0.009, 0.008], [0.035, 0.02, 0.012], [0.1, 0.055, 0.028], [0.22, 0.09, 0.035],
     [0.42, 0.28, 0.13], [0.4, 0.39, 0.37]]
)  # fmt: skip
_IRIS = np.array([[0.05, 0.025, 0.012], [0.13, 0.08, 0.03], [0.13, 0.16, 0.07], [0.14, 0.24, 0.36]])


@dataclass(frozen=True)
class Hair:
    """Hair: `style` bald, shaved, short, curly, parted or back; lengths in decimetres.

    `length` is how far it falls below the ears' middle, 0 when it does not.
    """

    style: str
    colour: NDArray[np.float64]
    thick: float
    hairline: float
    temples: float
    sides: float
    parting: float
    curl: float
    length: float


@dataclass(frozen=True)
class Person:
    """What stays the same in all pictures of one head.

    Attributes:
        weights: float (k,), of the targets of the model.
        skin: linear RGB (3,).
        lips, iris, shirt: linear RGB (3,).
        male, age: 0 to 1.
        beard: none, stubble, moustache, goatee or full.
        glasses: None, or (half width, half height, roundness, thickness, darkness).
        texture: seed of brows, freckles, strands.
    """

    weights: NDArray[np.float64]
    skin: NDArray[np.float64]
    lips: NDArray[np.float64]
    iris: NDArray[np.float64]
    male: float
    age: float
    hair: Hair
    beard: str
    glasses: tuple[float, float, float, float, float] | None
    texture: int


@dataclass(frozen=True)
class Capture:
    """What differs between pictures of one head; angles in radians."""

    yaw: float
    pitch: float
    roll: float
    scale: float
    shift: tuple[float, float]
    units: dict[str, float]
    gaze: tuple[float, float]
    key: tuple[float, float]
    strength: tuple[float, float, float]
    background: tuple[float, float, float]
    shirt: NDArray[np.float64]
    exposure: float
    blur: float
    noise: float
    glasses: bool


def _pairs(names: list[str]) -> list[tuple[str, str | None, str | None]]:
    """(folder, negative target, positive target) of every detail; l- and r- follow each other."""
    known, pairs = set(names), []
    for name in names:
        folder, short = name.split("/")
        if folder not in (*_DETAIL, "head") or short.startswith(("r-", *_STILL)):
            continue
        for low, high in _OPPOSITES:
            if short.endswith("-" + high) and name.removesuffix(high) + low in known:
                pairs.append((folder, name.removesuffix(high) + low, name))
                break
        else:
            if not any(
                short.endswith("-" + low) and name.removesuffix(low) + high in known
                for low, high in _OPPOSITES
            ):
                pairs.append((folder, None, name))
    return pairs


def _clipped(rng: np.random.Generator, spread: float, bound: float) -> float:
    return float(np.clip(rng.normal(0, spread), -bound, bound))


def _geometry(
    rng: np.random.Generator, names: list[str], male: float, age: float, race: NDArray[np.float64]
) -> NDArray[np.float64]:
    weights = dict.fromkeys(names, 0.0)
    muscle, fat = rng.uniform(0.3, 0.8), float(np.clip(rng.normal(0.5, 0.2), 0.12, 0.92))

    def three(value: float) -> tuple[tuple[str, float], ...]:
        low, high = max(0.0, 1 - 2 * value), max(0.0, 2 * value - 1)
        return ("min", low), ("average", 1 - low - high), ("max", high)

    for sex, part in (("male", male), ("female", 1 - male)):
        for years, share in (("young", 1 - age), ("old", age)):
            for kind, amount in zip(("african", "asian", "caucasian"), race, strict=True):
                weights[f"macrodetails/{kind}-{sex}-{years}"] = part * share * amount
            for m, by_m in three(muscle):
                for w, by_w in three(fat):
                    name = f"macrodetails/universal-{sex}-{years}-{m}muscle-{w}weight"
                    weights[name] = part * share * by_m * by_w
    for folder, low, high in _pairs(names):
        spread, bound = _DETAIL.get(folder, _SKULL)
        if low is None:  # a shape without an opposite, like a square head
            amount = max(0.0, _clipped(rng, 0.14, 0.28))
        else:
            amount = _clipped(rng, spread, bound)
            if high == "mouth/mouth-angles-up":  # else half the people look sullen
                amount = 0.15 + 0.6 * amount
            if high == "eyes/l-eye-height2-incr":  # else some look asleep
                amount += 0.15
            if high == "mouth/mouth-scale-horiz-incr":
                amount += 0.12
        chosen = high if amount > 0 or low is None else low
        weights[str(chosen)] = abs(amount)
        if f"{folder}/l-" in str(chosen):
            weights[str(chosen).replace("/l-", "/r-")] = abs(amount) * rng.uniform(0.9, 1.1)
    for name in names:
        if name.startswith("asym/") and "asymm" not in name:
            weights[name] = max(0.0, _clipped(rng, 0.1, 0.22))
    return np.array([weights[name] for name in names])


def make_person(seed: int, subject: int, names: list[str]) -> Person:
    """Invent the person number `subject` of the population `seed`."""
    rng = np.random.default_rng([seed, 71, subject])
    sex = rng.random() < 0.55
    male = float(np.clip(rng.normal(0.92 if sex else 0.08, 0.06), 0, 1))
    age = float(rng.beta(1.2, 2.2) * 0.8)
    race = rng.dirichlet([0.45, 0.45, 0.45])
    dark = race @ [0.82, 0.3, 0.18] + rng.normal(0, 0.09)
    fair, brown, deep = np.array([[0.62, 0.37, 0.27], [0.36, 0.19, 0.115], [0.085, 0.042, 0.026]])
    dark = float(np.clip(dark, 0, 1))
    skin = (
        fair + (brown - fair) * min(dark * 2, 1)
        if dark < 0.5
        else (brown + (deep - brown) * (2 * dark - 1))
    )
    skin = skin * rng.uniform(0.9, 1.1) * rng.uniform(0.96, 1.04, 3)
    geometry = _geometry(rng, names, male, age, race)

    tone = rng.uniform(0, 1) if race[2] < 0.5 else rng.uniform(0, 4.3)
    colour = np.array([np.interp(tone, range(5), _HAIR[:5, k]) for k in range(3)])
    grey = float(np.clip((age - 0.38) * 3 + rng.normal(0, 0.3), 0, 1))
    colour = colour + grey * (_HAIR[5] - colour)
    if male > 0.5:
        styles = ["bald", "shaved", "short", "parted", "curly", "back"]
        odds = np.array([0.08 + 0.12 * age, 0.15, 0.34, 0.2, 0.06 + 0.3 * race[0], 0.1])
    else:
        styles = ["shaved", "short", "parted", "curly", "back"]
        odds = np.array([0.03, 0.2, 0.3, 0.1 + 0.3 * race[0], 0.35])
    style = str(rng.choice(styles, p=odds / odds.sum()))
    thick = {"bald": 0, "shaved": 0.008, "short": 0.07, "parted": 0.11, "curly": 0.17, "back": 0.06}
    falls = male < 0.5 and style in ("parted", "short") and rng.random() < 0.75
    hair = Hair(
        style=style,
        colour=colour,
        thick=max(thick[style], 0.1 * falls) * rng.uniform(0.75, 1.35),
        hairline=rng.normal(0, 0.05),
        temples=male * max(0.0, rng.normal(0.04 + 0.12 * age, 0.06)),
        sides=rng.uniform(0.0, 0.18),
        parting=float(rng.choice([-1, 1])) * rng.uniform(0.05, 0.4),
        curl=rng.uniform(0.2, 1),
        length=rng.uniform(0.55, 1.5) * falls,
    )
    beard = "none"
    if male > 0.5:
        beard = str(rng.choice(["none", "stubble", "moustache", "goatee", "full"],
                               p=[0.45, 0.25, 0.08, 0.1, 0.12]))  # fmt: skip
    glasses = None
    if rng.random() < 0.12 + 0.16 * age:
        glasses = (rng.uniform(0.25, 0.29), rng.uniform(0.16, 0.23), rng.uniform(2, 4.5),
                   rng.uniform(0.013, 0.024), rng.uniform(0.0, 0.9))  # fmt: skip
    blue = rng.uniform(0, 0.8) if race[2] < 0.5 else rng.uniform(0, 3)
    iris = np.array([np.interp(blue, range(4), _IRIS[:, k]) for k in range(3)])
    red = np.array([0.8, 0.57, 0.57]) if male > 0.5 else np.array([0.82, 0.45, 0.47])
    lips = skin * (red + rng.uniform(-0.08, 0.08)) * rng.uniform(0.9, 1.1)
    return Person(geometry, skin, lips, iris, male, age, hair, beard, glasses,
                  int(rng.integers(2**31)))  # fmt: skip


def _expression(rng: np.random.Generator) -> dict[str, float]:
    """Weights of face units, the same left and right up to a little."""
    units: dict[str, float] = {}

    def both(name: str, amount: float) -> None:
        for side in ("Left", "Right"):
            units[f"{name}{side}"] = amount * rng.uniform(0.85, 1.1)

    mood = rng.choice(["calm", "smile", "laugh", "serious", "surprised", "pursed"],
                      p=[0.4, 0.3, 0.1, 0.1, 0.07, 0.03])  # fmt: skip
    amount = rng.uniform(0.4, 1)
    if mood in ("smile", "laugh"):
        both("mouthSmile", 0.65 * amount)
        both("cheekSquint", 0.45 * amount)
        both("eyeSquint", 0.35 * amount)
    if mood == "laugh":
        units["jawOpen"] = 0.28 * amount
        both("mouthUpperUp", 0.3 * amount)
    if mood == "serious":
        both("browDown", 0.4 * amount)
        both("mouthPress", 0.35 * amount)
        both("mouthFrown", 0.08 * amount)
    if mood == "surprised":
        units["browInnerUp"] = 0.7 * amount
        both("browOuterUp", 0.6 * amount)
        both("eyeWide", 0.45 * amount)
        units["jawOpen"] = 0.2 * amount
    if mood == "pursed":
        units["mouthPucker"] = 0.25 * amount
    if mood in ("calm", "surprised"):
        both("mouthSmile", rng.uniform(0.04, 0.2))
    both("eyeBlink", float(np.clip(rng.normal(0.06, 0.1), 0, 0.4)))
    return units


def make_capture(seed: int, subject: int, sample: int) -> Capture:
    """Draw the circumstances of picture `sample` of person `subject`."""
    rng = np.random.default_rng([seed, 72, subject, sample])
    yaw = 0.0 if sample == 0 else float(np.clip(rng.normal(0, 0.2), -0.436, 0.436))
    pitch = float(np.clip(rng.normal(0, 0.075), -0.209, 0.209))
    gaze = (-0.55 * yaw + rng.normal(0, 0.05), -0.4 * pitch + rng.normal(0, 0.04))
    return Capture(
        yaw=yaw + rng.normal(0, 0.02),
        pitch=pitch,
        roll=rng.normal(0, 0.035),
        scale=float(np.clip(rng.normal(1, 0.04), 0.9, 1.1)),
        shift=(rng.normal(0, 0.018), rng.normal(0, 0.015)),
        units=_expression(rng),
        gaze=gaze,
        key=(float(np.clip(rng.normal(0, 0.55), -1.1, 1.1)), rng.uniform(0.2, 0.85)),
        strength=(rng.uniform(0.75, 1.15), rng.uniform(0.14, 0.34), rng.uniform(0.42, 0.7)),
        background=(rng.uniform(0.08, 0.75), rng.normal(0, 0.12), rng.normal(0, 0.12)),
        shirt=rng.uniform(0.02, 0.5) * rng.uniform(0.6, 1.2, 3),
        exposure=float(rng.uniform(1.02, 1.3)),
        blur=float(rng.uniform(0.25, 0.6)),
        noise=float(rng.uniform(0.5, 2.0)),
        glasses=bool(rng.random() < 0.85),
    )
