"""The fusion model: calibrations, a rule, and thresholds for each combination of modalities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from twofold.errors import ModelError, OptionError
from twofold.fusion import wording
from twofold.fusion.calibration import Calibration
from twofold.fusion.curves import Floats
from twofold.fusion.decision import Decision, Evidence, Policy
from twofold.fusion.operating import CombinationThresholds
from twofold.fusion.rules import Rule, SumRule, combination
from twofold.template import Light, Modality


@dataclass(frozen=True)
class FusionModel:
    """Everything between scores and a decision.

    Attributes:
        calibrations: at most one of each modality and light.
        rule: that fuses their ratios.
        thresholds: at most one entry of each combination and light.
    """

    calibrations: tuple[Calibration, ...]
    rule: Rule = field(default_factory=SumRule)
    thresholds: tuple[CombinationThresholds, ...] = ()

    def calibration(self, modality: Modality, light: Light | None = None) -> Calibration:
        """The calibration of a modality and light; where there is none, the one for any light.

        Raises:
            OptionError: there is neither.
        """
        for wanted in (light, None):
            for one in self.calibrations:
                if one.modality == modality and one.light == wanted:
                    return one
        told = f"{modality} ({light} light)" if light else modality
        raise OptionError(
            f"{told}: there is no calibration of it. Fit one with `twofold calibrate` on scores of "
            "`twofold benchmark`."
        )

    def evidence(
        self,
        modality: Modality,
        score: float,
        *,
        quality: float | None = None,
        light: Light | None = None,
    ) -> Evidence:
        """What a score says, with its log-likelihood ratio and in words.

        Args:
            modality: that was compared.
            score: comparison score.
            quality: of the worse of the two samples, 0 to 100.
            light: of an iris.

        Raises:
            OptionError: no calibration, or the score is no number.
        """
        if not np.isfinite(score):
            raise OptionError(
                f"{modality} score {score}: not a number. Leave a modality that could not be "
                "compared out."
            )
        found = self.calibration(modality, light)
        llr = float(found.llr(score, quality))
        return wording.evidence(found, score, llr, quality, light)

    def threshold(self, names: Sequence[str], light: Light | None) -> CombinationThresholds:
        """The thresholds of a combination of modalities.

        Raises:
            OptionError: none were measured.
        """
        name = combination(list(names))
        for wanted in (light, None):
            for one in self.thresholds:
                if one.combination == name and one.light == wanted:
                    return one
        raise OptionError(
            f"{name}: no threshold was measured for it. Give a fusion model that has one."
        )

    def require_measured(self, fmr: float) -> None:
        """Refuse a false match rate that no threshold was measured for.

        Raises:
            OptionError: there is none; the rates that there are.
        """
        rates = {point.fmr for one in self.thresholds for point in one.points}
        if any(abs(one - fmr) <= 1e-9 * one for one in rates):
            return
        there = ", ".join(f"{one:g}" for one in sorted(rates, reverse=True)) or "none"
        raise OptionError(
            f"FMR {fmr:g}: no threshold was measured for it; there are {there}. Choose one of "
            "these."
        )

    def fuse(self, llrs: Mapping[str, float]) -> float:
        """The fused ratio of one comparison, of the natural-log ratio of each modality there is."""
        ratios: dict[str, Floats] = {name: np.array(llr) for name, llr in llrs.items()}
        return float(self.rule.fuse(ratios))

    def decide(self, evidences: Sequence[Evidence], policy: Policy) -> Decision:
        """Fuse the evidence and decide.

        Args:
            evidences: one of each modality that could be compared.
            policy: the false match rate wanted, and what to do about contradictions.

        Raises:
            OptionError: no evidence, two of one modality, or an FMR that was not measured.
        """
        names = [one.modality for one in evidences]
        if not names or len(set(names)) != len(names):
            raise OptionError(
                f"evidence of {', '.join(names) or 'no modality'}: give one of each modality that "
                "could be compared, and at least one."
            )
        light = next((one.light for one in evidences if one.modality == "iris"), None)
        fused = self.fuse({one.modality: one.llr for one in evidences})
        measured = self.threshold(names, light)
        point = measured.at(policy.fmr)
        contradiction = wording.contradicts(evidences)
        match = fused >= point.llr and not (contradiction and policy.contradiction == "refuse")
        return Decision(
            match=match,
            llr=fused,
            fmr=point.fmr,
            threshold=point.llr,
            threshold_source=str(measured),
            contradiction=contradiction,
            words=wording.decision(evidences, match, fused, point, contradiction, policy),
            combination=measured.combination,
            fnmr=point.fnmr,
        )

    def save(self, path: Path) -> None:
        """Write the model as JSON, all or nothing.

        Raises:
            OutputError: it cannot be written.
        """
        from twofold.fusion.model_format import save

        save(self, path)


def load(path: Path) -> FusionModel:
    """Read a model.

    Raises:
        ModelError: missing, damaged, or of another kind or version.
    """
    from twofold.fusion.model_format import parse

    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    except UnicodeDecodeError as error:
        raise ModelError(f"{path}: not a fusion model (not UTF-8). Make it again.") from error


def shipped(face_contract: str | None, iris_contract: str | None) -> FusionModel | None:
    """The model that comes with Twofold, as far as it holds for these contracts.

    Calibrations and thresholds of other contracts are left out: a stale one is worse than none.

    Args:
        face_contract: of the face extractor; None where there is none.
        iris_contract: of the iris extractor; None where there is none.

    Returns:
        None where nothing of it holds.
    """
    from importlib.resources import files as resources

    from twofold.fusion.model_format import parse

    place = resources("twofold") / "fusion" / "default.json"
    if not place.is_file():
        return None
    whole = parse(place.read_text(encoding="utf-8"), str(place))
    return restricted(whole, {"face": face_contract, "iris": iris_contract})


def restricted(model: FusionModel, contracts: dict[str, str | None]) -> FusionModel | None:
    """The part of a model that holds for templates of these contracts; None for none of it."""
    kept = tuple(one for one in model.calibrations if one.contract == contracts.get(one.modality))
    there = {one.modality for one in kept}
    thresholds = tuple(one for one in model.thresholds if set(one.combination.split("+")) <= there)
    return FusionModel(kept, model.rule, thresholds) if kept else None
