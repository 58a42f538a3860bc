"""The small stack, in stock CDKTF for Python; FAST_SYNTH decides how the provider is loaded."""

from constructs_lib import fast_synth

fast_synth.activate()

from cdktf import App, LocalBackend, TerraformOutput, TerraformStack  # noqa: E402
from cdktf_cdktf_provider_aws.lb import Lb  # noqa: E402
from cdktf_cdktf_provider_aws.provider import AwsProvider  # noqa: E402
from cdktf_cdktf_provider_aws.subnet import Subnet  # noqa: E402
from cdktf_cdktf_provider_aws.vpc import Vpc  # noqa: E402

app = App()
stack = TerraformStack(app, "small")
LocalBackend(stack, path="terraform.tfstate")
AwsProvider(stack, "aws", region="eu-central-1")
vpc = Vpc(stack, "vpc", cidr_block="10.0.0.0/16")
a = Subnet(stack, "a", vpc_id=vpc.id, cidr_block="10.0.1.0/24")
b = Subnet(stack, "b", vpc_id=vpc.id, cidr_block="10.0.2.0/24")
alb = Lb(stack, "alb", load_balancer_type="application", subnets=[a.id, b.id])
TerraformOutput(stack, "vpc_id", value=vpc.id)
TerraformOutput(stack, "alb_dns_name", value=alb.dns_name)
app.synth()
