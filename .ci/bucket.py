"""Loads the fixtures from moto's S3, an implementation that is none of ours, with each kind of credentials.

Usage: bucket.py TRAILDUCK FIXTURES
"""

import json
import os
import pathlib
import pty
import socket
import subprocess
import sys
import tempfile
import time

import boto3

TRAILDUCK, FIXTURES = sys.argv[1], pathlib.Path(sys.argv[2])
BUCKET = "my-trail"
KEYS = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n"
ROLE = "role_arn = arn:aws:iam::123456789012:role/audit\nsource_profile = base\nregion = us-east-1\n"
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
    config.write_text(f"[profile base]\n{KEYS}\n[profile role]\n{ROLE}\n[profile mfa]\n{ROLE}{MFA}\n"
                      f"[profile chained]\n{ROLE.replace('= base', '= mfa')}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
                    "AWS_ENDPOINT_URL": endpoint, "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1"}
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}

    for name, arguments, more, answer in [
        ("keys in the environment", [], keys, None),
        ("a profile with keys", ["--profile", "base"], {}, None),
        ("a profile with a role", ["--profile", "role"], {}, None),
        ("a role that asks for an MFA code", ["--profile", "mfa"], {}, "123456\n"),
        ("a role by one that asks for an MFA code", [], {"AWS_PROFILE": "chained"}, "123456\n"),
    ]:
        db = f"{name.replace(' ', '-')}.duckdb"
        load = ["--db", db, "load", "--format", "json", f"s3://{BUCKET}", *arguments]
        code, out, err = run(folder, load, environment | more, answer)
        assert code == 0, (name, err)
        summary = json.loads(out)[0]
        assert (summary["files"], summary["new"], summary["duplicate"]) == (count - 1, 106, 2), (name, summary)
        print(f"{name}: {summary['files']} objects, {summary['new']} events")

    code, out, err = run(folder, ["--db", db, "load", f"s3://{BUCKET}/AWSLogs/"], environment | keys)
    assert code == 0 and f"{count - 1} loaded before" in out and " 0 new" in out, (out, err)
    code, out, err = run(folder, ["--db", "new.duckdb", "load", "--dry-run", f"s3://{BUCKET}"], environment | keys)
    assert code == 0 and f"would read {count - 1} files" in out, (out, err)
    code, out, err = run(folder, ["--db", "new.duckdb", "load", f"s3://{BUCKET}", "--profile", "mfa"], environment)
    assert code == 1 and "no terminal to ask on" in err, (code, err)
    print("again: nothing is fetched; a dry run; no terminal for a code: said")


main()
