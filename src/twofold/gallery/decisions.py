"""Decisions about probes, each recorded in the audit before it is told."""

import time
from collections.abc import Callable
from typing import TypeVar

from twofold.errors import ModelError, OptionError
from twofold.fusion.decision import Policy
from twofold.gallery.audit import band
from twofold.gallery.core import Core, expired
from twofold.gallery.errors import ExpiredError
from twofold.gallery.matching import Hit, Thresholds, hits, resolver
from twofold.gallery.store.unit import read_head
from twofold.gallery.values import Candidate, Identification, Verification
from twofold.template import Template

_Answer = TypeVar("_Answer")


def verify(
    core: Core, name: str, probe: Template, policy: Policy | None, actor: str | None
) -> Verification:
    """Compare a probe with one subject; see `Gallery.verify`."""
    return _unless_reissued(core, lambda: _verify(core, name, probe, policy, actor))


def identify(
    core: Core, probe: Template, top_k: int, fpir: float | None, actor: str | None
) -> Identification:
    """Compare a probe with everybody; see `Gallery.identify`."""
    return _unless_reissued(core, lambda: _identify(core, probe, top_k, fpir, actor))


def _verify(
    core: Core, name: str, probe: Template, policy: Policy | None, actor: str | None
) -> Verification:
    with core.database.reading() as connection:
        settings = read_head(connection, core.keyring).opened_settings(core.keyring)
        core.comparer.follow(connection, settings)
        record = core.require(connection, name)
        if expired(record, time.time()):
            raise ExpiredError(
                f"the references of {name!r} have expired and are not compared any more. Enrol the "
                "subject anew."
            )
        reference = core.records.template(connection, record)
    policy = policy or settings.policy
    comparison = core.comparer.compare(probe, reference, policy, name)
    with core.writing(actor) as unit:
        unit.event(
            "verify",
            subject=record.id,
            outcome="match" if comparison.match else "no match",
            policy={"fmr": policy.fmr, "contradiction": policy.contradiction},
            band=band(comparison.llr, comparison.decision.threshold),
            contract=probe.contract,
            details={"contradiction": True} if comparison.decision.contradiction else None,
        )
    return Verification(name, comparison)


def _identify(
    core: Core, probe: Template, top_k: int, fpir: float | None, actor: str | None
) -> Identification:
    if top_k < 1:
        raise OptionError(f"top_k {top_k}: ask for at least 1.")
    if fpir is not None and not 0 < fpir < 1:
        raise OptionError(f"FPIR {fpir:g}: expected a rate such as 0.01, between 0 and 1.")
    index, _ = core.index.current()
    settings, references = core.settings(), len(index)
    found: list[Hit] = []
    if references:
        model = core.comparer.model(settings)
        thresholds = None if fpir is None else Thresholds(model, fpir, references)
        with core.database.reading() as connection:
            resolve = resolver(core, connection, time.time())
            found = hits(
                core.comparer, model, index, probe, resolve, top_k, thresholds,
                settings.contradiction,
            )  # fmt: skip
    answer = Identification(tuple(_candidate(one) for one in found), fpir, references)
    best = next((one for one in found if one.match or fpir is None), None)
    held = best or (found[0] if found else None)
    with core.writing(actor) as unit:
        unit.event(
            "identify",
            subject=None if best is None else best.id,
            outcome="ranked" if fpir is None else "nobody" if best is None else "match",
            policy={"fpir": fpir, "top_k": top_k, "references": references},
            band=band(held.llr, held.threshold.llr) if held and held.threshold else None,
            contract=probe.contract,
        )
    return answer


def _unless_reissued(core: Core, act: Callable[[], _Answer]) -> _Answer:
    """Once more where templates were re-issued under way, so that probe and reference differ."""
    before = core.comparer.version
    try:
        return act()
    except ModelError:
        core.settings()
        if core.comparer.version == before:
            raise
        return act()


def _candidate(hit: Hit) -> Candidate:
    return Candidate(
        hit.name, hit.llr, hit.evidence,
        None if hit.threshold is None else hit.threshold.llr,
        "" if hit.threshold is None else hit.threshold.source,
        hit.contradiction, hit.match,
    )  # fmt: skip
