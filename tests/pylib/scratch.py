# SPDX-License-Identifier: GPL-2.0-or-later
"""Temporary folders that are gone for good, even when their test is killed."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import tempfile
import time

# A folder is locked a moment after it is made; one as young as this is left alone.
YOUNG_SECONDS = 60


def remove_stale(parent, prefix):
    """Remove folders of scratch() whose test is no longer there."""
    for path in pathlib.Path(parent).glob(prefix + "*"):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if time.time() - os.fstat(fd).st_ctime > YOUNG_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
        except OSError:
            pass    # its test is running
        finally:
            os.close(fd)


@contextlib.contextmanager
def scratch(prefix, parent):
    """`with scratch(prefix, parent) as path:` a new folder, removed at the end.

    What a killed test left of the same prefix is removed, too: a lock, which the
    kernel drops with the test, says which are in use.
    """
    remove_stale(parent, prefix)
    path = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(fd)
