"""The deployment under drill: found through its outputs, and refused unless it is ours."""

import json
import subprocess
import sys
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from constructs_lib.settings import wordpress
from ops import ROOT
from ops.aws import Clients, explaining
from ops.drills.clock import Clock
from ops.errors import OpsError
from ops.model import recovery
from ops.terraform import error_text, find_binary

MANAGED_BY = "cdktf"
"""The tag ManagedBy that this project's provider gives to all it makes."""


class NotForDrill(OpsError):
    """The deployment lacks what a drill needs; says how to get it."""


class NotSteady(OpsError):
    """The deployment is not healthy now; it may be in a moment."""


NEEDED = ("application_url", "ecs_cluster_name", "ecs_service_name", "rds_identifier")


@dataclass(frozen=True)
class Outputs:
    """What a drill needs of a stack's outputs."""

    application_url: str
    ecs_cluster_name: str
    ecs_service_name: str
    rds_identifier: str


def read_outputs(source: str | None, stack_id: str) -> Outputs:
    """The outputs of a deployed stack.

    Args:
        source: file with `terraform output -json` or `cdktf output --outputs-file`; `-` for
            standard input; None to run `terraform output` in cdktf.out/stacks/<stack>.
        stack_id: which stack, where the file holds several.
    """
    try:
        if source is None:
            text, source = _terraform_output(stack_id), f"terraform output of {stack_id}"
        elif source == "-":
            text, source = sys.stdin.read(), "standard input"
        else:
            text = Path(source).read_text(encoding="utf-8")
        document = json.loads(text)
    except (OSError, ValueError) as error:
        raise OpsError(
            f"{source or 'the output'} cannot be read ({error}): give what `terraform output "
            "-json` or `cdktf output --outputs-file` writes"
        ) from error
    if not isinstance(document, dict):
        raise OpsError(f"{source} holds a {type(document).__name__}, not an object of outputs")
    found = _values(document, stack_id)
    missing = [name for name in NEEDED if not isinstance(found.get(name), str)]
    if missing:
        raise OpsError(
            f"{source} lacks the outputs {', '.join(missing)} of {stack_id}: apply the stack, or "
            "choose another one; drills need all of " + ", ".join(NEEDED)
        )
    return Outputs(**{name: found[name] for name in NEEDED})


def _values(document: dict[str, Any], stack_id: str) -> dict[str, Any]:
    """Output name to value, from Terraform's or from CDKTF's form."""
    inner = document.get(stack_id)
    if isinstance(inner, dict) and "value" not in inner:
        return inner
    return {
        name: output["value"]
        for name, output in document.items()
        if isinstance(output, dict) and "value" in output
    }


def _terraform_output(stack_id: str) -> str:
    folder = ROOT / "cdktf.out" / "stacks" / stack_id
    if not folder.is_dir():
        raise OpsError(
            f"cdktf.out/stacks/{stack_id} is not there: deploy the stack from here, or give its "
            "outputs with --outputs FILE"
        )
    command = [str(find_binary()), "output", "-json", "-no-color"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        reason = error_text(done.stderr.splitlines()).partition("\n")[0]
        raise OpsError(
            f"terraform output failed in cdktf.out/stacks/{stack_id}: deploy the stack from here, "
            f"or give its outputs with --outputs FILE ({reason})"
        )
    return done.stdout


def tasks(count: int) -> str:
    """`1 task`, `2 tasks`."""
    return f"{count} task" if count == 1 else f"{count} tasks"


@dataclass(frozen=True)
class TaskState:
    """One task, as ECS describes it."""

    arn: str
    status: str
    zone: str
    address: str

    @property
    def short(self) -> str:
        return self.arn.rpartition("/")[2][:8]


@dataclass(frozen=True)
class Snapshot:
    """What AWS says at one moment.

    Attributes:
        tasks: the service's tasks that are to run, and those that were seen before; by ARN.
    """

    at: float
    tasks: dict[str, TaskState]
    targets: dict[str, str]
    database: str
    database_zone: str

    def strangers(self) -> list[str]:
        """The targets that get requests, or may soon, and are not tasks of the service."""
        own = {task.address for task in self.tasks.values()}
        used = {address for address, state in self.targets.items() if state != "draining"}
        return sorted(used - own)

    def healthy(self) -> list[TaskState]:
        """The running tasks whose target is healthy."""
        return [
            task
            for task in self.tasks.values()
            if task.status == "RUNNING" and self.targets.get(task.address) == "healthy"
        ]

    def sends_to(self, address: str) -> bool:
        """Whether an address gets requests, or may soon."""
        return self.targets.get(address) in ("healthy", "initial")

    def in_rotation(self, without: Container[str]) -> int:
        """How many tasks get requests, those with an ARN in `without` not counted."""
        return sum(task.arn not in without for task in self.healthy())


class Deployment:
    """Service, target group and database of one deployed stack."""

    def __init__(
        self, clients: Clients, outputs: Outputs, clock: Clock, url: str | None = None
    ) -> None:
        self.outputs = outputs
        self.url = (url or outputs.application_url).rstrip("/")
        self.ecs, self.elb, self.rds, self.ec2, self.sts, self.fis = (
            clients(name) for name in ("ecs", "elbv2", "rds", "ec2", "sts", "fis")
        )
        self._clock, self._clients = clock, clients
        self._seen: dict[str, None] = {}
        with explaining():
            self.account: str = self.sts.get_caller_identity()["Account"]
            self.region: str = self.ecs.meta.region_name
            self._find()

    def _find(self) -> None:
        cluster, name = self.outputs.ecs_cluster_name, self.outputs.ecs_service_name
        self.service = self._service()
        if not self.service["loadBalancers"]:
            raise OpsError(f"service {name} has no load balancer: no drill can see it recover")
        attached = self.service["loadBalancers"][0]
        self.target_group_arn: str = attached["targetGroupArn"]
        self.port: int = attached["containerPort"]
        self.container: str = attached["containerName"]
        self.task_definition: str = self.service["taskDefinition"]
        self.network: dict[str, Any] = self.service["networkConfiguration"]
        task = self.ecs.describe_task_definition(taskDefinition=self.task_definition)
        own = task["taskDefinition"]["containerDefinitions"][0]  # a stack's only one
        self._log = own.get("logConfiguration", {}).get("options", {})
        told = {pair["name"] for pair in [*own.get("environment", []), *own.get("secrets", [])]}
        self._values = {pair["value"] for pair in own.get("environment", [])}
        self._untold = {*wordpress.DATABASE_ENVIRONMENT.values()} - told
        groups = self.elb.describe_target_groups(TargetGroupArns=[self.target_group_arn])
        self.group = groups["TargetGroups"][0]
        self.database = self._database()
        tagged = self.elb.describe_tags(ResourceArns=self.group["LoadBalancerArns"])
        balancers = [balancer["Tags"] for balancer in tagged["TagDescriptions"]]
        projects = {
            _project(f"service {name}", self.service.get("tags", [])),
            _project(f"database {self.outputs.rds_identifier}", self.database.get("TagList", [])),
            *(_project("the load balancer", tags) for tags in balancers),
        }
        if len(projects) > 1:
            raise OpsError(
                f"cluster {cluster} belongs to several projects ({', '.join(sorted(projects))}): "
                "the outputs are not of one deployment"
            )
        self.project = projects.pop()

    def _service(self) -> dict[str, Any]:
        cluster, name = self.outputs.ecs_cluster_name, self.outputs.ecs_service_name
        try:
            found = self.ecs.describe_services(cluster=cluster, services=[name], include=["TAGS"])
        except self.ecs.exceptions.ClusterNotFoundException as error:
            raise OpsError(
                f"cluster {cluster} is not in {self.region} of this account: apply the stack, or "
                "set AWS_REGION and AWS_PROFILE to where it is"
            ) from error
        active = [service for service in found["services"] if service["status"] == "ACTIVE"]
        if not active:
            raise OpsError(f"service {name} is not in cluster {cluster}: apply the stack")
        service: dict[str, Any] = active[0]
        return service

    def _database(self) -> dict[str, Any]:
        name = self.outputs.rds_identifier
        if not (found := self.find_database(name)):
            raise OpsError(f"database {name} is not there: apply the stack")
        return found

    def find_database(self, name: str) -> dict[str, Any]:
        """What AWS says of a database; nothing if it is not there."""
        with suppress(self.rds.exceptions.DBInstanceNotFoundFault):
            found = self.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
            database: dict[str, Any] = found[0]
            return database
        return {}

    def restorable(self, point: datetime) -> bool:
        """Whether the database can be restored to a point in time; a new one has no backup yet."""
        latest = self._database().get("LatestRestorableTime")
        return latest is not None and latest >= point

    @property
    def path(self) -> str:
        """What requests ask for: a page that answers before there is content, from the database."""
        own = str(self.group.get("HealthCheckPath", "/"))
        return own if self._untold else wordpress.HEALTH_CHECK_PATH

    def check_application(self, what: str) -> None:
        """That a task can do what takes programs and variables of the WordPress image."""
        if self._untold:
            raise NotForDrill(
                f"{what} with the WordPress image, and the container of {self.task_definition} has "
                f"no {min(self._untold)}: this drill is not for another application"
            )

    @property
    def multi_az(self) -> bool:
        return bool(self.database["MultiAZ"])

    @property
    def desired(self) -> int:
        """How many tasks the service wants."""
        return int(self.service["desiredCount"])

    @property
    def facts(self) -> dict[str, Any]:
        """What a report says of it."""
        where = {"project": self.project, "region": self.region, "url": self.url}
        return {**where, "rehearsed_speed": self._clock.speed}

    @property
    def tags(self) -> dict[str, str]:
        """Of what a drill adds: the service's, as an organisation may want them on everything."""
        given = {tag["key"]: tag["value"] for tag in self.service["tags"]}
        return {**given, "ManagedBy": "opsfolio-drill"}

    @property
    def source(self) -> dict[str, Any]:
        """What a one-off task is made from, in a form that a journal can keep."""
        return {
            "task_definition": self.task_definition,
            "network": self.network,
            "container": self.container,
        }

    def check_steady(self) -> None:
        """Drills start from a healthy state only, or they would measure something else.

        Raises:
            NotSteady: it is not healthy; says what is missing.
        """
        # as they are now: autoscaling and earlier drills change them
        service = self.service = self._service()
        self.database = self._database()
        desired, running = service["desiredCount"], service["runningCount"]
        problem = None
        now = self.observe()
        if desired == 0:
            problem = "it wants 0 tasks (asleep?)"
        elif running != desired or service["pendingCount"]:
            problem = f"{running} of {desired} tasks run, {service['pendingCount']} are pending"
        elif len(service.get("deployments", [])) > 1:
            problem = "a deployment is under way"
        elif len(now.healthy()) != desired:
            problem = f"{len(now.healthy())} of {desired} tasks are healthy targets"
        elif strangers := now.strangers():
            problem = f"its target group has other targets: {', '.join(strangers)}"
        elif now.database != "available":
            problem = f"database {self.outputs.rds_identifier} is {now.database}, not available"
        if problem:
            raise NotSteady(
                f"service {service['serviceName']} is not steady: {problem}; wait until it is, "
                "and run `.venv/bin/python -m ops drill undo` if a drill was interrupted"
            )

    def counts(self) -> tuple[int, int]:
        """How many tasks the service wants, and how many run."""
        service = self._service()
        return service["desiredCount"], service["runningCount"]

    def observe(self) -> Snapshot:
        """Ask AWS for tasks, targets and database."""
        at = self._clock.now()
        cluster, name = self.outputs.ecs_cluster_name, self.outputs.ecs_service_name
        pages = self.ecs.get_paginator("list_tasks").paginate(cluster=cluster, serviceName=name)
        self._seen.update((arn, None) for page in pages for arn in page["taskArns"])
        tasks = self.describe_tasks(self._seen)
        health = self.elb.describe_target_health(TargetGroupArn=self.target_group_arn)
        database = self._database()
        return Snapshot(
            at=at,
            tasks={task.arn: task for task in tasks},
            targets={
                target["Target"]["Id"]: target["TargetHealth"]["State"]
                for target in health["TargetHealthDescriptions"]
            },
            database=database["DBInstanceStatus"],
            database_zone=database["AvailabilityZone"],
        )

    def describe_tasks(self, arns: Iterable[str]) -> list[TaskState]:
        """The tasks that still exist: ECS forgets stopped ones after an hour or less."""
        wanted = list(arns)
        found = []
        for start in range(0, len(wanted), 100):  # what DescribeTasks takes at once
            described = self.ecs.describe_tasks(
                cluster=self.outputs.ecs_cluster_name, tasks=wanted[start : start + 100]
            )
            found += [_task(task) for task in described["tasks"]]
        return found

    def logged(self, arn: str) -> Iterator[str]:
        """The lines that a task of the service's definition has written."""
        name = f"{self._log['awslogs-stream-prefix']}/{self.container}/{arn.rpartition('/')[2]}"
        asked = {"logGroupName": self._log["awslogs-group"], "logStreamNames": [name]}
        pages = self._clients("logs").get_paginator("filter_log_events").paginate(**asked)
        return (event["message"] for page in pages for event in page["events"])

    def expected(self) -> dict[str, recovery.Scenario]:
        """What `ops.model.recovery` computes for the deployment as it is, by kind of failure."""
        described = self.elb.describe_target_group_attributes(TargetGroupArn=self.target_group_arn)
        attributes = {each["Key"]: each["Value"] for each in described["Attributes"]}
        ids = self.network["awsvpcConfiguration"]["subnets"]
        subnets = self.ec2.describe_subnets(SubnetIds=ids)["Subnets"]
        zones = {subnet["AvailabilityZone"] for subnet in subnets}
        balancer = self.elb.describe_load_balancers(LoadBalancerArns=self.group["LoadBalancerArns"])
        deployment = self.service.get("deploymentConfiguration", {})
        path = self.group.get("HealthCheckPath", "/")
        told = self.database.get("Endpoint", {}).get("Address") in self._values
        needed = recovery.needs_database(path, wordpress=not self._untold, has_database=told)
        stop, hang, zone, database, *_, deleted, _ = recovery.scenarios(
            recovery.Configuration(
                tasks=self.desired,
                task_zones=len(zones),
                balancer_zones=len(balancer["LoadBalancers"][0]["AvailabilityZones"]),
                interval=self.group["HealthCheckIntervalSeconds"],
                timeout=self.group["HealthCheckTimeoutSeconds"],
                healthy_threshold=self.group["HealthyThresholdCount"],
                unhealthy_threshold=self.group["UnhealthyThresholdCount"],
                check_needs_database=needed,
                grace_period=self.service.get("healthCheckGracePeriodSeconds", 0),
                deregistration_delay=int(attributes["deregistration_delay.timeout_seconds"]),
                minimum_healthy_percent=deployment.get("minimumHealthyPercent", 100),
                maximum_percent=deployment.get("maximumPercent", 200),
                multi_az=self.multi_az,
                backup_retention_days=self.database.get("BackupRetentionPeriod", 0),
                # a rollback, autoscaling and files are of no failure that a drill makes
            )
        )
        return {"stop": stop, "hang": hang, "zone": zone, "database": database, "deleted": deleted}


def _task(described: dict[str, Any]) -> TaskState:
    details = {
        detail["name"]: detail.get("value", "")
        for attachment in described.get("attachments", [])
        for detail in attachment.get("details", [])
    }
    return TaskState(
        arn=described["taskArn"],
        status=described["lastStatus"],
        zone=described.get("availabilityZone", ""),
        address=details.get("privateIPv4Address", ""),
    )


def _project(what: str, tags: list[dict[str, str]]) -> str:
    """The project that a resource belongs to; it has to be one of ours."""
    found = {
        (tag.get("key") or tag.get("Key")): (tag.get("value") or tag.get("Value")) for tag in tags
    }
    project = found.get("Project")
    if not project or found.get("ManagedBy") != MANAGED_BY:
        raise OpsError(
            f"{what} is not tagged Project and ManagedBy={MANAGED_BY}: it is not this project's, "
            "or its stack has `default_tags` off (wp-ecs has); drills break only what is tagged"
        )
    return project
