"""Keys, audit trails, threat detection, secrets."""

from .encryption_key import EncryptionKey, EncryptionKeyArgs
from .key_policy import KeyPurpose

__all__ = ["EncryptionKey", "EncryptionKeyArgs", "KeyPurpose"]
