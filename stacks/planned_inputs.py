"""What the settings of a component get from the plans of others, before it is planned itself."""

from collections.abc import Mapping
from typing import Any, Final

from .fabric import Plans, with_fabric
from .monitoring import with_monitor, with_monitored_preprocessing, with_monitored_program, with_monitored_service

_RULES: Final = {
    "preprocessing_jobs": (with_monitored_preprocessing,),
    "training_jobs": (with_fabric, with_monitored_program),
    "inference_services": (with_monitored_service,),
    "microservices": (with_monitor,),
}
"""By family; each rule takes the inputs of a component and all plans so far."""


def with_plans(family: str, section: Mapping[str, Mapping[str, Any]], plans: Plans) -> Mapping[str, Mapping[str, Any]]:
    """Return the components of a family with what they get."""
    for rule in _RULES.get(family, ()):
        section = {name: rule(own, plans) for name, own in section.items()}
    return section
