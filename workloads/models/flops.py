"""Floating-point operations of the models, for model FLOPS utilisation.

Only matrix products are counted, a product and its sum as two operations, and nothing that a program computes again;
the backward pass costs twice the forward one (Chowdhery et al., "PaLM", 2022, appendix B, whose 6N + 12LHQT is the
formula for GPT-2 here with N the weights of matrix products). Attention counts as if it were not causal, as there.
"""

from .settings import ConvolutionalSettings, GPT2Settings, LSTMSettings


def flops_per_token(settings: GPT2Settings | LSTMSettings, context: int) -> int:
    """Return the operations of training on one token of a sample of `context` tokens: forward and backward."""
    if isinstance(settings, GPT2Settings):
        shape = settings.shape
        attention = shape.heads * shape.head_size
        weights = shape.layers * shape.embedding * (4 * attention + 2 * shape.inner)
        weights += shape.embedding * shape.vocabulary
        return 6 * weights + 12 * shape.layers * attention * context
    inputs = [settings.embedding, *[settings.hidden] * (settings.layers - 1)]
    weights = sum(4 * settings.hidden * (width + settings.hidden) for width in inputs)
    return 6 * (weights + settings.hidden * (settings.vocabulary or 0))


def flops_per_sample(settings: GPT2Settings | LSTMSettings | ConvolutionalSettings, context: int = 1) -> int:
    """Return the operations of training on one sample, of `context` tokens for a language model.

    The first convolution has no gradient of its input, which therefore is not counted.
    """
    if not isinstance(settings, ConvolutionalSettings):
        return context * flops_per_token(settings, context)
    height, width = settings.height or 0, settings.width or 0
    channels = settings.channels or 0
    total = 0
    for index, stage in enumerate(settings.widths):
        if index:
            height, width = (height + 1) // 2, (width + 1) // 2
        places = height * width
        total += (6 if index else 4) * places * stage * channels * 9 + 6 * places * stage * stage * 9
        channels = stage
    return total + 6 * channels * (settings.classes or 0)
