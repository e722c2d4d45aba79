"""The learning rate over the steps."""

import math

from .settings import ScheduleSettings


def rate_share(settings: ScheduleSettings, steps: int, step: int) -> float:
    """Return the share of the full learning rate at step `step` of `steps`; 0 is the first.

    In the warm-up of W steps it is (step + 1) / (W + 1). Then, with x from 0 at the first step after it to 1 at the
    last step, and m for `minimum`: `linear` is 1 - (1 - m) x; `cosine` is m + (1 - m) (1 + cos(pi x)) / 2 (Loshchilov
    and Hutter, 2017, without restarts); `inverse_square_root` is sqrt((W + 1) / (step + 1)), at least m (Vaswani and
    others, 2017); `warmup_stable_decay` is 1, then falls linearly to m over the last `decay_steps` (Hu and others,
    2024).
    """
    warmup = settings.warmup_steps
    if step < warmup:
        return (step + 1) / (warmup + 1)
    least = settings.minimum
    last = max(1, steps - 1 - warmup)
    done = min(1.0, (step - warmup) / last)
    match settings.kind:
        case "constant":
            return 1.0
        case "linear":
            return 1 - (1 - least) * done
        case "cosine":
            return least + (1 - least) * (1 + math.cos(math.pi * done)) / 2
        case "inverse_square_root":
            return max(least, math.sqrt((warmup + 1) / (step + 1)))
        case "warmup_stable_decay":
            falling = max(1, steps // 10) if settings.decay_steps is None else settings.decay_steps
            left = steps - 1 - step
            return 1.0 if left >= falling else least + (1 - least) * max(0, left) / falling
