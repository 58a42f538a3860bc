"""After destroy: what of a project is still in AWS, by tag and by name, in every service it uses.

Only reads. A destroy can leave things behind that Terraform never knew: log groups that AWS makes
by itself, final snapshots, network interfaces that are let go late.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from ops import files
from ops.aws import Clients, clients, explaining
from ops.errors import OpsError
from ops.model.stack import declared


class _Kind(NamedTuple):
    """Where to look for a kind of resource: one of cleanup.yaml."""

    call: str
    name: str
    arn: str = ""


_KINDS = files.data(dict[str, dict[str, _Kind]], Path(__file__).with_suffix(".yaml"))
"""By service and name of the kind."""


@dataclass(frozen=True, order=True)
class Leftover:
    """One resource that is still there."""

    service: str
    kind: str
    name: str


@dataclass(frozen=True)
class Found:
    """What a search has found.

    Attributes:
        seen: whether anything shows that the project ever was in this account and region: what is
            left, or what AWS still lists although it is deleted.
    """

    project: str
    account: str
    region: str
    seen: bool
    left: list[Leftover]


def run(project: str, region: str | None, console: Console, *, json_output: bool = False) -> bool:
    """Print what is left of a project; whether nothing is, of a project that there was.

    `region`: where to look; default: where cdktf.json has the project.
    """
    known = _projects()
    homes = known.get(project, [])
    if region is None and len(homes) > 1:
        raise OpsError(f"{project} is in {' and '.join(homes)}: look in each, with --region")
    balancers = [s.load_balancer for s in declared().values() if s.project_name == project]
    domains = [balancer.domain.name for balancer in balancers if balancer.domain]
    found = search(clients(region or next(iter(homes), None)), project, known, domains)
    passed = not found.left and (found.seen or found.region in homes)
    if json_output:
        print(json.dumps(asdict(found), indent=2))
    else:
        style = "green" if passed else ""
        console.print(
            _text(found, known), style=style, markup=False, highlight=False, soft_wrap=True
        )
    return passed


def _text(found: Found, known: Mapping[str, list[str]]) -> str:
    place = f"account {found.account}, {found.region}"
    if found.left:
        lines = [f"  {left.service:<24}{left.kind:<22}{left.name}" for left in found.left]
        return "\n".join([f"left of {found.project} in {place}:", *lines])
    if found.seen:
        return f"✓ nothing of {found.project} is left in {place}"
    homes = known.get(found.project, [])
    if found.region in homes:
        return f"✓ nothing of {found.project} is in {place}, and nothing shows that it ever was"
    never = f"nothing of {found.project} was ever seen in {place}, and cdktf.json has "
    if homes:
        return f"{never}it in {' and '.join(homes)}: check --region"
    return f"{never}no such project (it has {', '.join(known)}): check --project"


def search(
    aws: Clients, project: str, others: Iterable[str] = (), domains: Iterable[str] = ()
) -> Found:
    """Look for what is tagged Project=`project`, or named after it.

    Args:
        others: projects whose names may begin like this one's, and are not meant.
        domains: of the project, whose certificates have a proof in DNS.
    """
    found: dict[str, Leftover] = {}
    gone: set[str] = set()
    is_mine = _matcher(project, others)
    aws = cache(aws)
    with explaining():
        account = aws("sts").get_caller_identity()["Account"]
        for key, leftover, item in _everything(aws, account):
            tags = [*item.get("Tags", []), *item.get("TagSet", [])]
            if (
                {"Key": "Project", "Value": project} in tags
                or (leftover.service != "ec2" and is_mine(leftover.name))
                # AWS makes interfaces by itself, and does not tag them
                or (leftover.kind == "network interface" and item.get("VpcId") in found)
            ):
                found[key] = leftover
                if item.get("State") in ("deleted", "deleting"):
                    gone.add(key)
        tagged = {"TagFilters": [{"Key": "Project", "Values": [project]}]}
        for item in _items(aws("resourcegroupstaggingapi"), "get_resources", **tagged):
            arn = item["ResourceARN"]
            key = arn.rpartition("/")[2] if ":ec2:" in arn else arn
            found.setdefault(key, Leftover(arn.split(":")[2], "tagged", arn))
        found |= {each.name: each for each in _records(aws("route53"), is_mine, {*domains})}
        gone.update(key for key in found if _is_inactive(aws, key))
        former = {"familyPrefix": project, "status": "INACTIVE"}
        traces = _items(aws("ecs"), "list_task_definition_families", **former)
        seen = bool(found) or any(map(is_mine, traces))
    left = sorted({leftover for key, leftover in found.items() if key not in gone})
    return Found(project, account, aws("ecs").meta.region_name, seen, left)


def _projects() -> dict[str, list[str]]:
    """The projects of cdktf.json, each with its regions."""
    found: dict[str, list[str]] = {}
    for settings in declared().values():
        found.setdefault(str(settings.project_name), []).append(settings.region)
    return found


def _matcher(project: str, others: Iterable[str]) -> Callable[[str], bool]:
    """Whether a name is the project's: `x`, `x-alb`, `/ecs/x`, `/aws/rds/instance/x-db`."""
    longer = tuple(other for other in others if other.startswith(f"{project}-"))

    def is_mine(name: str) -> bool:
        return any(
            (part == project or part.startswith(f"{project}-")) and not part.startswith(longer)
            for part in re.split("[/:]", name)
        )

    return is_mine


def _items(client: Any, call: str, **arguments: Any) -> Iterator[Any]:
    """Every item of an answer's lists, page by page where the call has pages."""
    if client.can_paginate(call):
        pages = client.get_paginator(call).paginate(**arguments)
    else:
        pages = [getattr(client, call)(**arguments)]
    for page in pages:
        for items in page.values():
            if isinstance(items, list):
                yield from items


def _everything(aws: Clients, account: str) -> Iterator[tuple[str, Leftover, dict[str, Any]]]:
    """All of these kinds, whoever's it is: its ARN or id, what it is, and what AWS says."""
    needed = {
        "describe_scalable_targets": {"ServiceNamespace": "ecs"},
        "list_policies": {"Scope": "Local"},
        "describe_budgets": {"AccountId": account},
    }
    kinds = ((service, *named) for service, kinds in _KINDS.items() for named in kinds.items())
    for service, kind, (call, name, arn) in kinds:
        for item in _items(aws(service), call, **needed.get(call, {})):
            described = item if isinstance(item, dict) else {name: item}
            shown = str(described[name])
            key = str(described.get(arn, shown)).removesuffix(":*")
            if shown == key and shown.startswith("arn:"):
                shown = shown.split(":", 5)[5].rpartition("/")[2]
            yield key, Leftover(service, kind, shown), described


def _records(route53: Any, is_mine: Callable[[str], bool], domains: set[str]) -> Iterator[Leftover]:
    """Names in DNS, which have no tags: of the project's load balancer, and the domains' proof."""
    for zone in _items(route53, "list_hosted_zones"):
        for record in _items(route53, "list_resource_record_sets", HostedZoneId=zone["Id"]):
            balancer = record.get("AliasTarget", {}).get("DNSName", "").removeprefix("dualstack.")
            is_proof = "acm-validations.aws" in str(record.get("ResourceRecords"))
            proven = record["Name"].partition(".")[2].rstrip(".") if is_proof else None
            if is_mine(balancer) or proven in domains:
                yield Leftover("route53", "record", f"{record['Type']} {record['Name']}")


def _is_inactive(aws: Clients, arn: str) -> bool:
    """Whether ECS lists a resource only for the record: deleted or deregistered."""
    if not re.match("arn:[^:]+:ecs:", arn):
        return False
    ecs = aws("ecs")
    kind, _, path = arn.split(":", 5)[5].partition("/")
    if kind == "task-definition":
        try:
            described = [ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]]
        except ecs.exceptions.ClientException:  # deleted; only its tag is still listed
            described = []
    elif kind in ("cluster", "service"):
        cluster = path.partition("/")[0]
        described = ecs.describe_clusters(clusters=[cluster])["clusters"]
        if kind == "service" and any(found["status"] != "INACTIVE" for found in described):
            described = ecs.describe_services(cluster=cluster, services=[arn])["services"]
    else:
        return False
    return all(found["status"] in ("INACTIVE", "DELETE_IN_PROGRESS") for found in described)
