"""The small stack, with the community's successor of CDKTF and its AWS bindings."""

# mypy: disable-error-code="import-not-found"
# They are not part of this project: the bench installs them into an environment of their own.

from cdktn import App, LocalBackend, TerraformOutput, TerraformStack
from cdktn_aws.elb import AwsLb
from cdktn_aws.provider import AwsProvider
from cdktn_aws.vpc import AwsSubnet, AwsVpc

app = App()
stack = TerraformStack(app, "small")
LocalBackend(stack, path="terraform.tfstate")
AwsProvider(stack, "aws", region="eu-central-1")
vpc = AwsVpc(stack, "vpc", cidr_block="10.0.0.0/16")
a = AwsSubnet(stack, "a", vpc_id=vpc.id, cidr_block="10.0.1.0/24")
b = AwsSubnet(stack, "b", vpc_id=vpc.id, cidr_block="10.0.2.0/24")
alb = AwsLb(stack, "alb", load_balancer_type="application", subnets=[a.id, b.id])
TerraformOutput(stack, "vpc_id", value=vpc.id)
TerraformOutput(stack, "alb_dns_name", value=alb.dns_name)
app.synth()
