"""As many stacks of 50 resources as the first argument says: how synth time grows."""

import sys

from constructs_lib import fast_synth

fast_synth.activate()

from cdktf import App, LocalBackend, TerraformStack  # noqa: E402
from cdktf_cdktf_provider_aws.provider import AwsProvider  # noqa: E402
from cdktf_cdktf_provider_aws.subnet import Subnet  # noqa: E402
from cdktf_cdktf_provider_aws.vpc import Vpc  # noqa: E402

RESOURCES = 50

app = App()
for number in range(int(sys.argv[1])):
    stack = TerraformStack(app, f"stack-{number}")
    LocalBackend(stack, path=f"terraform.{number}.tfstate")
    AwsProvider(stack, "aws", region="eu-central-1")
    vpc_id = Vpc(stack, "vpc", cidr_block="10.0.0.0/16").id
    for subnet in range(1, RESOURCES):
        Subnet(
            stack,
            f"subnet_{subnet}",
            vpc_id=vpc_id,
            cidr_block=f"10.0.{subnet}.0/24",
            tags={"Name": f"subnet-{subnet}"},
        )
app.synth()
