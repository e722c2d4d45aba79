"""Who hears of a training: what is shown, metrics and trackers."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager

from .events import Events
from .parallel.processes import Processes
from .progress import Shown, make_progress
from .publication import check_destinations, output_folder
from .settings import TrainingSettings
from .tracking.listener import TrackingListener
from .tracking.trackers import open_tracker


@contextmanager
def listening(settings: TrainingSettings, processes: Processes, shown: Shown) -> Generator[Events]:
    """Give the events of a training to those who listen on this process, and close these at the end.

    The first process shows progress and writes to the tracker; the first one of each node serves metrics.

    Raises:
        InvalidInput: The tracker, the port of the metrics, or a place that something is to be left at cannot be used.
    """
    events = Events()
    if processes.first:
        check_destinations(settings)
    with ExitStack() as stack:
        if processes.local_rank == 0 and settings.metrics.port is not None:
            from .metrics import Metrics

            metrics = Metrics(settings.metrics.port, settings.metrics.address)
            stack.callback(metrics.close)
            events.add(metrics)
            events.metrics_port = metrics.port
        if processes.first:
            parameters = settings.model_dump(mode="json")
            tracker = open_tracker(settings.tracking, settings.name, output_folder(settings), parameters)
            if tracker is not None:
                listener = TrackingListener(tracker, events)
                stack.callback(listener.close)
                events.add(listener)
            progress = make_progress(shown)
            stack.callback(progress.close)
            events.add(progress)
        yield events
