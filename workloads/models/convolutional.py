"""Convolutional network that classifies images."""

from torch import Tensor, nn
from torch.nn import functional

from .settings import ConvolutionalSettings


class Stage(nn.Module):
    """Two convolutions of 3 x 3; the first one halves height and width where `stride` is 2.

    Group normalisation (Wu and He, 2018) looks at one image at a time, unlike batch normalisation, so that the result
    does not depend on how many processes share a batch.
    """

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        groups = next(count for count in (8, 4, 2, 1) if width % count == 0)
        self.first = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)
        self.first_norm = nn.GroupNorm(groups, width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.second_norm = nn.GroupNorm(groups, width)

    def forward(self, images: Tensor) -> Tensor:
        """Return [batch, width, height / stride, width / stride] for [batch, channels, height, width]."""
        hidden = functional.relu(self.first_norm(self.first(images)))
        return functional.relu(self.second_norm(self.second(hidden)))


class Convolutional(nn.Module):
    """Stages of convolutions, the mean over all places, and a linear layer to the classes."""

    def __init__(self, settings: ConvolutionalSettings) -> None:
        super().__init__()
        self.settings = settings
        widths = settings.widths
        before = (settings.channels or 0, *widths)
        self.stages = nn.ModuleDict(
            {str(index): Stage(before[index], width, 2 if index else 1) for index, width in enumerate(widths)}
        )
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(widths[-1], settings.classes or 0)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits [batch, classes] for images [batch, channels, height, width] (float)."""
        hidden = images
        for stage in self.stages.values():
            hidden = stage(hidden)
        return self.head(self.dropout(hidden.mean((2, 3))))
