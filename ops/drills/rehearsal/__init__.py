"""The world that drills are rehearsed in: tasks, a balancer and a database that behave."""

from ops.aws import aws_settings_hidden

# moto opens a boto3 session when it is imported, which fails on an AWS_PROFILE that is not there.
with aws_settings_hidden():
    import moto.ec2.models as models  # noqa: F401
