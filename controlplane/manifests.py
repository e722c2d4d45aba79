"""Manifests: reading them from folders, and what they say about the controllers that they need."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import yaml

from ..problems import InvalidInput, Problem, Problems
from .objects import Object, entries, spec, table

# libyaml, where PyYAML was built with it, reads the two megabytes of Trainer's CRDs ten times faster.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_CONTROLLER_OF_GROUP = {
    "karpenter.sh": "karpenter",
    "karpenter.kwok.sh": "karpenter",
    "jobset.x-k8s.io": "jobset",
    "trainer.kubeflow.org": "trainer",
    "keda.sh": "keda",
    "autoscaling.k8s.io": "vertical-pod-autoscaler",
}


def read_manifests(folder: Path) -> list[Object]:
    """Return the objects of every .yaml, .yml and .json file below a folder, in the order of the file names.

    Raises:
        InvalidInput: the folder is missing or empty, a file is not YAML, or a document is no object.
    """
    if not folder.is_dir():
        raise InvalidInput("manifests", [Problem("", f"{folder} is not a folder")])
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".yaml", ".yml", ".json"))
    problems = Problems()
    objects: list[Object] = []
    for path in files:
        with problems.under(str(path.relative_to(folder))):
            objects += _documents(path, problems)
    if not objects and not len(problems):
        problems.add("", f"{folder} holds no manifest (.yaml, .yml, .json)")
    problems.raise_if_any("manifests")
    return objects


def wanted_controllers(objects: Iterable[Object]) -> frozenset[str]:
    """Return the controllers whose API groups occur in these objects."""
    groups = {str(thing["apiVersion"]).rpartition("/")[0] for thing in objects}
    return frozenset(_CONTROLLER_OF_GROUP[group] for group in groups if group in _CONTROLLER_OF_GROUP)


def zones_of(objects: Iterable[Object]) -> list[str]:
    """Return the zones that node pools name, sorted."""
    found: set[str] = set()
    for thing in objects:
        if thing["kind"] == "NodePool":
            template = table(table(spec(thing).get("template")).get("spec"))
            for requirement in entries(template.get("requirements")):
                if requirement.get("key") == "topology.kubernetes.io/zone":
                    found.update(requirement.get("values") or ())
    return sorted(found)


def _documents(path: Path, problems: Problems) -> list[Object]:
    try:
        documents = list(yaml.load_all(path.read_text(), Loader=_Loader))
    except yaml.YAMLError as error:
        problems.add("", f"not YAML: {' '.join(str(error).split())}")
        return []
    except (OSError, UnicodeDecodeError) as error:
        problems.add("", f"cannot be read: {error}")
        return []
    found: list[Object] = []
    for number, document in enumerate(documents):
        if document is None:
            continue
        thing = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
        if thing.get("kind") == "List":
            found += thing.get("items") or []
        elif fault := _fault(thing):
            problems.add(f"[{number}]", fault)
        else:
            found.append(thing)
    return found


def _fault(thing: Object) -> str:
    for key in ("apiVersion", "kind"):
        if not isinstance(thing.get(key), str):
            return f"has no {key}: this is not a Kubernetes object"
    metadata = thing.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(cast("Object", metadata).get("name"), str):
        return "has no metadata.name"
    return ""
