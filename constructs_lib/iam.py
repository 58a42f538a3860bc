"""IAM documents as plain functions: who may assume a role, and AWS's managed policies."""

import json


def trust(service: str) -> str:
    """The trust policy that lets one AWS service assume a role.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def service_role_policy(name: str) -> str:
    """ARN of an AWS managed policy for service roles."""
    return f"arn:aws:iam::aws:policy/service-role/{name}"
