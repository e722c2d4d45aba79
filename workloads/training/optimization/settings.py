"""Settings of optimizers and schedules."""

from typing import Annotated, Literal

from pydantic import Field

from ...settings import Settings, Unit

Decay = Annotated[float, Field(ge=0, lt=1)]
Steps = Annotated[int, Field(ge=0), Unit("steps")]


class _OptimizerSettings(Settings):
    learning_rate: Annotated[float, Field(gt=0, le=1_000)]
    """Step size at the schedule's full height."""

    ridge: Annotated[float, Field(ge=0)] = 0.0
    """Lambda of the ridge penalty lambda sum w^2, added to the loss; its gradient is 2 lambda w. Default: 0."""

    gradient_clipping: Annotated[float, Field(gt=0)] | None = None
    """Largest norm of the whole gradient; a longer one is shortened to it. Default: none."""


class SgdSettings(_OptimizerSettings):
    """Stochastic gradient descent: w <- w - a g."""

    kind: Literal["sgd"] = "sgd"
    """Stochastic gradient descent."""


class MomentumSettings(_OptimizerSettings):
    """Momentum as an average of gradients: v <- b v + (1 - b) g, w <- w - a v."""

    kind: Literal["momentum"] = "momentum"
    """Gradient descent with momentum."""

    momentum: Decay = 0.9
    """b, the share of the former average that is kept at each step. Default: 0.9."""


class AdamSettings(_OptimizerSettings):
    """Adam (Kingma and Ba, 2015, algorithm 1)."""

    kind: Literal["adam"] = "adam"
    """Adam."""

    beta1: Decay = 0.9
    """Decay of the average of gradients. Default: 0.9."""

    beta2: Decay = 0.999
    """Decay of the average of squared gradients. Default: 0.999."""

    epsilon: Annotated[float, Field(gt=0)] = 1e-8
    """Added to the root of the average of squares. Default: 1e-8."""


class AdamWSettings(AdamSettings):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019, algorithm 2)."""

    kind: Literal["adamw"] = "adamw"  # pyright: ignore[reportIncompatibleVariableOverride]
    """Adam with decoupled weight decay."""

    weight_decay: Annotated[float, Field(ge=0)] = 0.1
    """Share of a weight, times the learning rate, that each step takes away. Weights of one dimension (biases, gains
    of norms) are left alone. Default: 0.1."""


OptimizerSettings = Annotated[
    SgdSettings | MomentumSettings | AdamSettings | AdamWSettings, Field(discriminator="kind")
]


class ScheduleSettings(Settings):
    """Learning rate over the steps, as a share of `optimizer.learning_rate`."""

    kind: Literal["constant", "linear", "cosine", "inverse_square_root", "warmup_stable_decay"] = "constant"
    """What follows the warm-up: `constant` stays; `linear` and `cosine` fall to `minimum` at the last step;
    `inverse_square_root` falls with 1 / sqrt(step); `warmup_stable_decay` stays, then falls linearly to `minimum` in
    the last `decay_steps`. Default: `constant`."""

    warmup_steps: Steps = 0
    """Steps in which the learning rate rises linearly from nearly 0. Default: 0."""

    minimum: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of the learning rate that is left at the end. Default: 0."""

    decay_steps: Steps | None = None
    """Steps of the fall of `warmup_stable_decay`. Default: a tenth of all steps."""
