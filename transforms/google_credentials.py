"""The credentials with which Beam opens gs:// paths, which it looks for once a process."""

from __future__ import annotations

import sys


def forget_google_credentials() -> None:
    """Let Beam look for them again when it next needs them: the environment names others now."""
    module = sys.modules.get("apache_beam.internal.gcp.auth")
    if module is None:
        return
    kept = module._Credentials
    with kept._credentials_lock:
        kept._credentials_init = False
        kept._credentials = None
