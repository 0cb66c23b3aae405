"""A client of the service, for programs: it needs httpx and pydantic, no model and no gallery.

```python
from twofold.client import Client

with Client("https://door.example:8400", key) as twofold:
    twofold.enrol("ada", face="ada.jpg", left="ada.png", light="nir", consent="form 17")
    twofold.verify("ada", face="today.jpg").match
```
"""

from twofold.client.clients import AsyncClient, Client
from twofold.client.errors import (
    BusyError,
    ForbiddenError,
    LockedError,
    NotFoundError,
    PictureError,
    ServiceError,
    UnreachableError,
)
from twofold.client.pictures import Pictures, PicturesAndLight, Source, Sources

__all__ = [
    "AsyncClient",
    "BusyError",
    "Client",
    "ForbiddenError",
    "LockedError",
    "NotFoundError",
    "PictureError",
    "Pictures",
    "PicturesAndLight",
    "ServiceError",
    "Source",
    "Sources",
    "UnreachableError",
]
