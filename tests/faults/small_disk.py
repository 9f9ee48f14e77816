"""A disk of a few megabytes (a tmpfs), for whoever may mount one."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOMY = 256


@dataclass(frozen=True)
class SmallDisk:
    """A folder that is a disk of its own; without `is_mounted` it has all the room of the disk it lies on."""

    folder: Path
    is_mounted: bool

    def resize(self, megabytes: int) -> None:
        if self.is_mounted:
            subprocess.run(["mount", "-o", f"remount,size={megabytes}m", str(self.folder)], check=True)

    def fill(self) -> None:
        """Take all the room that is left."""
        used = shutil.disk_usage(self.folder).used
        self.resize(max(1, -(-used // (1 << 20))))
        with (self.folder / "filler").open("wb", buffering=0) as filler:
            left = shutil.disk_usage(self.folder).free
            filler.write(b"\0" * left)

    def empty(self) -> None:
        """There is room again."""
        (self.folder / "filler").unlink(missing_ok=True)
        self.resize(ROOMY)


@contextmanager
def small_disk(megabytes: int, uid: int | None = None, gid: int | None = None) -> Iterator[SmallDisk]:
    """A disk that belongs to a user (default: this one)."""
    owner = os.geteuid() if uid is None else uid, os.getegid() if gid is None else gid
    folder = Path(f"/tmp/cvp-small-{secrets.token_hex(4)}")  # noqa: S108 - the server's user must reach it
    folder.mkdir(mode=0o700)
    options = f"size={megabytes}m,uid={owner[0]},gid={owner[1]},mode=700"
    mounting = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    is_mounted = os.geteuid() == 0 and subprocess.run(mounting, check=False, stderr=subprocess.DEVNULL).returncode == 0
    if not is_mounted and owner[0] != os.geteuid():
        os.chown(folder, *owner)
    try:
        yield SmallDisk(folder, is_mounted)
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)
