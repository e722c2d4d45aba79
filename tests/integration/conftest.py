"""One simulated cluster for most tests, and what they say to it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from aidc.controlplane.applying import apply_all
from aidc.controlplane.cluster import Cluster, ClusterSettings
from aidc.controlplane.definitions import wait_until_served
from aidc.controlplane.processes import ProcessTable
from aidc.controlplane.real_node.images import single_program
from aidc.controlplane.waiting import wait_until_ready
from aidc.infra import versions
from aidc.tools.images import images_folder
from aidc.tools.progress import Silence

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
HERE = Path(__file__).parent
MANIFESTS = HERE / "manifests"


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.integration)
    # They take one worker long: last, they would run when the others have nothing left to do.
    items.sort(key=lambda item: not item.path.name.startswith("test_real_"))


@pytest.fixture(scope="session")
def state(tmp_path_factory):
    """The folder of every cluster of this test run; at its end no process of any of them is left."""
    folder = tmp_path_factory.mktemp("state")
    before = os.environ.get("AIDC_STATE")
    os.environ["AIDC_STATE"] = str(folder)
    yield folder
    for cluster in (folder / "clusters").glob("*"):
        ProcessTable(cluster).stop_all()
    if before is None:
        del os.environ["AIDC_STATE"]
    else:
        os.environ["AIDC_STATE"] = before


@pytest.fixture
def name(state, request):
    """A cluster of the test's own, gone when it ends."""
    name = request.node.name.replace("_", "-")[:30].strip("-")
    yield name
    if (state / "clusters" / name).exists():
        Cluster(name).stop()


@pytest.fixture(scope="session")
def cluster(state):
    """The shared cluster, with every controller."""
    cluster = Cluster("shared")
    controllers = frozenset({"karpenter", "jobset", "trainer", "keda", "vertical-pod-autoscaler"})
    cluster.start(ClusterSettings(controllers=controllers), Silence())
    return cluster


@pytest.fixture
def client(cluster):
    with cluster.client() as client:
        yield client


@pytest.fixture
def own_client(state):
    """A cluster of the test's own: environments have namespaces and pools of one name, which take their time to go."""
    cluster = Cluster("own")
    try:
        controllers = frozenset({"karpenter", "jobset", "trainer", "keda"})
        cluster.start(ClusterSettings(controllers=controllers), Silence())
        with cluster.client() as client:
            yield client
    finally:
        cluster.stop()


PUBLISHED = Path(os.environ.get("AIDC_CRDS", HERE.parents[2] / "shared/crds"))


class Published:
    """Definitions of operators that the control plane does not run: from AIDC_CRDS, or a folder beside the checkout."""

    def __init__(self, client):
        self.client = client

    def install(self, objects):
        """Install what these objects need; return the files that are not there."""
        groups = {thing["apiVersion"].partition("/")[0] for thing in objects}
        missing = []
        for each in versions.DEFINITIONS:
            # The pools that simulated nodes are made for have the definitions of their own Karpenter.
            for group in groups & set(each.groups) - {"karpenter.sh"}:
                if (PUBLISHED / each.file).is_file():
                    self._install(PUBLISHED / each.file, group)
                else:
                    missing.append(each.file)
        return missing

    def accepted(self, objects):
        """Install what these objects need; return those that can be applied, and what the others lack, as text."""
        missing = set(self.install(objects))
        unknown = {group for each in versions.DEFINITIONS if each.file in missing for group in each.groups}
        known = [thing for thing in objects if thing["apiVersion"].partition("/")[0] not in unknown]
        return known, missing_text(missing) if missing else ""

    def _install(self, path, group):
        found = [each for each in yaml.load_all(path.read_text(), _LOADER) if each and each["spec"]["group"] == group]
        for definition in found:
            self.client.apply(definition, force=True)
        wait_until_served(self.client, [definition["metadata"]["name"] for definition in found])


def missing_text(files):
    return f"{', '.join(sorted(files))} not in {PUBLISHED}: run `make crds`, or name its folder in AIDC_CRDS"


@pytest.fixture
def published():
    """Install definitions into a cluster: `published(client).install(objects)`."""
    return Published


class Deployed:
    """A list of objects that one test owns in the shared cluster."""

    def __init__(self, client, owner):
        self.client = client
        self.owner = owner
        self.objects = []

    def apply(self, *objects, ready=120, patience=10, **options):
        """Apply exactly these, and wait until they are ready; `ready=None` does not wait."""
        self.objects = list(objects)
        outcome = apply_all(self.client, self.objects, owner=self.owner, patience=patience, **options)
        if ready is not None:
            assert not outcome.refused, "\n".join(map(str, outcome.refused))
            wait_until_ready(self.client, self.objects, ready, lambda progress: None)
        return outcome


@pytest.fixture
def deployed(client, request):
    """Objects of one test; they are gone when it ends."""
    owner = f"test-{abs(hash(request.node.nodeid)) % 10**8}"
    deployed = Deployed(client, owner)
    yield deployed
    apply_all(client, [], owner=owner, prune_stateful=True)


@pytest.fixture
def namespace(client, deployed, request):
    """A namespace of the test's own."""
    kind = client.kind("v1", "Namespace")
    name = request.node.name.replace("_", "-").split("[")[0][:60].strip("-")
    client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield name
    client.delete(kind, name)


@pytest.fixture(scope="session")
def manifests():
    """Return the objects of a file of this folder, with `$NAMESPACE` and other values put in."""

    def read(name, namespace="default", **values):
        text = (MANIFESTS / f"{name}.yaml").read_text()
        for key, value in {"NAMESPACE": namespace, **values}.items():
            text = text.replace(f"${key}", str(value))
        return [thing for thing in yaml.safe_load_all(text) if thing]

    return read


@pytest.fixture(scope="session")
def eventually():
    """Return the first true value of a function; fail when there is none in time."""

    def wait(condition, seconds=60.0, every=0.3):
        deadline = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
            time.sleep(every)

    return wait


@pytest.fixture(scope="session")
def command():
    """Return the command line as a list."""
    return lambda *arguments: [sys.executable, "-c", "from aidc.cli import main; main()", *map(str, arguments)]


@pytest.fixture(scope="session")
def aidc(state, command):
    """Run the command line and return what it did."""

    def run(*arguments, seconds=180):
        return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=seconds)

    return run


@pytest.fixture(scope="session")
def image_archives():
    """Return the archives of programs' images, `localhost/aidc-<program>:local`; skip where one is not there."""

    def find(*programs):
        folder = images_folder(os.environ) / "archives"
        found = [folder / f"{program}.tar" for program in programs]
        if missing := [each.name for each in found if not each.is_file()]:
            pytest.skip(f"{', '.join(missing)} not in {folder}; `make images` builds them (Linux, as root)")
        return found

    return find


@pytest.fixture(scope="session")
def web_image(tmp_path_factory):
    """The archive of an image with a small web server, for a real node."""
    folder = tmp_path_factory.mktemp("server")
    command = ["go", "build", "-trimpath", "-o", folder / "server", HERE / "programs" / "server.go"]
    subprocess.run(command, check=True, env={**os.environ, "CGO_ENABLED": "0"}, cwd="/")
    archive = folder / "server.tar"
    archive.write_bytes(single_program(folder / "server", "aidc.test/server:1"))
    return archive


@pytest.fixture
def web(tmp_path):
    """A folder of one's own with the manifests of that web server."""
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "real.yaml").write_text((MANIFESTS / "real.yaml").read_text())
    return folder
