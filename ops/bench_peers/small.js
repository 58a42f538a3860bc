// The small stack, in plain JavaScript: the floor for anything that runs on the same libraries.
"use strict";

// From the folder the bench installed the packages into, which is the working directory.
const load = require("node:module").createRequire(`${process.cwd()}/`);
const { App, LocalBackend, TerraformOutput, TerraformStack } = load("cdktf");
const { Lb } = load("@cdktf/provider-aws/lib/lb");
const { AwsProvider } = load("@cdktf/provider-aws/lib/provider");
const { Subnet } = load("@cdktf/provider-aws/lib/subnet");
const { Vpc } = load("@cdktf/provider-aws/lib/vpc");

const app = new App();
const stack = new TerraformStack(app, "small");
new LocalBackend(stack, { path: "terraform.tfstate" });
new AwsProvider(stack, "aws", { region: "eu-central-1" });
const vpc = new Vpc(stack, "vpc", { cidrBlock: "10.0.0.0/16" });
const a = new Subnet(stack, "a", { vpcId: vpc.id, cidrBlock: "10.0.1.0/24" });
const b = new Subnet(stack, "b", { vpcId: vpc.id, cidrBlock: "10.0.2.0/24" });
const alb = new Lb(stack, "alb", { loadBalancerType: "application", subnets: [a.id, b.id] });
new TerraformOutput(stack, "vpc_id", { value: vpc.id });
new TerraformOutput(stack, "alb_dns_name", { value: alb.dnsName });
app.synth();
