"""Access logs of the load balancer: every request, in a bucket that only AWS's delivery writes to.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
"""

from cdktf import Fn

from constructs_lib import aws, iam
from constructs_lib.part import Part, PlatformStack

LEFTOVER_DAYS = 7
"""How long a deleted log, or half an upload, is kept."""

SKIPPED_CHECKS = {
    "CKV_AWS_145": "Elastic Load Balancing delivers to buckets with SSE-S3 only, never with a KMS "
    "key",
    "CKV_AWS_18": "this is the log bucket: logging the delivery of logs would feed itself",
    "CKV_AWS_144": "access logs expire and are not needed to recover; a copy in another region is "
    "not worth its cost",
}
"""Checks of Checkov that the bucket fails on purpose, and why."""


class AccessLogs(Part):
    """The bucket: private, encrypted, versioned, and emptied by age.

    Attributes:
        target: for the load balancer's argument `access_logs`.
        policy: must exist before the load balancer is told to write.
    """

    def __init__(self, stack: PlatformStack, retention_days: int) -> None:
        super().__init__(stack)
        bucket = aws.S3Bucket(
            self,
            "aws_s3_bucket.access_logs",
            # a prefix, since bucket names are unique in the world; it holds 37 characters
            bucket_prefix=f"{self.project}-logs-",
            # protected together with the load balancer: logs can go when it can
            force_destroy=not stack.settings.load_balancer.deletion_protection,
            tags={"Name": f"{self.project}-access-logs"},
        )
        for check, reason in SKIPPED_CHECKS.items():
            # Checkov reads no comments in JSON: the reason stands in the resource's comment key,
            # which Terraform ignores, and tests/checkov reads it there
            bucket.add_override(f"//.skip.{check}", reason)
        self.target = aws.LbAccessLogs(bucket=bucket.bucket, enabled=True)
        versioning = aws.S3BucketVersioningA(
            self,
            "aws_s3_bucket_versioning.access_logs",
            bucket=bucket.id,
            versioning_configuration={"status": "Enabled"},
        )
        aws.S3BucketServerSideEncryptionConfigurationA(
            self,
            "aws_s3_bucket_server_side_encryption_configuration.access_logs",
            bucket=bucket.id,
            rule=[
                aws.S3BucketServerSideEncryptionConfigurationRuleA(
                    apply_server_side_encryption_by_default={"sse_algorithm": "AES256"}
                )
            ],
        )
        aws.S3BucketLifecycleConfiguration(
            self,
            "aws_s3_bucket_lifecycle_configuration.access_logs",
            bucket=bucket.id,
            rule=[
                aws.S3BucketLifecycleConfigurationRule(
                    id="expire",
                    status="Enabled",
                    filter=[aws.S3BucketLifecycleConfigurationRuleFilter(prefix="")],
                    expiration=[
                        aws.S3BucketLifecycleConfigurationRuleExpiration(days=retention_days)
                    ],
                    noncurrent_version_expiration=[
                        aws.S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(
                            noncurrent_days=LEFTOVER_DAYS
                        )
                    ],
                    abort_incomplete_multipart_upload=[
                        aws.S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(
                            days_after_initiation=LEFTOVER_DAYS
                        )
                    ],
                )
            ],
            depends_on=[versioning],
        )
        aws.S3BucketNotification(
            self, "aws_s3_bucket_notification.access_logs", bucket=bucket.id, eventbridge=True
        )
        public_access = aws.S3BucketPublicAccessBlock(
            self,
            "aws_s3_bucket_public_access_block.access_logs",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )
        region, account = stack.variables.aws_region, stack.account_id
        balancers = f"arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/*"
        logs, ours = f"{bucket.arn}/AWSLogs/{account}/*", {"aws:SourceArn": balancers}
        service = {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
        delivery = iam.allow(["s3:PutObject"], logs, {"ArnLike": ours})
        delivery |= {"Sid": "Delivery", "Principal": service}
        tls_only = iam.tls_only("*", "s3:*", [bucket.arn, f"{bucket.arn}/*"])
        self.policy = aws.S3BucketPolicy(
            self,
            "aws_s3_bucket_policy.access_logs",
            bucket=bucket.id,
            policy=Fn.jsonencode(iam.document(delivery, tls_only)),
            # S3 rejects a policy and a public access block that are changed at the same time
            depends_on=[public_access],
        )
