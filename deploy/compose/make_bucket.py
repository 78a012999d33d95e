"""Makes a bucket that keeps versions, in the store of compose.yaml; leaves one alone that is there.

python make_bucket.py NAME
"""

from __future__ import annotations

import os
import sys

import boto3


def make_bucket(name: str, *, endpoint: str) -> None:
    """Make the bucket, and have it keep versions, so that what is overwritten meanwhile can still be read.

    Raises:
        botocore.exceptions.ClientError: the store refuses.
    """
    s3 = boto3.client("s3", endpoint_url=endpoint)
    if name not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


if __name__ == "__main__":
    make_bucket(sys.argv[1], endpoint=os.environ["MOTIONSIGHT_STORES__S3_ENDPOINT"])
