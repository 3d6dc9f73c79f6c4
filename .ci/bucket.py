"""Loads the fixtures from moto's S3, an implementation that is none of ours, with each kind of credentials.

Usage: bucket.py TRAILDUCK FIXTURES
"""

import hashlib
import http.server
import json
import os
import pathlib
import pty
import socket
import subprocess
import sys
import tempfile
import threading
import time

import boto3

TRAILDUCK, FIXTURES = sys.argv[1], pathlib.Path(sys.argv[2])
BUCKET = "my-trail"
KEYS = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n"
ROLE = "role_arn = arn:aws:iam::123456789012:role/audit\nsource_profile = base\nregion = us-east-1\n"
SSO = """sso_session = office
sso_account_id = 123456789012
sso_role_name = audit
region = us-east-1

[sso-session office]
sso_start_url = https://example.com/start
sso_region = us-east-1
"""
MFA = "mfa_serial = arn:aws:iam::123456789012:mfa/alice\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    for _ in range(100):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
    sys.exit("moto does not start")


def fill(endpoint):
    """Puts the fixtures into the bucket, every second one encrypted with a KMS key. Returns how many."""
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1",
                      aws_access_key_id="a", aws_secret_access_key="b")
    s3.create_bucket(Bucket=BUCKET)
    files = sorted(path for path in (FIXTURES / "AWSLogs").rglob("*") if path.is_file())
    for number, path in enumerate(files):
        key = path.relative_to(FIXTURES).as_posix()
        encryption = {"ServerSideEncryption": "aws:kms"} if number % 2 else {}
        s3.put_object(Bucket=BUCKET, Key=key, Body=path.read_bytes(), **encryption)
    return len(files)


def run(folder, arguments, environment, answer=None):
    """Runs trailduck; answers on a terminal if it asks."""
    command = [TRAILDUCK, *arguments]
    settings = {"cwd": folder, "env": environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    if answer is None:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, **settings)
        return done.returncode, done.stdout, done.stderr
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdin=theirs, **settings)
    os.write(ours, answer.encode())
    out, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    return process.returncode, out, err


class Metadata(http.server.BaseHTTPRequestHandler):
    """Answers as AWS does beside S3: the metadata of an instance and of a container, and the portal of SSO."""

    KEYS = {"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "secret", "Token": "token",
            "Expiration": "2099-01-01T00:00:00Z", "Code": "Success"}
    PORTAL = {"roleCredentials": {"accessKeyId": "ASIAEXAMPLE", "secretAccessKey": "secret", "sessionToken": "token",
                                  "expiration": 4070908800000}}
    asked = []

    def answer(self):
        self.asked.append(self.path.split("?")[0])
        if self.path.startswith("/federation/credentials"):
            body = json.dumps(self.PORTAL)
        elif self.path in ("/container", "/latest/meta-data/iam/security-credentials/role"):
            body = json.dumps(self.KEYS)
        elif self.path == "/latest/meta-data/iam/security-credentials/":
            body = "role"
        elif self.path == "/latest/api/token":
            body = "token"
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("x-aws-ec2-metadata-token-ttl-seconds", "21600")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_PUT = answer

    def log_message(self, *_):
        pass


def main():
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        moto = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(port)
            check(folder, endpoint, fill(endpoint))
        finally:
            moto.terminate()
            moto.wait()


def check(folder, endpoint, count):
    config = pathlib.Path(folder) / "config"
    metadata = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    threading.Thread(target=metadata.serve_forever, daemon=True).start()
    beside = f"http://127.0.0.1:{metadata.server_port}"
    (pathlib.Path(folder) / "token").write_text("a token")
    cache = pathlib.Path(folder) / ".aws/sso/cache"
    cache.mkdir(parents=True)
    (cache / f"{hashlib.sha1(b'office').hexdigest()}.json").write_text(json.dumps(
        {"accessToken": "token", "expiresAt": "2099-01-01T00:00:00Z", "startUrl": "https://example.com/start",
         "region": "us-east-1"}))
    config.write_text(f"[profile base]\n{KEYS}\n[profile role]\n{ROLE}\n[profile mfa]\n{ROLE}{MFA}\n"
                      f"[profile chained]\n{ROLE.replace('= base', '= mfa')}\n[profile sso]\n{SSO}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
                    "AWS_ENDPOINT_URL": endpoint, "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1"}
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}

    for name, arguments, more, answer in [
        ("keys in the environment", [], keys, None),
        ("a profile with keys", ["--profile", "base"], {}, None),
        ("a profile with a role", ["--profile", "role"], {}, None),
        ("a role that asks for an MFA code", ["--profile", "mfa"], {}, "123456\n"),
        ("a web identity", [], {"AWS_WEB_IDENTITY_TOKEN_FILE": str(pathlib.Path(folder) / "token"),
                                "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/pod"}, None),
        ("a container's role", [], {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{beside}/container"}, None),
        ("an instance's role", [], {"AWS_EC2_METADATA_DISABLED": "false",
                                    "AWS_EC2_METADATA_SERVICE_ENDPOINT": beside}, None),
        ("single sign-on", ["--profile", "sso"], {"HOME": str(folder), "AWS_ENDPOINT_URL_SSO": beside}, None),
        ("a role by one that asks for an MFA code", [], {"AWS_PROFILE": "chained"}, "123456\n"),
    ]:
        db = f"{name.replace(' ', '-')}.duckdb"
        load = ["--db", db, "load", "--format", "json", f"s3://{BUCKET}", *arguments]
        code, out, err = run(folder, load, environment | more, answer)
        assert code == 0, (name, err)
        summary = json.loads(out)[0]
        assert (summary["files"], summary["new"], summary["duplicate"]) == (count - 1, 106, 2), (name, summary)
        print(f"{name}: {summary['files']} objects, {summary['new']} events")
    for path in ("/container", "/latest/meta-data/iam/security-credentials/role", "/federation/credentials"):
        assert path in Metadata.asked, Metadata.asked

    code, out, err = run(folder, ["--db", db, "load", f"s3://{BUCKET}/AWSLogs/"], environment | keys)
    assert code == 0 and f"{count - 1} loaded before" in out and " 0 new" in out, (out, err)
    code, out, err = run(folder, ["--db", "new.duckdb", "load", "--dry-run", f"s3://{BUCKET}"], environment | keys)
    assert code == 0 and f"would read {count - 1} files" in out, (out, err)
    code, out, err = run(folder, ["--db", "new.duckdb", "load", f"s3://{BUCKET}", "--profile", "mfa"], environment)
    assert code == 1 and "no terminal to ask on" in err, (code, err)
    print("again: nothing is fetched; a dry run; no terminal for a code: said")


main()
