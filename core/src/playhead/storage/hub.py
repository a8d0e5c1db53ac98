"""Recordings in a repository of a hub that speaks as Hugging Face's does: listed, read, and added in one commit.

    repository of data: GAME/NAME/zarr.json, GAME/NAME/frames/... --> HubSource --> copying.py --> the home
    a recording here --> large files by their digest --> one commit with all of it, or none

The only file that imports huggingface_hub. Address and key come from its own environment (HF_ENDPOINT, HF_TOKEN,
or what `hf auth login` has stored); nothing of them is kept.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from playhead.errors import BadValue, Damaged, DeviceFailed, NotFound, PlayheadError, not_found
from playhead.names import fault_of, visible
from playhead.storage.hub_source import HubSource, Listed, listed_as

if TYPE_CHECKING:
    from huggingface_hub import HfApi

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
MOST_FILES = 200_000  # are listed of a repository
_KIND = "dataset"
_TIMEOUT_S = 60.0  # without a byte
_TRIES, _PAUSE_S = 3, 1.0  # of a file that breaks off
_PIECE = 2**20
_BATCH_BYTES, _BATCH_FILES = 64 * 2**20, 50  # after which progress is told
_COMMIT = re.compile(r"[0-9a-f]{40}")
_LONGEST_REASON = 200  # letters
_AGAIN = "What has arrived is kept. Type the same command again."
_WHOSE = "Set HF_TOKEN to a key that may do this (or type: hf auth login)."
_STATUS = {
    401: f"says that the key is missing or wrong (401). {_WHOSE}",
    403: f"does not let this key do that (403). {_WHOSE}",
    404: "has no such repository, or keeps it from this key (404). Look at its name and at HF_TOKEN.",
    413: "takes no more in one go (413). Push fewer recordings at once.",
    429: "wants a pause: it was asked too often (429). Type the same command again later.",
}


class Hub:
    """One repository of data. Errors are sentences: DeviceFailed, NotFound, BadValue, Damaged."""

    def __init__(self, repository: str) -> None:
        if not REPOSITORY.fullmatch(repository):
            raise BadValue(f"{visible(repository)[:100]} names no repository. Type it as in user/name.")
        self.repository = repository
        self._api = _opened()
        self.place = f"{self._api.endpoint}/datasets/{repository}"

    def recordings(self) -> dict[str, HubSource]:
        """Return what lies as GAME/NAME in the repository, by that, as it is now.

        Raises:  Damaged for a name that makes no path.
        """
        found: dict[str, dict[str, Listed]] = {}
        for path, listed in self._files.items():
            parts = path.split("/", 2)
            if len(parts) == 3:
                found.setdefault("/".join(parts[:2]), {})[parts[2]] = listed
        return {
            self._checked(name): HubSource(self, name, files)
            for name, files in found.items()
            if "zarr.json" in files
        }

    def find(self, names: Sequence[str] = ()) -> dict[str, HubSource]:
        """Return the recordings called GAME/NAME, or all of GAME; without names all. Raises NotFound."""
        known = self.recordings()
        if not known:
            raise NotFound(f"{self.place} holds no recording. They lie as GAME/NAME: playhead data push.")
        for name in names:
            if not any(name in (one, one.partition("/")[0]) for one in known):
                raise not_found(f"recording or game of {self.place}", name, known)
        return {
            one: source for one, source in known.items() if not names or {one, one.partition("/")[0]} & {*names}
        }

    def _checked(self, name: str) -> str:
        fault = next((fault for part in name.split("/") if (fault := fault_of(part))), "")
        if fault:
            raise Damaged(f"{self.place} has a recording that cannot lie here: its name {visible(name)} {fault}.")
        return name

    @cached_property
    def _commit(self) -> str:
        """The commit that is read: all of it is of one moment."""
        with self._speaking():
            found = self._api.repo_info(self.repository, repo_type=_KIND).sha
        if not (isinstance(found, str) and _COMMIT.fullmatch(found)):
            raise Damaged(f"{self.place} names no commit.")
        return found

    @cached_property
    def _files(self) -> dict[str, Listed]:
        from huggingface_hub.hf_api import RepoFile

        with self._speaking():
            tree = self._api.list_repo_tree(
                self.repository, recursive=True, revision=self._commit, repo_type=_KIND
            )
            files = [one for one in islice(tree, MOST_FILES + 1) if isinstance(one, RepoFile)]
        if len(files) > MOST_FILES:
            raise BadValue(f"{self.place} holds more than {MOST_FILES:,} files. Divide it into several.")
        return {str(one.path): listed_as(one, self.place) for one in files}

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Return a part of a file, of just that length. Raises DeviceFailed where it breaks off."""
        for attempt in range(_TRIES):
            try:
                with self._speaking(path):
                    return self._read(path, offset, length)
            except DeviceFailed:
                if attempt == _TRIES - 1:
                    raise
                time.sleep(_PAUSE_S)
        raise AssertionError

    def _read(self, path: str, offset: int, length: int) -> bytes:
        from huggingface_hub import get_session, hf_hub_url

        url = hf_hub_url(
            self.repository, path, repo_type=_KIND, revision=self._commit, endpoint=self._api.endpoint
        )
        part = {"Range": f"bytes={offset}-{offset + length - 1}", "Accept-Encoding": "identity"}
        data = bytearray()
        with get_session().stream("GET", url, headers=self._headers | part) as answer:
            if answer.status_code not in (200, 206):
                raise self._refused(answer.status_code, path)
            if answer.status_code == 200 and offset:
                raise DeviceFailed(f"{self.place} sends no parts of files.")
            for piece in answer.iter_raw(_PIECE):
                data += piece
                if len(data) > length:
                    raise Damaged(f"{self.place} sends more of {path} than the {length:,} bytes asked for.")
        if len(data) < length:
            raise DeviceFailed(f"{self.place} broke off in {path}. {_AGAIN}")
        return bytes(data)

    @cached_property
    def _headers(self) -> dict[str, str]:
        from huggingface_hub.utils import build_hf_headers

        return dict(build_hf_headers())

    def make(self, *, private: bool) -> None:
        """Make the repository, unless it is there."""
        with self._speaking():
            self._api.create_repo(self.repository, repo_type=_KIND, private=private, exist_ok=True)
        self._forget()

    def add(
        self, name: str, files: Sequence[tuple[str, Path, int]], progress: Callable[[int, int], object]
    ) -> None:
        """Add files below GAME/NAME in one commit, the large ones sent before it; those it has are not sent again.

        `files` are keys, where they lie, and their sizes. `progress` is called with bytes done and of all.
        """
        from huggingface_hub import CommitOperationAdd

        total, done = sum(size for _, _, size in files), 0
        additions = []
        for batch in _batches(files):
            operations = [CommitOperationAdd(f"{name}/{key}", str(path)) for key, path, _ in batch]
            with self._speaking():
                self._api.preupload_lfs_files(self.repository, operations, repo_type=_KIND, free_memory=False)
            additions += operations
            done += sum(size for _, _, size in batch)
            progress(done, total)
        with self._speaking():
            self._api.create_commit(
                self.repository, additions, commit_message=f"Recording {name}", repo_type=_KIND
            )
        self._forget()

    def _forget(self) -> None:
        for name in ("_commit", "_files"):
            self.__dict__.pop(name, None)

    @contextmanager
    def _speaking(self, path: str = "") -> Iterator[None]:
        """Make sentences of whatever the hub and the way to it answer."""
        try:
            yield
        except PlayheadError:
            raise
        except Exception as error:  # of the hub's package, of its HTTP library, of an answer of another shape
            # A file that could not be sent: which error that was lies below.
            cause = error.__cause__ if type(error) is RuntimeError and error.__cause__ else error
            raise self._said(cause, path) from error

    def _said(self, error: BaseException, path: str) -> PlayheadError:
        from huggingface_hub import errors

        if isinstance(error, errors.HfHubHTTPError):
            return self._refused(error.response.status_code, path)
        if isinstance(error, errors.LocalTokenNotFoundError):
            return DeviceFailed(f"{self.place} needs a key. {_WHOSE}")
        if isinstance(error, errors.OfflineModeIsEnabled):
            return DeviceFailed(f"{self.place} is not asked: HF_HUB_OFFLINE is set. Take it away.")
        if isinstance(error, errors.HFValidationError):
            return BadValue(f"{self.repository} names no repository of a hub: {_line(error)}.")
        if isinstance(error, (KeyError, TypeError, AttributeError, ValueError)):
            return Damaged(f"{self.place} does not answer as a hub does: {_line(error)}.")
        return DeviceFailed(f"{self.place} cannot be reached: {_line(error)}. {_AGAIN}")

    def _refused(self, status: int, path: str) -> DeviceFailed | NotFound:
        if status == 404 and path:
            return NotFound(f"{self.place} has no {path} any more. Type the same command again.")
        said = _STATUS.get(status, f"answers with an error ({status}). {_AGAIN}")
        return (NotFound if status == 404 else DeviceFailed)(f"{self.place} {said}")


def _batches(files: Sequence[tuple[str, Path, int]]) -> Iterator[list[tuple[str, Path, int]]]:
    """Yield files by some MB, after each of which progress is told."""
    batch: list[tuple[str, Path, int]] = []
    for one in files:
        batch.append(one)
        if len(batch) == _BATCH_FILES or sum(size for _, _, size in batch) >= _BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def _opened() -> HfApi:
    """Return what speaks with the hub, quietly, and does not wait for ever. Raises NotFound: what to install."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        from huggingface_hub import HfApi, constants, get_session, set_client_factory
        from huggingface_hub.utils import disable_progress_bars
    except ImportError:
        raise NotFound(
            'A hub needs the package huggingface_hub, which is not installed. Type: pip install "playhead[hub]"'
        ) from None
    # Its own way to send large files knows no server but one. Another package may have imported it before.
    constants.HF_HUB_DISABLE_XET = True
    disable_progress_bars()
    logging.getLogger("huggingface_hub").setLevel(logging.CRITICAL)  # what it warns of is raised, and said
    usual = get_session()
    make, hooks = type(usual), usual.event_hooks
    set_client_factory(lambda: make(follow_redirects=True, timeout=_TIMEOUT_S, event_hooks=hooks))
    return HfApi(endpoint=os.environ.get("HF_ENDPOINT"), library_name="playhead")


def _line(error: BaseException) -> str:
    lines = visible(str(error), keep="\n").strip().splitlines() or [type(error).__name__]
    return re.sub(r"\?[^\s,)]*|(?<=://)[^\s/@]*@", "", lines[0])[:_LONGEST_REASON].rstrip(". ")
