"""Why no more can be run, though nothing is wrong with the model."""

from __future__ import annotations

import errno

FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the system says where there is no room left."""


class StoppedError(Exception):
    """No more runs can be run; what is finished is kept, and the same command goes on with the rest."""
