"""Keys, audit trails, threat detection, secrets."""
