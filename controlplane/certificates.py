"""The certificate authority of a cluster, and the certificates that it signs."""

import datetime
import ipaddress
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .state import write_atomically

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    Key = EllipticCurvePrivateKey | RSAPrivateKey

# A simulated cluster lives on one machine and its keys go with its folder: nothing renews them.
_DAYS = 3650


class Authority:
    """A certificate authority with its files in one folder; whatever is there already is kept."""

    def __init__(self, folder: Path, name: str = "aidc", rsa: bool = False) -> None:
        """Use the authority in `folder`, or make one there: with elliptic keys, or with `rsa` ones."""
        self._folder = folder
        self._name = name
        self._rsa = rsa
        self.certificate = folder / "ca.crt"
        self.key = folder / "ca.key"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.certificate.exists():
            self._create()

    def server(self, name: str, hosts: Iterable[str]) -> tuple[Path, Path]:
        """Return certificate and key for a server that is reached as 127.0.0.1, localhost and `hosts`.

        It may also be shown by a client (KEDA's adapter and operator use one certificate both ways).
        """
        return self._issue(name, name, (), ["localhost", "127.0.0.1", *hosts])

    def client(self, name: str, common_name: str, organizations: Iterable[str] = ()) -> tuple[Path, Path]:
        """Return certificate and key of a client: a Kubernetes user and its groups."""
        return self._issue(name, common_name, organizations, ())

    def key_pair(self, name: str) -> tuple[Path, Path]:
        """Return public and private key files without a certificate (for service account tokens)."""
        from cryptography.hazmat.primitives import serialization

        public, private = self._folder / f"{name}.pub", self._folder / f"{name}.key"
        if not public.exists():
            key = _new_key(self._rsa)
            write_atomically(private, _key_pem(key))
            encoded = key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            write_atomically(public, encoded)
        return public, private

    def _create(self) -> None:
        from cryptography import x509

        key = _new_key(self._rsa)
        name = _name(self._name)
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        builder = _builder(name, name, key)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(usage, critical=True)
        # Trainer's certificate rotation takes only an authority that carries its own name as a host name.
        alternative = x509.SubjectAlternativeName([x509.DNSName(self._name)])
        builder = builder.add_extension(alternative, critical=False)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        # The certificate comes last: where it exists, its key does.
        write_atomically(self.key, _key_pem(key))
        write_atomically(self.certificate, _sign(builder, key))

    def _issue(
        self, name: str, common_name: str, organizations: Iterable[str], hosts: Iterable[str]
    ) -> tuple[Path, Path]:
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.x509.oid import ExtendedKeyUsageOID

        certificate, private = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        if certificate.exists():
            return certificate, private
        issuer = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        issuer_key = serialization.load_pem_private_key(self.key.read_bytes(), None)
        assert isinstance(issuer_key, EllipticCurvePrivateKey | RSAPrivateKey)
        key = _new_key(self._rsa)
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = _builder(_name(common_name, organizations), issuer.subject, key)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        if names := list(hosts):
            usages.append(ExtendedKeyUsageOID.SERVER_AUTH)
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general_name(host) for host in names]), critical=False
            )
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        write_atomically(private, _key_pem(key))
        write_atomically(certificate, _sign(builder, issuer_key))
        return certificate, private


def _new_key(rsa_key: bool) -> "Key":
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if rsa_key:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _key_pem(key: "Key") -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(
        serialization.Encoding.PEM,
        # The form that every Go program of the control plane reads.
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def _name(common_name: str, organizations: Iterable[str] = ()) -> "x509.Name":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in organizations]
    return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(host: str) -> "x509.GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(subject: "x509.Name", issuer: "x509.Name", key: "Key") -> "x509.CertificateBuilder":
    from cryptography import x509

    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # An hour back, for clocks that are set while the cluster starts.
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
    )


def _sign(builder: "x509.CertificateBuilder", key: "Key") -> bytes:
    from cryptography.hazmat.primitives import hashes, serialization

    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
