"""Access logs of the load balancer: every request, in a bucket that only the delivery writes to.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
"""

from cdktf import Fn
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
)
from cdktf_cdktf_provider_aws.s3_bucket_notification import S3BucketNotification
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
from cdktf_cdktf_provider_aws.s3_bucket_server_side_encryption_configuration import (
    S3BucketServerSideEncryptionConfigurationA,
    S3BucketServerSideEncryptionConfigurationRuleA,
    S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA,
)
from cdktf_cdktf_provider_aws.s3_bucket_versioning import (
    S3BucketVersioningA,
    S3BucketVersioningVersioningConfiguration,
)
from constructs import Construct

from constructs_lib import iam
from constructs_lib.account import Account
from constructs_lib.addresses import pinned
from constructs_lib.skips import skip_check
from constructs_lib.variables import Variables

LEFTOVER_DAYS = 7
"""How long a deleted log, or half an upload, is kept."""


class AccessLogs(Construct):
    """The bucket: private, encrypted, versioned, and emptied by age.

    Attributes:
        bucket: its name.
        policy: must exist before the load balancer is told to write.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        variables: Variables,
        account: Account,
        retention_days: int,
        deletion_protection: bool,
    ) -> None:
        super().__init__(scope, id)
        bucket = pinned(
            "access_logs",
            S3Bucket(
                self,
                "bucket",
                # a prefix, since bucket names are unique in the world; it holds 37 characters
                bucket_prefix=f"{variables.project_name}-logs-",
                # protected together with the load balancer: logs can go when it can
                force_destroy=not deletion_protection,
                tags={"Name": f"{variables.project_name}-access-logs"},
            ),
        )
        skip_check(
            bucket,
            "CKV_AWS_145",
            "Elastic Load Balancing delivers to buckets with SSE-S3 only, never with a KMS key",
        )
        skip_check(
            bucket,
            "CKV_AWS_18",
            "this is the log bucket: logging the delivery of logs would feed itself",
        )
        skip_check(
            bucket,
            "CKV_AWS_144",
            "access logs expire and are not needed to recover; a copy in another region is not "
            "worth its cost",
        )
        self.bucket = bucket.bucket
        versioning = pinned(
            "access_logs",
            S3BucketVersioningA(
                self,
                "versioning",
                bucket=bucket.id,
                versioning_configuration=S3BucketVersioningVersioningConfiguration(
                    status="Enabled"
                ),
            ),
        )
        pinned(
            "access_logs",
            S3BucketServerSideEncryptionConfigurationA(
                self,
                "encryption",
                bucket=bucket.id,
                rule=[
                    S3BucketServerSideEncryptionConfigurationRuleA(
                        apply_server_side_encryption_by_default=S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
                            sse_algorithm="AES256"
                        )
                    )
                ],
            ),
        )
        pinned(
            "access_logs",
            S3BucketLifecycleConfiguration(
                self,
                "lifecycle",
                bucket=bucket.id,
                rule=[
                    S3BucketLifecycleConfigurationRule(
                        id="expire",
                        status="Enabled",
                        filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
                        expiration=[
                            S3BucketLifecycleConfigurationRuleExpiration(days=retention_days)
                        ],
                        noncurrent_version_expiration=[
                            S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(
                                noncurrent_days=LEFTOVER_DAYS
                            )
                        ],
                        abort_incomplete_multipart_upload=[
                            S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(
                                days_after_initiation=LEFTOVER_DAYS
                            )
                        ],
                    )
                ],
                depends_on=[versioning],
            ),
        )
        pinned(
            "access_logs",
            S3BucketNotification(self, "notification", bucket=bucket.id, eventbridge=True),
        )
        closed = pinned(
            "access_logs",
            S3BucketPublicAccessBlock(
                self,
                "public-access",
                bucket=bucket.id,
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
            ),
        )
        delivered = f"{bucket.arn}/AWSLogs/{account.id_for(self)}/*"
        balancers = (
            f"arn:aws:elasticloadbalancing:{variables.aws_region}:{account.id_for(self)}:"
            "loadbalancer/*"
        )
        self.policy = pinned(
            "access_logs",
            S3BucketPolicy(
                self,
                "policy",
                bucket=bucket.id,
                policy=Fn.jsonencode(
                    iam.document(
                        {
                            **iam.allow(
                                ["s3:PutObject"],
                                delivered,
                                {"ArnLike": {"aws:SourceArn": balancers}},
                            ),
                            "Sid": "Delivery",
                            "Principal": {
                                "Service": "logdelivery.elasticloadbalancing.amazonaws.com"
                            },
                        },
                        {
                            "Sid": "TlsOnly",
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": [bucket.arn, f"{bucket.arn}/*"],
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        },
                    )
                ),
                # both change the bucket's policy status; S3 rejects the two at once
                depends_on=[closed],
            ),
        )
