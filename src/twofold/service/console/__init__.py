"""The operator's console: pages that call the API from a browser, in English and Korean.

Plain modules without a build step or a dependency, under a content security policy that allows
neither inline nor foreign code.
"""

from twofold.service.console.pages import router

__all__ = ["router"]
