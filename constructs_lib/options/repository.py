"""A repository for images of one's own: no tag moves, each image is scanned, old ones expire.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
"""

from __future__ import annotations

import json

from constructs_lib import aws
from constructs_lib.part import Part, PlatformStack

KEPT_IMAGES = 50
_OLD = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": KEPT_IMAGES}
_EXPIRE = {"rulePriority": 1, "selection": _OLD, "action": {"type": "expire"}}


class Repository(Part):
    """The repository, with the project's name."""

    def __init__(self, stack: PlatformStack) -> None:
        super().__init__(stack)
        repository = aws.EcrRepository(
            self,
            "aws_ecr_repository.image",
            name=self.project,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            # protected together with the load balancer, as its access logs are
            force_delete=not stack.settings.load_balancer.deletion_protection,
            tags={"Name": f"{self.project}-image"},
        )
        aws.EcrLifecyclePolicy(
            self,
            "aws_ecr_lifecycle_policy.image",
            repository=repository.name,
            policy=json.dumps({"rules": [_EXPIRE]}),
        )
