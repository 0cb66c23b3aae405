"""What somebody in front of a camera can do about a refused picture."""

_ADVICE = {
    "unreadable": "Send the picture again; the file is damaged or of another kind.",
    "no_face": "Show your whole face, upright and from the front.",
    "turned": "Hold the camera upright.",
    "several_faces": "Only one person may be in the picture.",
    "inter_eye_distance": "Move closer.",
    "sharpness": "Hold still and let the camera focus.",
    "noise": "Use more light.",
    "exposure": "Change the light: the face is too dark or too bright.",
    "saturation": "Avoid glaring light and deep shadow.",
    "dynamic_range": "Use better light.",
    "illumination_uniformity": "Turn towards the light, so that both sides are lit alike.",
    "yaw": "Look straight into the camera.",
    "pitch": "Look straight into the camera.",
    "roll": "Hold your head upright.",
    "crop": "Step back until the whole face is in the picture.",
    "eyes_visible": "Take off dark glasses and move hair away from the eyes.",
    "mouth_visible": "Uncover the mouth.",
    "detection": "Uncover the face.",
    "no_eye": "Show one eye, wide open and large in the picture.",
    "no_iris": "Show one eye, wide open and large in the picture.",
    "too_small": "Move closer, or send a larger picture of the eye.",
    "blank": "Take the cover off the camera and switch on a light.",
    "cut_off": "Move the eye to the middle of the picture.",
    "uncertain": "Show one eye, wide open, sharp and without reflections.",
    "closed_eye": "Open the eye wider.",
    "no_pupil": "Open the eye wider and hold still.",
    "little_iris": "Open the eye wider and avoid reflections.",
    "usable_area": "Open the eye wider and avoid reflections.",
    "upper_lid": "Open the eye wider.",
    "lower_lid": "Open the eye wider.",
    "iris_sclera_contrast": "Use better light on the eye.",
    "iris_pupil_contrast": "Use better light on the eye.",
    "pupil_iris_ratio": "Change the light: the pupil is too wide or too narrow.",
    "concentricity": "Look straight into the camera.",
    "circularity": "Look straight into the camera.",
    "radius": "Move closer.",
    "grey_scale_utilisation": "Use better light on the eye.",
    "margin": "Move the eye to the middle of the picture.",
}
_ANY = "Try again in better light, closer, and holding still."


def advice(code: str) -> str:
    """In one sentence; a general one for a code without its own."""
    return _ADVICE.get(code, _ANY)


def codes() -> tuple[str, ...]:
    """All that have a sentence of their own."""
    return tuple(_ADVICE)
