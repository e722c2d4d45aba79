"""The traces that forecasts and policies are measured on, by name."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...problems import InvalidInput, Problem, suggestion
from .bins import Combination
from .series import Series
from .traces import Trace, masked, read_trace


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownTrace:
    """Where a trace is and how it is to be read. Origins and licences are in SOURCES.md beside the files."""

    name: str
    """What commands and tables call it."""

    file: str
    """Path below the folder of the traces."""

    family: str
    """Traces of one origin: nasa, twitter, servegen, nab, azure, mooncake."""

    time: str = "timestamp_s"
    """Column of times."""

    value: str | None = "requests"
    """Column of the load; None where every row is one request."""

    step: float
    """Seconds of a step."""

    combine: Combination = "mean"
    """How rows of one step become its value."""

    unit: str = "requests"
    """What one step's value counts or measures."""

    load: bool = True
    """Whether the value grows with the work asked for; False for a latency or a share of a machine."""

    holes: tuple[tuple[float, float], ...] = ()
    """First and last second, from the beginning of the file, of what was not measured or not the service's load."""

    zeros_are_holes: bool = False
    """Whether a zero means that the source has no record: seams and losses in a load that never rests."""

    seams: tuple[tuple[float, float], ...] = ()
    """Second, from the beginning of the file, before which the source left time out, and how many seconds."""

    def read(self, folder: str | Path | None = None, *, step: float | None = None) -> Trace:
        """Read it from `folder` (default: `traces_folder()`), at its own step or another one, with holes as NaN."""
        trace = read_trace(
            Path(folder or traces_folder()) / self.file,
            time=self.time,
            value=self.value,
            step=step or self.step,
            combine=self.combine,
        )
        trace = masked(trace, holes=self.holes, zeros=self.zeros_are_holes)
        for seam, missing in reversed(self.seams):
            trace = _opened(trace, seam, missing)
        return trace


def _opened(trace: Trace, seam: float, missing: float) -> Trace:
    """Return the trace with `missing` seconds of unknown load put in before `seam`, so that days stay days."""
    series = trace.series
    at, count = int(seam // series.step), round(missing / series.step)
    values = np.concatenate([series.values[:at], np.full(count, np.nan), series.values[at:]])
    return replace(trace, series=Series(series.start, series.step, values), empty_steps=trace.empty_steps + count)


def _servegen(model: str, *, zeros_are_holes: bool = False) -> KnownTrace:
    return KnownTrace(
        name=f"servegen-{model}",
        file=f"servegen_{model}_10min.csv",
        family="servegen",
        step=600,
        zeros_are_holes=zeros_are_holes,
    )


def _numenta(name: str, file: str, *, step: float = 300, unit: str, load: bool = True) -> KnownTrace:
    return KnownTrace(
        name=f"nab-{name}",
        file=f"nab/{file}.csv",
        family="nab",
        time="timestamp",
        value="value",
        step=step,
        unit=unit,
        load=load,
    )


def _cpu(identity: str, family: str = "ec2") -> KnownTrace:
    return _numenta(
        f"{family}-cpu-{identity}",
        f"realAWSCloudwatch__{family}_cpu_utilization_{identity}",
        unit="percent of a CPU",
        load=False,
    )


_TRACES = (
    KnownTrace(name="azure-code", file="azure_llm_2023_code_1min.csv", family="azure", step=60),
    KnownTrace(name="azure-code-10s", file="azure_llm_2023_code_10s.csv", family="azure", step=10),
    KnownTrace(name="azure-conversation", file="azure_llm_2023_conv_1min.csv", family="azure", step=60),
    KnownTrace(name="azure-conversation-10s", file="azure_llm_2023_conv_10s.csv", family="azure", step=10),
    KnownTrace(name="mooncake-conversation", file="mooncake_conversation_1min.csv", family="mooncake", step=60),
    KnownTrace(
        name="mooncake-conversation-10s",
        file="mooncake_conversation_requests.csv",
        family="mooncake",
        value=None,
        step=10,
        combine="count",
    ),
    KnownTrace(name="mooncake-synthetic", file="mooncake_synthetic_1min.csv", family="mooncake", step=60),
    _servegen("m-large"),
    # Seven runs of exact zeros, up to 3.8 hours at a level of a million: the source has no record there.
    _servegen("m-mid", zeros_are_holes=True),
    _servegen("deepseek-r1"),
    _servegen("mm-image"),
    KnownTrace(
        name="nasa",
        file="nasa_1min.csv",
        family="nasa",
        step=60,
        # The server was off for a hurricane.
        holes=((2_435_100, 2_573_940),),
        # The log of July ends on the 28th at 13:32, and that of August follows at once: three days and a half.
        seams=((2_381_520, 31 * 86_400 - 2_381_520),),
    ),
    KnownTrace(name="twitter", file="twitter_trace_1min.csv", family="twitter", step=60, zeros_are_holes=True),
    *(_cpu(name) for name in ("24ae8d", "53ea38", "5f5533", "77c1ca", "825cc2", "ac20cd", "c6585a", "fe7f93")),
    *(_cpu(name, "rds") for name in ("cc0c53", "e47b3b")),
    _numenta("disk-write-1ef3de", "realAWSCloudwatch__ec2_disk_write_bytes_1ef3de", unit="bytes"),
    _numenta("disk-write-c0d644", "realAWSCloudwatch__ec2_disk_write_bytes_c0d644", unit="bytes"),
    _numenta("network-in-257a54", "realAWSCloudwatch__ec2_network_in_257a54", unit="bytes"),
    _numenta("network-in-5abac7", "realAWSCloudwatch__ec2_network_in_5abac7", unit="bytes"),
    _numenta("network-in-a2eb1c", "realAWSCloudwatch__iio_us-east-1_i-a2eb1cd9_NetworkIn", unit="bytes"),
    _numenta("elb-requests", "realAWSCloudwatch__elb_request_count_8c0756", unit="requests"),
    _numenta("asg-grok", "realAWSCloudwatch__grok_asg_anomaly", unit="instances"),
    _numenta(
        "asg-cpu",
        "realKnownCause__cpu_utilization_asg_misconfiguration",
        unit="percent of a CPU",
        load=False,
    ),
    _numenta(
        "request-latency",
        "realKnownCause__ec2_request_latency_system_failure",
        unit="milliseconds",
        load=False,
    ),
    _numenta("taxi", "realKnownCause__nyc_taxi", step=1800, unit="passengers"),
    _numenta("tweets-amzn", "realTweets__Twitter_volume_AMZN", unit="tweets"),
    _numenta("tweets-goog", "realTweets__Twitter_volume_GOOG", unit="tweets"),
)


def known_traces() -> tuple[KnownTrace, ...]:
    """Return every trace that has a name."""
    return _TRACES


def known_trace(name: str) -> KnownTrace:
    """Return the trace of that name, or raise `InvalidInput` with close matches."""
    for trace in _TRACES:
        if trace.name == name:
            return trace
    names = [trace.name for trace in _TRACES]
    way_out = suggestion(name, names) or f"; give a CSV file, or one of {', '.join(names)}"
    raise InvalidInput("trace", [Problem("trace", f"no trace is called '{name}'{way_out}")])


def traces_folder() -> Path:
    """Return the folder of the traces: `AIDC_TRACES`, else `../shared/traces` beside the repository's root."""
    return Path(os.environ.get("AIDC_TRACES") or Path(__file__).resolve().parents[3] / "shared" / "traces")
