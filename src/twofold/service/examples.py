"""Examples of answers, for whoever reads the OpenAPI document."""

from typing import Any

_TIME = "2026-11-25T09:30:00Z"
_SUBJECT = {
    "subject": "ada", "id": 1, "enrolled": _TIME, "updated": _TIME,
    "consent": {"text": "form 17", "given": _TIME}, "expires": "2031-12-31T00:00:00Z",
    "references": 1, "faces": 1, "irises": 1, "revision": 1, "locked": None,
}  # fmt: skip
_FAILURE = {
    "field": "left", "number": 0, "code": "sharpness",
    "advice": "Hold still and let the camera focus.", "message": "the iris is blurred",
}  # fmt: skip
_EVIDENCE = {
    "llr": 22.3, "threshold": 2.1, "threshold_source": "lfw_subset with mmu1",
    "contradiction": False, "words": "Match. The faces agree far more than different people's do.",
    "modalities": [
        {
            "modality": "face", "score": 0.81, "llr": 12.1, "quality": 63.0, "light": None,
            "words": "The faces agree far more than different people's do.",
        }
    ],
}  # fmt: skip
_KEY = {
    "id": "0123456789abcdef", "name": "front desk", "scopes": ["verify"], "created": _TIME,
    "expires": None, "revoked": None, "altered": False,
}  # fmt: skip

ANSWERS: dict[str, dict[str, Any]] = {
    "SubjectModel": _SUBJECT,
    "SubjectList": {"subjects": [_SUBJECT], "next": None, "total": 1},
    "EnrolmentModel": {"subject": _SUBJECT, "duplicates": [], "failures": [], "notes": []},
    "ReferenceList": {
        "references": [
            {"id": 1, "revision": 1, "faces": 1, "irises": 1, "eyes": ["left"], "quality": 71.5}
        ]
    },
    "ErasureModel": {"subjects": 1, "scrubbed": True},
    "VerificationModel": {
        "subject": "ada", "match": True, "fmr": 0.001, "modalities": ["face"],
        "failures": [_FAILURE], "evidence": _EVIDENCE,
    },
    "ComparisonModel": {
        "match": True, "fmr": 0.001, "modalities": ["face"], "failures": [], "evidence": None,
    },
    "IdentificationModel": {
        "nobody": False, "best": "ada", "fpir": 0.01, "references": 1, "failures": [],
        "candidates": [{"subject": "ada", "match": True, "evidence": None}],
    },
    "QualityModel": {
        "pictures": [
            {
                "field": "face", "number": 0, "usable": False, "code": "sharpness",
                "advice": "Hold still and let the camera focus.",
                "message": "the face is blurred", "quality": 21.4,
                "components": {"sharpness": 21.4, "exposure": 96.0}, "reasons": ["blurred"],
                "width": 640, "height": 480,
                "face": {
                    "box": [210.0, 90.0, 180.0, 240.0],
                    "landmarks": [
                        [260.0, 180.0], [330.0, 180.0], [300.0, 230.0], [270.0, 270.0],
                        [325.0, 270.0],
                    ],
                },
                "iris": None,
            }
        ]
    },
    "ModelsModel": {
        "version": "0.1.0", "face_model": "sface", "face_contract": "fc7c7578",
        "iris_contract": "17c6d586",
    },
    "PoliciesModel": {
        "fmr": 0.001, "contradiction": "refuse", "fpir": 0.01, "duplicates": "refuse",
        "duplicates_fpir": 0.01, "revocable": False, "lockout": {"free_failures": 5},
        "limits": {"max_pictures": 8},
    },
    "EventList": {
        "events": [
            {
                "number": 7, "at": _TIME, "actor": "front desk (key 0123456789abcdef)",
                "action": "verify", "subject": 1, "outcome": "match", "policy": {"fmr": 0.001},
                "band": None, "details": None,
            }
        ],
        "next": None,
    },
    "AuditModel": {
        "ok": True, "events": 7, "head": {"events": 7, "digest": "06118028"}, "problems": [],
    },
    "KeyModel": _KEY,
    "NewKeyModel": _KEY | {"key": "tf_0123456789abcdef_…"},
    "KeyList": {"keys": [_KEY]},
    "SessionModel": {
        "name": "front desk", "scopes": ["verify"], "csrf_token": "wqHJ_NTq-3wai8Nu",
        "expires": _TIME,
    },
    "SummaryModel": {
        "subjects": 1, "decisions": {"match": 7, "no_match": 5, "nobody": 0},
        "refusals": {"sharpness": 2}, "requests": 28, "errors": 0,
        "error_budget": {"objective": 0.999, "left": 1.0}, "since": _TIME, "workers": 2,
        "queue": 0, "ready": True,
    },
    "ReportList": {"reports": [{"name": "fused", "created": _TIME, "bytes": 81920}]},
    "HealthModel": {"status": "ok"},
    "ErrorModel": {
        "error": {
            "code": "quality", "message": "left 0: the iris is blurred.",
            "details": {"pictures": [_FAILURE]},
        },
        "request_id": "efab9958fed823ae",
    },
}  # fmt: skip
METRICS = 'twofold_requests_total{method="POST",route="/v1/verify",status="200"} 9.0\n'
REPORT = "<!doctype html><title>Report</title>"
