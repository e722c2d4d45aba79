import base64
import ssl

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from aidc.controlplane.certificates import Authority
from aidc.controlplane.kubeconfig import write_kubeconfig


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "pki")


def load(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_a_server_certificate_holds_for_its_hosts_alone(authority):
    certificate, key = authority.server("api", ["web.ns.svc", "10.96.0.1"])
    names = load(certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "web.ns.svc"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "10.96.0.1"]
    load(certificate).verify_directly_issued_by(load(authority.certificate))
    assert load_pem_private_key(key.read_bytes(), None).public_key() == load(certificate).public_key()
    context = ssl.create_default_context(cafile=str(authority.certificate))
    context.load_cert_chain(certificate, key)


def test_a_client_certificate_names_user_and_groups_and_serves_nothing(authority):
    certificate, _ = authority.client("admin", "admin", ["system:masters"])
    subject = load(certificate).subject
    assert [entry.value for entry in subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["admin"]
    assert [entry.value for entry in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["system:masters"]
    usage = load(certificate).extensions.get_extension_for_oid(ExtensionOID.EXTENDED_KEY_USAGE).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_everything_is_made_once_and_kept(authority, tmp_path):
    before = {path: path.read_bytes() for path in (*authority.server("a", []), *authority.key_pair("b"))}
    again = Authority(tmp_path / "pki")
    again.server("a", ["other"])
    again.key_pair("b")
    assert all(path.read_bytes() == content for path, content in before.items())
    assert authority.key.stat().st_mode & 0o777 == 0o600


def test_a_killed_run_leaves_a_key_without_certificate_which_counts_for_nothing(authority, tmp_path):
    certificate, key = authority.server("a", [])
    certificate.unlink()
    certificate, key = authority.server("a", [])
    assert load_pem_private_key(key.read_bytes(), None).public_key() == load(certificate).public_key()


def test_trainer_gets_an_rsa_authority_with_its_name(tmp_path):
    authority = Authority(tmp_path, "kubeflow-trainer-ca", rsa=True)
    found = load(authority.certificate)
    assert isinstance(found.public_key(), rsa.RSAPublicKey)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["kubeflow-trainer-ca"]
    certificate, _ = authority.server("tls", ["svc"])
    load(certificate).verify_directly_issued_by(found)


def test_keys_are_elliptic_by_default(authority):
    assert isinstance(load(authority.certificate).public_key(), ec.EllipticCurvePublicKey)


def test_a_kubeconfig_holds_everything_and_is_written_once(authority, tmp_path):
    path = tmp_path / "kubeconfig.yaml"
    write_kubeconfig(path, "aidc-x", "https://127.0.0.1:1", authority.certificate, authority.client("admin", "admin"))
    first = path.stat().st_mtime_ns
    config = yaml.safe_load(path.read_text())
    assert config["current-context"] == "aidc-x"
    held = config["clusters"][0]["cluster"]["certificate-authority-data"]
    assert base64.b64decode(held) == authority.certificate.read_bytes()
    write_kubeconfig(path, "aidc-x", "https://127.0.0.1:1", authority.certificate, authority.client("admin", "admin"))
    assert path.stat().st_mtime_ns == first
    assert path.stat().st_mode & 0o777 == 0o600
