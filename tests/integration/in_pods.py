"""Commands in pods of a real node."""

import ssl
import tempfile
from base64 import b64decode
from urllib.parse import urlencode

import yaml
from websockets.sync.client import connect


def run_in(kubeconfig, pod, *command):
    """Run a command in a pod by the API's `exec`, and return what it prints."""
    config = yaml.safe_load(kubeconfig.read_text())
    user, cluster = config["users"][0]["user"], config["clusters"][0]["cluster"]
    context = ssl.create_default_context(cadata=b64decode(cluster["certificate-authority-data"]).decode())
    with tempfile.NamedTemporaryFile() as pair:
        pair.write(b64decode(user["client-certificate-data"]) + b64decode(user["client-key-data"]))
        pair.flush()
        context.load_cert_chain(pair.name)
    query = urlencode([("stdout", "1"), *(("command", word) for word in command)])
    path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}/exec?{query}"
    url = cluster["server"].replace("https:", "wss:") + path
    with connect(url, ssl=context, subprotocols=["v5.channel.k8s.io"], proxy=None) as socket:
        return b"".join(message[1:] for message in socket if message[0] == 1).decode()
