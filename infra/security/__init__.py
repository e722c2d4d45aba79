"""Keys, audit trails, threat detection, secrets."""

from .account_guards import AccountGuards, AccountGuardsArgs
from .audit_trail import AuditTrail, AuditTrailArgs
from .encryption_key import EncryptionKey, EncryptionKeyArgs
from .key_policy import KeyPurpose
from .permissions_boundary import PermissionsBoundary, PermissionsBoundaryArgs
from .secret_store import SecretStore, SecretStoreArgs, StoredSecret
from .threat_detection import DetectionFeature, ThreatDetection, ThreatDetectionArgs

__all__ = [
    "AccountGuards",
    "AccountGuardsArgs",
    "AuditTrail",
    "AuditTrailArgs",
    "DetectionFeature",
    "EncryptionKey",
    "EncryptionKeyArgs",
    "KeyPurpose",
    "PermissionsBoundary",
    "PermissionsBoundaryArgs",
    "SecretStore",
    "SecretStoreArgs",
    "StoredSecret",
    "ThreatDetection",
    "ThreatDetectionArgs",
]
