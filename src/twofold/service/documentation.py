"""The page of the API at /docs: Swagger UI from its own package, nothing from elsewhere."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

# Swagger UI sets styles on its elements and draws its icons from data.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Twofold: API</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/begin.js"></script>
</body>
</html>
"""
_SCRIPT = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  validatorUrl: null,
});
"""


def router() -> APIRouter:
    """The page and its parts."""
    from swagger_ui_bundle import swagger_ui_path

    made = APIRouter(prefix="/docs", include_in_schema=False)

    @made.get("")
    async def page() -> HTMLResponse:
        return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})

    @made.get("/begin.js")
    async def script() -> Response:
        return Response(_SCRIPT, media_type="text/javascript; charset=utf-8")

    made.mount("/assets", StaticFiles(directory=swagger_ui_path))
    return made
