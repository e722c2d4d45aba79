"""Images of the programs, built by buildah: without a daemon, and where no registry is reached."""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .errors import ToolError, storage_errors
from .folder import Folder, held
from .golang import run
from .packages import IMAGE_PROGRAMS, apt_line, system_program
from .progress import Report, Silence

PROGRAMS: Final = ("training", "inference", "preprocessing", "autoscaler")
"""Programs that have an image: folders of workloads with a Dockerfile."""

STAND_IN: Final = "localhost/aidc-base:bookworm"
"""Base made here, of Debian's packages, in place of the one that the Dockerfiles name."""

_ROOT: Final = Path(__file__).resolve().parent.parent
_PACKAGES: Final = "python3,python3-venv,python3-pip,ca-certificates"
"""What the programs and the building need of the base named by the Dockerfiles: Python 3.11 with pip and venv."""

_SUITE: Final = "bookworm"
_DOWNLOADS: Final = ("var/cache/apt/archives/*.deb", "var/lib/apt/lists/*_*")
"""What debootstrap leaves and no image needs: packages that are installed by now, and lists of those there are."""

_TEMPORARY: Final = "temporary"
_CERTIFICATES: Final = "/etc/ssl/certs"
# A layer of PyTorch and its CUDA libraries is 6 GB, and 2.9 with the quickest setting, 2.7 with the next (2026-11-30).
_PACKED: Final = ("--quiet", "--format=oci", "--compression-format=zstd", "--compression-level=1")
_BUILD_SECONDS: Final = 3600.0
_PULL_SECONDS: Final = 60.0
_BASE: Final = re.compile(r"^ARG BASE=(\S+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Archive:
    """An image in a file that containerd and Podman import (`ctr images import`): an OCI layout, its layers by zstd."""

    reference: str
    """Name of the image."""

    identity: str
    """Digest of its configuration: the same as long as nothing in it changes."""

    bytes: int
    """Size of its layers, unpacked."""

    path: Path
    """The file."""


def images_folder(environment: Mapping[str, str]) -> Path:
    """Return where images are kept: AIDC_IMAGES, or else the folder `images` beside that of the tools.

    Raises:
        ToolError: there is no home folder.
    """
    given = environment.get("AIDC_IMAGES", "").strip()
    return Path(given).expanduser().absolute() if given else Folder.of(environment).root.with_name("images")


@dataclass(frozen=True, slots=True)
class Images:
    """A storage of images in a folder of one's own, with what builds in it. Linux, as root."""

    folder: Path
    """Where layers and archives are: about 14 GB for the images with PyTorch, and 6 more while building."""

    report: Report = field(default_factory=Silence)
    """Is told what is done."""

    def provide(self, program: str, base: str | None = None) -> Archive:
        """Build the image of a program where something changed, and have it as an archive.

        Args:
            program: One of PROGRAMS.
            base: Image to build on. Default: the one that the Dockerfile names where its registry is reached, and
                elsewhere one that stands in for it.

        Raises:
            ToolError: a program is missing or fails, or this is no checkout.
        """
        reference = self.build(program, base=base or self.base(program))
        described = json.loads(self._run("inspect", "--type=image", reference, what=f"reading {reference}"))
        identity, target = described["FromImageID"], self._made("archives") / f"{program}.tar"
        found = Archive(
            reference=reference,
            identity=identity,
            bytes=sum(layer["size"] for layer in json.loads(described["Manifest"])["layers"]),
            path=target,
        )
        stamp, written = target.with_suffix(".identity"), " ".join((identity, *_PACKED))
        if not (target.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == written):
            stamp.unlink(missing_ok=True)
            self.archive(reference, target)
            with storage_errors(self.folder):
                stamp.write_text(written, encoding="utf-8")
        return found

    def base(self, program: str) -> str:
        """Return the base that a Dockerfile names, pulled, or one that stands in where its registry is not reached.

        Raises:
            ToolError: debootstrap or buildah is missing or fails, or this is no checkout.
        """
        named = _BASE.search(self._dockerfile(program).read_text(encoding="utf-8"))
        assert named is not None, program
        if self._run("images", "--quiet", "--filter", f"reference={STAND_IN}", what="listing images").strip():
            return STAND_IN
        self.report.begin(named[1], "pulling")
        try:
            self._run("pull", "--quiet", named[1], what=f"pulling {named[1]}", seconds=_PULL_SECONDS)
        except ToolError:
            self.report.line(named[1], f"not reached; {STAND_IN} stands in, made of Debian's packages")
            return self.stand_in()
        return named[1]

    def stand_in(self) -> str:
        """Return the base that stands in where no registry is reached, made by debootstrap when it is not there yet.

        Raises:
            ToolError: debootstrap or buildah is missing or fails.
        """
        if self._run("images", "--quiet", "--filter", f"reference={STAND_IN}", what="listing images").strip():
            return STAND_IN
        debootstrap = _program("debootstrap")
        self.report.begin(STAND_IN, "Debian by debootstrap, 1 to 3 min")
        with storage_errors(self.folder), tempfile.TemporaryDirectory(dir=self._made("base")) as place:
            tree = Path(place, "tree")
            command = [debootstrap, "--variant=minbase", f"--include={_PACKAGES}", _SUITE, str(tree)]
            run(command, self.folder, os.environ, _BUILD_SECONDS, f"making {STAND_IN}", self._detail(STAND_IN))
            for pattern in _DOWNLOADS:
                for downloaded in tree.glob(pattern):
                    downloaded.unlink()
            container = self._run("from", "scratch", what=f"making {STAND_IN}").strip()
            for arguments in (
                ("add", "--quiet", container, str(tree), "/"),
                ("config", "--env", "PATH=/usr/local/bin:/usr/bin:/bin", container),
                ("commit", "--quiet", "--rm", container, STAND_IN),
            ):
                self._run(*arguments, what=f"making {STAND_IN}")
        return STAND_IN

    def build(self, program: str, tag: str = "local", base: str | None = None) -> str:
        """Build the image of a program; layers that were built before are used again.

        Args:
            program: One of PROGRAMS.
            tag: Tag of the image.
            base: Image to build on. Default: the one that the Dockerfile names, with its digest.

        Returns:
            The image's reference, `localhost/aidc-<program>:<tag>`.

        Raises:
            ToolError: buildah is missing or fails, or this is no checkout, or there is no such program.
        """
        dockerfile = self._dockerfile(program)
        reference = f"localhost/aidc-{program}:{tag}"
        self.report.begin(reference, "installing from the lock, 1 to 10 min")
        self._run(
            "bud",
            "--layers",
            "--network=host",
            # Certificates of a company's own authority are trusted while building, and not kept in the image.
            *((f"--volume={_CERTIFICATES}:{_CERTIFICATES}:ro",) if Path(_CERTIFICATES).is_dir() else ()),
            *((f"--build-arg=BASE={base}",) if base else ()),
            f"--file={dockerfile}",
            f"--tag={reference}",
            str(_ROOT),
            what=f"building {reference}",
        )
        return reference

    def archive(self, reference: str, target: Path) -> None:
        """Write an image to a file that containerd imports (`ctr images import`).

        Images that share a layer have it with the same digest, so that a node unpacks it once.

        Raises:
            ToolError: the image is not there, or the file cannot be written.
        """
        partial = target.with_suffix(".partial")
        for old in (partial, target):
            # Beside the new one, it would take its gigabytes a second time.
            old.unlink(missing_ok=True)
        self.report.begin(reference, f"writing {target}")
        self._run("push", *_PACKED, reference, f"oci-archive:{partial}:{reference}", what=f"writing {target}")
        partial.replace(target)

    @contextmanager
    def alone(self) -> Generator[None]:
        """Hold the folder for this process; in the end drop what was downloaded for builds, which layers hold by then.

        Raises:
            ToolError: the folder cannot be written.
        """
        with held(self.folder / ".lock", lambda holder: self.report.begin("images", f"waiting for {holder}")):
            yield
            shutil.rmtree(self.folder / _TEMPORARY, ignore_errors=True)

    def _dockerfile(self, program: str) -> Path:
        found = _ROOT / "workloads" / program / "Dockerfile"
        if not found.is_file() or not (_ROOT / "uv.lock").is_file():
            raise ToolError(f"{found} and uv.lock are needed to build an image; run this in a checkout")
        return found

    def _run(self, *arguments: str, what: str, seconds: float = _BUILD_SECONDS) -> str:
        store, state = self._made("layers"), self._made("state")
        command = [_program("buildah"), f"--root={store}", f"--runroot={state}", "--storage-driver=overlay", *arguments]
        # Without namespaces and cgroups, so that it works inside a container too. The cache of downloads, whose place
        # follows TMPDIR, stays in the folder.
        environment = {**os.environ, "TMPDIR": str(self._made(_TEMPORARY)), "BUILDAH_ISOLATION": "chroot"}
        return run(command, self.folder, environment, seconds, what, self._detail(what))

    def _detail(self, what: str) -> Callable[[str], None]:
        return lambda text: self.report.detail(what, text)

    def _made(self, name: str) -> Path:
        place = self.folder / name
        with storage_errors(self.folder):
            place.mkdir(parents=True, exist_ok=True)
        return place


def _program(name: str) -> str:
    found = system_program(name)
    if found is None:
        raise ToolError(f"{name} is missing; on Debian and Ubuntu, as root: {apt_line([IMAGE_PROGRAMS[name]])}")
    return str(found)
