"""Beam's files on Google Cloud Storage: the real one, or the emulator that STORAGE_EMULATOR_HOST names.

google-cloud-storage, with which Beam writes gs:// paths, goes to the emulator by itself. Beam however
looks for credentials first, asking for a machine of Google's that is not there, which takes 20 seconds
a process; an emulator needs none.
"""

from __future__ import annotations

import os


def without_credentials_for_an_emulator() -> None:
    """Let Beam take gs:// paths without credentials, where an emulator stands in for the store.

    To be called by whoever is about to open a path, in every process.
    """
    if not os.environ.get("STORAGE_EMULATOR_HOST"):
        return
    try:
        from apache_beam.internal.gcp.auth import _Credentials
    except ImportError:  # Beam without its GCP parts opens no such path
        return
    with _Credentials._credentials_lock:
        _Credentials._credentials_init = True
