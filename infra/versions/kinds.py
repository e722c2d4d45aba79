"""What a version is: of a program, an image, a chart, an add-on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One published version of one thing."""

    number: str
    """Without a leading `v`, such as `1.36.3`."""

    source: str
    """Where it is published."""

    released: str
    """Day of publication, as YYYY-MM-DD."""

    @property
    def tag(self) -> str:
        """The number with a leading `v`, as tags and Go modules write it."""
        return f"v{self.number}"

    @property
    def minor(self) -> str:
        """Major and minor number, such as `1.36`."""
        return ".".join(self.number.split(".")[:2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Image(Version):
    """A version that is published as a container image."""

    repository: str
    """Registry and name, such as `registry.k8s.io/pause`."""

    prefix: str = ""
    """What the tag has before the number, such as `v`. Default: nothing."""

    @property
    def reference(self) -> str:
        """Repository and tag."""
        return f"{self.repository}:{self.prefix}{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoModule(Version):
    """A version that is published as a Go module."""

    path: str
    """Module path, such as `sigs.k8s.io/karpenter`."""

    checksum: str = ""
    """Go's `h1:` checksum of the module. Default: none here, because `tools/modules/go.sum` has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One released file for one platform."""

    address: str
    """Where it is downloaded."""

    sha256: str
    """Checksum of the file, in hexadecimal digits."""

    member: str = ""
    """The file that is wanted inside a `.tar.gz`. Default: the released file is the program itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart(Version):
    """A version that is published as a Helm chart."""

    name: str
    """Name of the chart, such as `karpenter`."""

    repository: str
    """Where charts lie: `https://...`, or `oci://...` for a registry."""

    is_tagged: bool = False
    """Whether the chart's own version has a leading `v`."""

    @property
    def version(self) -> str:
        """The version as the repository writes it."""
        return self.tag if self.is_tagged else self.number

    @property
    def location(self) -> str:
        """What Helm calls the chart: its name, or its whole address in a registry."""
        return f"{self.repository}/{self.name}" if self.repository.startswith("oci://") else self.name

    @property
    def repository_options(self) -> dict[str, str]:
        """Where Helm finds the chart, where its location does not say it."""
        return {} if self.repository.startswith("oci://") else {"repo": self.repository}
