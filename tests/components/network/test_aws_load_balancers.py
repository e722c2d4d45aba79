"""AWS's load balancers, firewalls and certificates: exact children, what the controller is told, what is refused."""

import json
from typing import Any

import pulumi
import pytest

from aidc.components.network import (
    ApplicationLoadBalancer,
    Certificate,
    LoadBalancer,
    WebFirewall,
    plan_application_load_balancer,
    plan_certificate,
    plan_load_balancer,
    plan_web_firewall,
)
from aidc.evaluation import ResourceGraph, evaluate
from aidc.problems import InvalidInput

NLB = "service.beta.kubernetes.io/aws-load-balancer-"
ALB = "alb.ingress.kubernetes.io/"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/chat"
PRIVATE = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16"


def balancer(aws: dict[str, Any] | None = None, **changed: Any) -> ResourceGraph:
    args = {"namespace": "ai", "selector": {"app": "chat"}, "ports": {"http": {"port": 80, "target_port": 8000}}}
    more = {} if aws is None else {"aws": aws}
    return evaluate(lambda: LoadBalancer("chat", {**args, **more, **changed}))  # type: ignore[typeddict-item]


def told(graph: ResourceGraph, name: str, prefix: str) -> dict[str, str]:
    annotations = graph.named(name).inputs["metadata"]["annotations"]
    return {key.removeprefix(prefix): value for key, value in annotations.items() if key.startswith(prefix)}


def mapped(text: str) -> dict[str, str]:
    pairs = [item.split("=") for item in text.split(",")]
    assert pairs == sorted(pairs)
    return {key: value for key, value in pairs}


def application(**changed: Any) -> ResourceGraph:
    args = {"namespace": "ai", "rules": {"all": {"service": "chat", "port": 80}}, **changed}
    return evaluate(lambda: ApplicationLoadBalancer("edge", args))  # type: ignore[arg-type]


def problems_of(plan: Any, args: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        plan(args)
    return {problem.path: problem.reason for problem in caught.value.problems}


def test_without_options_the_manifest_says_nothing_of_network_load_balancers() -> None:
    service = balancer().named("chat-service").inputs
    assert set(told(balancer(), "chat-service", NLB)) == {"scheme", "internal"}
    assert {"loadBalancerClass", "allocateLoadBalancerNodePorts"} & set(service["spec"]) == set()


def test_what_a_network_load_balancer_is_by_default() -> None:
    graph = balancer({})
    spec = graph.named("chat-service").inputs["spec"]
    assert (spec["loadBalancerClass"], spec["allocateLoadBalancerNodePorts"]) == ("service.k8s.aws/nlb", False)
    found = told(graph, "chat-service", NLB)
    assert mapped(found.pop("attributes")) == {
        "access_logs.s3.enabled": "false",
        "deletion_protection.enabled": "false",
        "load_balancing.cross_zone.enabled": "true",
    }
    assert mapped(found.pop("target-group-attributes")) == {
        "deregistration_delay.timeout_seconds": "300",
        "preserve_client_ip.enabled": "true",
        "stickiness.enabled": "false",
    }
    assert found == {
        "scheme": "internal",
        "internal": "true",
        "nlb-target-type": "ip",
        "ip-address-type": "ipv4",
        "healthcheck-protocol": "tcp",
        "healthcheck-port": "traffic-port",
        "healthcheck-interval": "10",
        "healthcheck-timeout": "5",
        "healthcheck-healthy-threshold": "2",
        "healthcheck-unhealthy-threshold": "3",
    }


def test_a_network_load_balancer_that_ends_tls() -> None:
    ports = {"https": {"port": 443}, "quic": {"port": 443, "protocol": "UDP"}, "grpc": {"port": 8443}}
    found = told(balancer({"certificate_arns": [CERTIFICATE]}, ports=ports), "chat-service", NLB)
    assert {key: found[key] for key in found if key.startswith(("ssl", "backend"))} == {
        "ssl-cert": CERTIFICATE,
        "ssl-ports": "grpc,https",
        "ssl-negotiation-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "backend-protocol": "tcp",
    }


def test_every_option_of_a_network_load_balancer() -> None:
    graph = balancer(
        {
            "target_type": "instance",
            "certificate_arns": [CERTIFICATE, f"{CERTIFICATE}-2"],
            "tls_ports": ["http"],
            "tls_policy": "ELBSecurityPolicy-TLS13-1-3-2021-06",
            "backend_tls": True,
            "proxy_protocol": True,
            "preserve_client_ip": False,
            "cross_zone": False,
            "health_check": {"path": "/healthz", "port": 9000, "success_codes": "200-299"},
            "deregistration_delay_seconds": 0,
            "security_groups": ["sg-1", "sg-2"],
            "subnets": ["subnet-1"],
            "access_logs": {"bucket": "logs", "prefix": "chat"},
            "deletion_protection": True,
            "dual_stack": True,
            "tags": {"team": "a b"},
        },
        affinity_seconds=60,
        load_balancer_class="eks.amazonaws.com/nlb",
    )
    spec = graph.named("chat-service").inputs["spec"]
    assert "allocateLoadBalancerNodePorts" not in spec
    assert spec["loadBalancerClass"] == "eks.amazonaws.com/nlb"
    found = told(graph, "chat-service", NLB)
    assert mapped(found["attributes"]) == {
        "access_logs.s3.bucket": "logs",
        "access_logs.s3.enabled": "true",
        "access_logs.s3.prefix": "chat",
        "deletion_protection.enabled": "true",
        "load_balancing.cross_zone.enabled": "false",
    }
    assert mapped(found["target-group-attributes"]) == {
        "deregistration_delay.timeout_seconds": "0",
        "preserve_client_ip.enabled": "false",
        "stickiness.enabled": "true",
        "stickiness.type": "source_ip",
    }
    rest = {key: found[key] for key in found if "healthcheck" not in key and "attributes" not in key}
    assert rest == {
        "scheme": "internal",
        "internal": "true",
        "nlb-target-type": "instance",
        "ip-address-type": "dualstack",
        "ssl-cert": f"{CERTIFICATE},{CERTIFICATE}-2",
        "ssl-ports": "http",
        "ssl-negotiation-policy": "ELBSecurityPolicy-TLS13-1-3-2021-06",
        "backend-protocol": "ssl",
        "proxy-protocol": "*",
        "security-groups": "sg-1,sg-2",
        "manage-backend-security-group-rules": "true",
        "subnets": "subnet-1",
        "additional-resource-tags": "team=a b",
    }
    assert (found["healthcheck-protocol"], found["healthcheck-path"]) == ("http", "/healthz")
    assert (found["healthcheck-port"], found["healthcheck-success-codes"]) == ("9000", "200-299")


def test_health_checks_of_a_network_load_balancer_reach_the_pods_of_public_clients() -> None:
    policy = balancer({}, source_ranges=["203.0.113.0/24"]).named("chat-clients").inputs["spec"]
    sources = [each["ipBlock"]["cidr"] for each in policy["ingress"][0]["from"]]
    assert sources == ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "203.0.113.0/24"]


@pytest.mark.parametrize(
    ("aws", "more", "path", "words"),
    [
        ({"tls_ports": ["http"]}, {}, "aws.tlsPorts", "needs certificateArns"),
        ({"certificate_arns": [CERTIFICATE], "tls_ports": ["htp"]}, {}, "aws.tlsPorts[0]", "did you mean 'http'"),
        ({"certificate_arns": []}, {}, "aws.certificateArns", "names nothing"),
        (
            {"certificate_arns": [CERTIFICATE], "tls_policy": "ELBSecurityPolicy-2016-08"},
            {},
            "aws.tlsPolicy",
            "speaks TLS 1.0 or 1.1",
        ),
        (
            {"certificate_arns": [CERTIFICATE], "tls_policy": "modern"},
            {},
            "aws.tlsPolicy",
            "begins with ELBSecurityPolicy-",
        ),
        (
            {"certificate_arns": [CERTIFICATE]},
            {"ports": {"dns": {"port": 53, "protocol": "UDP"}}},
            "aws.tlsPorts",
            "no port speaks TLS",
        ),
        ({}, {"ports": {"x": {"port": 53, "protocol": "SCTP"}}}, "aws", "port 'x' is SCTP"),
        ({"target_type": "pod"}, {}, "aws.targetType", "'pod' is not one of ip, instance"),
        ({"deregistration_delay_seconds": 4_000}, {}, "aws.deregistrationDelaySeconds", "3,600 seconds or less"),
        ({"health_check": {"path": "healthz"}}, {}, "aws.healthCheck.path", "begin it with /"),
        ({"health_check": {"success_codes": "200"}}, {}, "aws.healthCheck.successCodes", "give a path too"),
        (
            {"health_check": {"interval_seconds": 5, "timeout_seconds": 5}},
            {},
            "aws.healthCheck.timeoutSeconds",
            "no less than the interval of 5",
        ),
        ({"subnets": ["a,b"]}, {}, "aws.subnets[0]", "cannot stand in a list"),
        ({"tags": {"team": "a,b"}}, {}, "aws.tags.team", "neither comma nor equals sign"),
        (
            {},
            {"annotations": {f"{NLB}proxy-protocol": "*"}},
            f"annotations.{NLB}proxy-protocol",
            "is written from aws",
        ),
    ],
)
def test_what_a_network_load_balancer_cannot_be(
    aws: dict[str, Any], more: dict[str, Any], path: str, words: str
) -> None:
    args = {"namespace": "ai", "selector": {"app": "chat"}, "ports": {"http": {"port": 80}}, "aws": aws, **more}
    found = problems_of(plan_load_balancer, args)
    assert list(found) == [path]
    assert words in found[path]


def test_an_application_load_balancer_by_default() -> None:
    graph = application()
    component = graph.named("edge", "aidc:index:ApplicationLoadBalancer")
    inside = [(each.type, each.name) for each in graph.descendants(component.urn)]
    assert inside == [("kubernetes:networking.k8s.io/v1:Ingress", "edge-ingress")]
    assert component.outputs["ingress_name"] == "edge"
    assert graph.named("edge-ingress").inputs["spec"] == {
        "ingressClassName": "alb",
        "rules": [
            {
                "http": {
                    "paths": [
                        {
                            "path": "/",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": "chat", "port": {"number": 80}}},
                        }
                    ]
                }
            }
        ],
    }
    found = told(graph, "edge-ingress", ALB)
    assert mapped(found.pop("load-balancer-attributes")) == {
        "access_logs.s3.enabled": "false",
        "deletion_protection.enabled": "false",
        "idle_timeout.timeout_seconds": "300",
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }
    assert mapped(found.pop("target-group-attributes")) == {
        "deregistration_delay.timeout_seconds": "300",
        "load_balancing.algorithm.type": "least_outstanding_requests",
        "slow_start.duration_seconds": "0",
        "stickiness.enabled": "false",
    }
    assert found == {
        "scheme": "internal",
        "inbound-cidrs": PRIVATE,
        "listen-ports": '[{"HTTP": 80}]',
        "target-type": "ip",
        "ip-address-type": "ipv4",
        "backend-protocol": "HTTP",
        "backend-protocol-version": "HTTP1",
        "healthcheck-protocol": "HTTP",
        "healthcheck-port": "traffic-port",
        "healthcheck-path": "/",
        "healthcheck-interval-seconds": "10",
        "healthcheck-timeout-seconds": "5",
        "healthy-threshold-count": "2",
        "unhealthy-threshold-count": "3",
        "success-codes": "200",
    }


def test_an_application_load_balancer_on_the_internet() -> None:
    def program() -> None:
        firewall = WebFirewall("edge", {})
        certificate = Certificate("chat", {"domain_name": "chat.example.org", "zone_id": "Z1"})
        ApplicationLoadBalancer(
            "edge",
            {
                "namespace": "ai",
                "rules": {"all": {"service": "chat", "port": 80}},
                "scheme": "internet-facing",  # type: ignore[typeddict-item]
                "source_ranges": ["0.0.0.0/0"],
                "certificate_arns": [certificate.certificate_arn],
                "web_acl_arn": firewall.web_acl_arn,
                "group_name": "edge",
                "group_order": 5,
            },
        )

    graph = evaluate(program)
    found = told(graph, "edge-ingress", ALB)
    assert json.loads(found["listen-ports"]) == [{"HTTP": 80}, {"HTTPS": 443}]
    assert found["ssl-redirect"] == "443"
    assert found["ssl-policy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert found["certificate-arn"].startswith("arn:aws:acm:")
    assert ":wafv2:" in found["wafv2-acl-arn"]
    assert (found["group.name"], found["group.order"]) == ("edge", "5")
    needed = set(graph.named("edge-ingress").dependencies)
    assert graph.named("chat", "aws:acm/certificateValidation:CertificateValidation").urn in needed
    assert graph.named("edge", "aws:wafv2/webAcl:WebAcl").urn in needed
    # Nothing that an annotation holds is known before the deployment, and the preview ends well all the same.
    assert evaluate(program, preview=True).named("edge-ingress").unknowns


def test_rules_stand_by_host_and_the_longest_path_first_whatever_their_order() -> None:
    rules = {
        "a": {"service": "all", "port": 80},
        "b": {"service": "api", "port": 80, "hostname": "b.example.org", "path_prefix": "/v1"},
        "c": {"service": "chat", "port": 80, "hostname": "b.example.org", "path_prefix": "/v1/chat"},
        "d": {"service": "docs", "port": 81, "hostname": "a.example.org"},
    }
    specs = [
        application(rules=each).named("edge-ingress").inputs["spec"] for each in (rules, dict(reversed(rules.items())))
    ]
    assert specs[0] == specs[1]
    shown = [(rule.get("host"), [path["path"] for path in rule["http"]["paths"]]) for rule in specs[0]["rules"]]
    assert shown == [(None, ["/"]), ("a.example.org", ["/"]), ("b.example.org", ["/v1/chat", "/v1"])]


def test_the_balancer_reaches_pods_that_are_named_and_no_others() -> None:
    rules = {
        "chat": {"service": "chat", "port": 80, "pods": {"app": "chat"}, "target_port": 8000, "path_prefix": "/chat"},
        "docs": {"service": "docs", "port": 80},
    }
    graph = application(rules=rules)
    (policy,) = graph.of_type("kubernetes:networking.k8s.io/v1:NetworkPolicy")
    assert (policy.name, policy.inputs["metadata"]["name"]) == ("edge-chat", "edge-chat")
    assert policy.inputs["spec"] == {
        "podSelector": {"matchLabels": {"app": "chat"}},
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "from": [{"ipBlock": {"cidr": cidr}} for cidr in PRIVATE.split(",")],
                "ports": [{"protocol": "TCP", "port": 8000}],
            }
        ],
    }


@pytest.mark.parametrize("preview", [False, True])
def test_labels_of_pods_may_come_from_a_workload(preview: bool) -> None:
    def program() -> None:
        labels = pulumi.Output.from_input({"app": "chat"})
        rules = {"chat": {"service": pulumi.Output.from_input("chat"), "port": 80, "pods": labels}}
        ApplicationLoadBalancer("edge", {"namespace": "ai", "rules": rules})  # type: ignore[typeddict-item]

    policy = evaluate(program, preview=preview).named("edge-chat").inputs["spec"]
    assert policy["podSelector"] == {"matchLabels": {"app": "chat"}}


def test_grpc_has_a_health_check_of_its_own() -> None:
    found = told(application(protocol_version="GRPC", backend_protocol="HTTPS"), "edge-ingress", ALB)
    assert (found["success-codes"], found["healthcheck-path"]) == ("12", "/AWS.ALB/healthcheck")
    assert (found["healthcheck-protocol"], found["backend-protocol-version"]) == ("HTTPS", "GRPC")


def test_sticky_sessions_and_slow_starts() -> None:
    found = told(application(stickiness_seconds=600, slow_start_seconds=60), "edge-ingress", ALB)
    attributes = mapped(found["target-group-attributes"])
    assert attributes["stickiness.lb_cookie.duration_seconds"] == "600"
    assert attributes["slow_start.duration_seconds"] == "60"
    assert attributes["load_balancing.algorithm.type"] == "round_robin"


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        ({"rules": {}}, "rules", "has no rule"),
        ({"rules": {"a": {"service": "s", "port": 0}}}, "rules.a.port", "too little"),
        ({"rules": {"a": {"service": "s", "port": 1, "path_prefix": "v1"}}}, "rules.a.pathPrefix", "begin it with /"),
        ({"rules": {"a": {"service": "s", "port": 1, "target_port": 2}}}, "rules.a.targetPort", "give pods too"),
        ({"rules": {"a": {"service": "s", "port": 1, "pods": {}}}}, "rules.a.pods", "selects no pods"),
        (
            {"rules": {"a": {"service": "s", "port": 1}, "b": {"service": "t", "port": 1}}},
            "rules.b.pathPrefix",
            "that of 'a' too",
        ),
        ({"scheme": "internet-facing", "source_ranges": ["0.0.0.0/0"]}, "certificateArns", "clients need TLS"),
        ({"scheme": "internet-facing", "certificate_arns": [CERTIFICATE]}, "sourceRanges", "who may connect"),
        ({"redirect_http": True}, "redirectHttp", "needs certificateArns"),
        ({"group_order": 5}, "groupOrder", "needs groupName"),
        ({"group_name": "Edge"}, "groupName", "'Edge' is not a name"),
        ({"group_name": "edge", "group_order": 1_001}, "groupOrder", "1,000 or less"),
        ({"idle_timeout_seconds": 4_001}, "idleTimeoutSeconds", "4,000 seconds or less"),
        ({"algorithm": "random"}, "algorithm", "did you mean 'weighted_random'"),
        (
            {"slow_start_seconds": 60, "algorithm": "weighted_random"},
            "slowStartSeconds",
            "AWS has none with weighted_random",
        ),
        ({"stickiness_seconds": 0}, "stickinessSeconds", "1 second or more"),
        ({"protocol_version": "HTTP3"}, "protocolVersion", "did you mean 'HTTP"),
        ({"security_groups": ["sg-1"], "source_ranges": ["10.0.0.0/8"]}, "sourceRanges", "leave it out"),
        ({"annotations": {f"{ALB}scheme": "internal"}}, f"annotations.{ALB}scheme", "is written from the other inputs"),
    ],
)
def test_what_an_application_load_balancer_cannot_be(given: dict[str, Any], path: str, words: str) -> None:
    args = {"namespace": "ai", "rules": {"all": {"service": "chat", "port": 80}}, **given}
    found = problems_of(plan_application_load_balancer, args)
    assert list(found) == [path]
    assert words in found[path]


def test_children_of_a_firewall() -> None:
    graph = evaluate(lambda: WebFirewall("edge", {"encryption_key": "arn:aws:kms:us-east-1:123456789012:key/1"}))
    component = graph.named("edge", "aidc:index:WebFirewall")
    assert sorted((each.type, each.name) for each in graph.descendants(component.urn)) == [
        ("aws:cloudwatch/logGroup:LogGroup", "edge"),
        ("aws:wafv2/webAcl:WebAcl", "edge"),
        ("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration", "edge"),
    ]
    acl, logs = graph.named("edge", "aws:wafv2/webAcl:WebAcl"), graph.named("edge", "aws:cloudwatch/logGroup:LogGroup")
    assert (acl.inputs["scope"], acl.inputs["defaultAction"]) == ("REGIONAL", {"allow": {}})
    assert [(rule["priority"], rule["name"]) for rule in acl.inputs["rules"]] == [
        (0, "rate-limit"),
        (1, "AWSManagedRulesAmazonIpReputationList"),
        (2, "AWSManagedRulesCommonRuleSet"),
        (3, "AWSManagedRulesKnownBadInputsRuleSet"),
    ]
    assert acl.inputs["rules"][0]["statement"] == {
        "rateBasedStatement": {"limit": 2_000, "evaluationWindowSec": 300, "aggregateKeyType": "IP"}
    }
    assert acl.inputs["rules"][0]["action"] == {"block": {}}
    common = acl.inputs["rules"][2]["statement"]["managedRuleGroupStatement"]
    assert common["ruleActionOverrides"] == [{"name": "SizeRestrictions_BODY", "actionToUse": {"count": {}}}]
    assert logs.inputs["name"] == "aws-waf-logs-edge"
    assert (logs.inputs["retentionInDays"], logs.inputs["kmsKeyId"][-6:]) == (365, ":key/1")
    logging = graph.named("edge", "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration").inputs
    assert [each["singleHeader"]["name"] for each in logging["redactedFields"]] == [
        "authorization",
        "cookie",
        "x-api-key",
    ]
    assert component.outputs["log_group_name"] == "aws-waf-logs-edge"


def test_a_firewall_that_only_counts() -> None:
    plan = plan_web_firewall({"count_only": True, "large_bodies": False})
    limit, *groups = plan.rules()
    assert limit["action"] == {"count": {}}
    assert all(group["override_action"] == {"count": {}} for group in groups)
    assert all("rule_action_overrides" not in group["statement"]["managed_rule_group_statement"] for group in groups)


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        ({"managed_rule_groups": ["CommonRuleSet"]}, "managedRuleGroups[0]", "begin with AWSManagedRules"),
        ({"managed_rule_groups": ["AWSManagedRulesA"] * 2}, "managedRuleGroups", "names a group twice"),
        ({"rate_limit": 9}, "rateLimit", "10 requests or more"),
        ({"rate_window_seconds": 90}, "rateWindowSeconds", "'90' is not one of 60, 120, 300, 600"),
        ({"log_retention_days": 100}, "logRetentionDays", "'100' is not one of"),
        ({"redacted_headers": ["Cookie"]}, "redactedHeaders[0]", "in lower case"),
    ],
)
def test_what_a_firewall_cannot_be(given: dict[str, Any], path: str, words: str) -> None:
    found = problems_of(plan_web_firewall, given)
    assert list(found) == [path]
    assert words in found[path]


def test_a_certificate_without_a_zone_says_its_records() -> None:
    graph = evaluate(lambda: Certificate("chat", {"domain_name": "chat.example.org"}))
    component = graph.named("chat", "aidc:index:Certificate")
    assert [each.type for each in graph.descendants(component.urn)] == ["aws:acm/certificate:Certificate"]
    (record,) = component.outputs["validation_records"]
    name, kind, value = record.split()
    assert (name.endswith(".chat.example.org."), kind, value.endswith(".acm-validations.aws.")) == (True, "CNAME", True)


@pytest.mark.parametrize("preview", [False, True])
def test_a_certificate_with_a_zone_is_proved_and_waited_for(preview: bool) -> None:
    def program() -> None:
        names = ["*.example.org", "api.example.net"]
        made = Certificate("site", {"domain_name": "example.org", "alternative_names": names, "zone_id": "Z1"})
        pulumi.export("arn", made.certificate_arn)

    graph = evaluate(program, preview=preview)
    records = graph.of_type("aws:route53/record:Record")
    # A wildcard is proved by the record of its domain.
    assert sorted(record.name for record in records) == ["site-api.example.net", "site-example.org"]
    assert all(record.inputs["allowOverwrite"] and record.inputs["zoneId"] == "Z1" for record in records)
    valid = graph.named("site", "aws:acm/certificateValidation:CertificateValidation")
    assert {record.urn for record in records} <= set(valid.dependencies)


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        ({"domain_name": "localhost"}, "domainName", "has no domain"),
        ({"domain_name": "https://a.example"}, "domainName", "is not a host name"),
        ({"domain_name": f"{'a' * 60}.example.org"}, "domainName", "give 64 or fewer"),
        (
            {"domain_name": "a.example", "alternative_names": [f"b{i}.example" for i in range(10)]},
            "alternativeNames",
            "9 names or less",
        ),
        ({"domain_name": "a.example", "key_algorithm": "RSA_1024"}, "keyAlgorithm", "did you mean 'RSA_2048'"),
    ],
)
def test_what_a_certificate_cannot_be(given: dict[str, Any], path: str, words: str) -> None:
    found = problems_of(plan_certificate, given)
    assert list(found) == [path]
    assert words in found[path]
