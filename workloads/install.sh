#!/bin/sh
# Installs what files of locked requirements name, each with its hash, into /opt/venv, by a uv that does not stay.
# Bytecode is made too: containers have a root file system that cannot be written.
set -eu
python3 -m venv /tmp/uv
/tmp/uv/bin/pip install --quiet --no-cache-dir --disable-pip-version-check --retries 10 --require-hashes \
    --cert /etc/ssl/certs/ca-certificates.crt --requirement /opt/locked/uv.txt
export UV_SYSTEM_CERTS=1 UV_LINK_MODE=copy UV_NO_PROGRESS=1 UV_HTTP_RETRIES=10
if [ ! -e /opt/venv ]; then
    /tmp/uv/bin/uv venv --quiet --python python3.11 --no-python-downloads /opt/venv
fi
for requirements in "$@"; do
    /tmp/uv/bin/uv pip install --quiet --python /opt/venv --compile-bytecode --require-hashes \
        --requirement "${requirements}"
done
rm -rf /tmp/uv
