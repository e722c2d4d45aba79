"""A certificate that load balancers of AWS show to clients."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...problems import Problems
from .gateway import check_host_name

if TYPE_CHECKING:
    from pulumi_aws.acm import Certificate as AcmCertificate

_KEYS: Final = ("RSA_2048", "EC_prime256v1", "EC_secp384r1")
"""What ACM issues and load balancers take: ACM, RequestCertificate, read 2026-11."""

_MOST_NAMES: Final = 10
"""Names of one certificate: ACM quotas, "Number of domain names per ACM certificate", the default."""

_LONGEST_COMMON_NAME: Final = 64
"""Characters of the first name: ACM, RequestCertificate."""

_RECORD_SECONDS: Final = 300


class CertificateArgs(TypedDict):
    """Inputs of `Certificate`."""

    domain_name: str
    """Name that clients ask for, such as `chat.example.org` or `*.example.org`, at most 64 characters."""

    alternative_names: NotRequired[list[str]]
    """More names that it is good for, at most 9. Default: none."""

    zone_id: NotRequired[pulumi.Input[str]]
    """Id of the hosted zone in Route 53 that has all the names: the records that prove them are made there, and the
    certificate is waited for. Default: none; whoever has the zone makes the records of `validation_records`."""

    key_algorithm: NotRequired[str]
    """`RSA_2048`, which all clients know, or the quicker `EC_prime256v1` or `EC_secp384r1`. Default: `RSA_2048`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificatePlan:
    """A certificate with every default applied."""

    domain_name: str
    alternative_names: Sequence[str]
    key_algorithm: str

    @property
    def proofs(self) -> Sequence[str]:
        """Names that need a record each: a wildcard is proved by the record of what it is a wildcard of."""
        return sorted({name.removeprefix("*.") for name in (self.domain_name, *self.alternative_names)})


def plan_certificate(args: CertificateArgs) -> CertificatePlan:
    """Check the inputs and apply the defaults; raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, CertificateArgs):
        problems.raise_if_any("Certificate")
    domain, others = args["domain_name"], args.get("alternative_names", [])
    _check_domain(problems, "domainName", domain)
    if len(domain) > _LONGEST_COMMON_NAME:
        problems.add(
            "domainName",
            f"'{domain}' has {len(domain)} characters; give {_LONGEST_COMMON_NAME} or fewer, longer ones as "
            "alternativeNames",
        )
    problems.between("alternativeNames", len(others), 0, _MOST_NAMES - 1, "names")
    for index, name in enumerate(others):
        _check_domain(problems, f"alternativeNames[{index}]", name)
    algorithm = args.get("key_algorithm", _KEYS[0])
    problems.choice("keyAlgorithm", algorithm, _KEYS)
    problems.raise_if_any("Certificate")
    return CertificatePlan(
        domain_name=domain, alternative_names=sorted(set(others) - {domain}), key_algorithm=algorithm
    )


def _check_domain(problems: Problems, path: str, name: str) -> None:
    check_host_name(problems, path, name)
    if "." not in name.removeprefix("*."):
        problems.add(path, f"'{name}' has no domain; ACM issues for public names such as chat.example.org")


class Certificate(pulumi.ComponentResource):
    """A certificate of ACM, proved by records in DNS and renewed by AWS for as long as these stand.

    Example: `Certificate("chat", {"domain_name": "chat.example.org", "zone_id": "Z0123456789ABCDEFGHIJ"})`
    """

    certificate_arn: pulumi.Output[str]
    """ARN, for the `certificate_arns` of a load balancer; with `zone_id` only once the certificate is valid."""

    validation_records: pulumi.Output[list[str]]
    """Records that prove the names, each as `name type value`, sorted."""

    def __init__(self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        from pulumi_aws import acm

        plan = planned("Certificate", name, plan_certificate, args)
        super().__init__("aidc:index:Certificate", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        certificate = acm.Certificate(
            name,
            domain_name=plan.domain_name,
            subject_alternative_names=list(plan.alternative_names),
            validation_method="DNS",
            key_algorithm=plan.key_algorithm,
            tags={"Name": name},
            opts=child,
        )
        self.certificate_arn = certificate.arn
        self.validation_records = certificate.domain_validation_options.apply(_shown)
        if "zone_id" in args:
            self.certificate_arn = _prove(name, plan, args["zone_id"], certificate, child)
        self.register_outputs({"certificate_arn": self.certificate_arn, "validation_records": self.validation_records})


def _prove(
    name: str,
    plan: CertificatePlan,
    zone: pulumi.Input[str],
    certificate: "AcmCertificate",
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """Make the records and wait for the certificate; return its ARN, known once it is valid."""
    from pulumi_aws import acm, route53

    names: list[pulumi.Output[str]] = []
    for domain in plan.proofs:
        option = certificate.domain_validation_options.apply(partial(_option_of, domain))
        record = route53.Record(
            f"{name}-{domain}",
            zone_id=zone,
            name=option.apply(lambda found: found.resource_record_name),
            type=option.apply(lambda found: found.resource_record_type),
            records=[option.apply(lambda found: found.resource_record_value)],
            ttl=_RECORD_SECONDS,
            # Certificates of one name share the record, in other stacks too.
            allow_overwrite=True,
            opts=opts,
        )
        names.append(record.fqdn)
    valid = acm.CertificateValidation(name, certificate_arn=certificate.arn, validation_record_fqdns=names, opts=opts)
    return valid.certificate_arn


def _option_of(domain: str, options: Sequence[Any]) -> Any:
    """Return how AWS wants a name to be proved; ACM answers with the option of the name or of its wildcard."""
    return next(option for option in options if option.domain_name.removeprefix("*.") == domain)


def _shown(options: Sequence[Any]) -> list[str]:
    return sorted(
        {
            f"{option.resource_record_name} {option.resource_record_type} {option.resource_record_value}"
            for option in options
        }
    )
