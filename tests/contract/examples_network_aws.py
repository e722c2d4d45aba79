"""Inputs of AWS's load balancers, firewalls and certificates. Data only."""

_CHAT = {"service": "chat", "port": 80}
_CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/chat"

EXAMPLES = {
    "ApplicationLoadBalancer": [
        {"namespace": "ai", "rules": {"all": _CHAT}},
        {
            "namespace": "ai",
            "rules": {
                "chat": {
                    **_CHAT,
                    "hostname": "chat.example.org",
                    "path_prefix": "/v1",
                    "pods": {"app": "chat"},
                    "target_port": 8000,
                }
            },
            "scheme": "internet-facing",
            "source_ranges": ["203.0.113.0/24", "198.51.100.0/24"],
            "certificate_arns": [_CERTIFICATE],
            "tls_policy": "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
            "redirect_http": False,
            "web_acl_arn": "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/edge/0123",
            "group_name": "edge",
            "group_order": 10,
            "target_type": "instance",
            "backend_protocol": "HTTPS",
            "protocol_version": "HTTP2",
            "health_check": {"path": "/healthz"},
            "deregistration_delay_seconds": 60,
            "slow_start_seconds": 60,
            "algorithm": "round_robin",
            "stickiness_seconds": 600,
            "idle_timeout_seconds": 900,
            "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
            "access_logs": {"bucket": "access-logs"},
            "deletion_protection": True,
            "dual_stack": True,
            "tags": {"team": "serving"},
            "ingress_class": "alb-edge",
            "annotations": {"alb.ingress.kubernetes.io/shield-advanced-protection": "true"},
        },
        {"namespace": "ai", "rules": {"all": _CHAT}, "security_groups": ["sg-0123456789abcdef0"]},
    ],
    "Certificate": [
        {"domain_name": "chat.example.org"},
        {
            "domain_name": "example.org",
            "alternative_names": ["*.example.org", "api.example.net"],
            "zone_id": "Z0123456789ABCDEFGHIJ",
            "key_algorithm": "EC_prime256v1",
        },
    ],
    "WebFirewall": [
        {},
        {
            "managed_rule_groups": ["AWSManagedRulesCommonRuleSet", "AWSManagedRulesSQLiRuleSet"],
            "rate_limit": 500,
            "rate_window_seconds": 60,
            "large_bodies": False,
            "count_only": True,
            "log_retention_days": 90,
            "encryption_key": "arn:aws:kms:us-east-1:123456789012:key/0123",
            "redacted_headers": ["authorization"],
        },
    ],
}
