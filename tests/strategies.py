"""Hypothesis strategies for settings: those that are accepted, and those that may not be.

`accepted()` is written from what AWS takes, not from the models, so that it can disagree with them.
"""

import string
from ipaddress import IPv4Network
from typing import Any

from hypothesis import strategies as st

Settings = dict[str, Any]
"""Settings of a stack, as under `context.stacks.<stack id>` of cdktf.json; any JSON fits."""

FARGATE = {
    256: [512, 1024, 2048],
    512: [1024, 2048, 3072, 4096],
    1024: [2048, 5120, 8192],
    2048: [4096, 16384],
    4096: [8192, 30720],
    8192: [16384, 20480, 61440],
    16384: [32768, 40960, 122880],
}
WINDOWS = [
    ("03:00-04:00", "Mon:04:00-Mon:05:00"),
    ("00:00-00:30", "Sun:23:30-Mon:00:00"),
    ("23:45-00:15", "Tue:00:15-Tue:23:45"),
    ("12:34-13:56", "Wed:14:00-Thu:12:00"),
]
ZONES = {
    "eu-central-1": "abc",
    "us-east-1": "abcdf",
    "ap-northeast-1": "acd",
    "ca-west-1": "abc",
}
_WORD = string.ascii_letters + string.digits
# printable characters that a user might paste, with those that JSON and Terraform treat specially
_TEXT = _WORD + "-_./:@%$#&?=+~*'\"\\{}[]<>|,;!^`é"
_PERCENT, _COUNT = st.integers(1, 100), st.integers(1, 10**6)
_POSITIVE = _COUNT | st.floats(0.001, 1e6)


def _text(min_size: int = 0) -> st.SearchStrategy[str]:
    """One line of text, without the templates that Terraform would evaluate."""
    return st.text(_TEXT, min_size=min_size, max_size=20).filter(
        lambda text: "${" not in text and "%{" not in text
    )


def _name(first: str, rest: str, size: int) -> st.SearchStrategy[str]:
    """A name whose first character is of one set and whose others are of another."""
    others = st.text(rest, max_size=size - 1)
    return st.tuples(st.sampled_from(first), others).map("".join)


def _some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Settings]:
    """An object with some of these keys."""
    return st.fixed_dictionaries({}, optional=fields)


@st.composite
def _network(draw: st.DrawFn) -> Settings:
    vpc = draw(st.sampled_from(["10.0.0.0/16", "172.16.32.0/20", "192.168.0.0/24", "10.1.2.0/26"]))
    network = IPv4Network(vpc)
    prefix = draw(st.integers(network.prefixlen + 2, 28))
    subnets = [str(subnet) for subnet in network.subnets(new_prefix=prefix)]
    chosen = draw(st.lists(st.sampled_from(subnets), min_size=4, max_size=4, unique=True))
    return {
        "vpc_cidr": vpc,
        "public_subnet_cidrs": chosen[:2],
        "private_subnet_cidrs": chosen[2:],
    }


@st.composite
def _load_balancer(draw: st.DrawFn) -> Settings:
    interval = draw(st.integers(5, 300))
    codes = st.lists(st.integers(200, 499).map(str), min_size=1, max_size=3)
    others = _some(
        health_check_path=_text().map(lambda text: f"/{text}"),
        healthy_threshold=st.integers(2, 10),
        unhealthy_threshold=st.integers(2, 10),
        matcher=codes.map(",".join) | st.just("200-499"),
        stickiness_seconds=st.integers(1, 604800),
    )
    timeout = draw(st.integers(2, min(120, interval - 1)))
    return {"interval_seconds": interval, "timeout_seconds": timeout, **draw(others)}


@st.composite
def _container(draw: st.DrawFn) -> Settings:
    cpu = draw(st.sampled_from(sorted(FARGATE)))
    others = _some(
        image=st.just("r.example.com:5000/a/b@sha256:0123") | _text(min_size=1),
        name=_name(_WORD, _WORD + "-_", 40),
        health_check_grace_period_seconds=st.integers(0, 2**31 - 1),
        log_retention_days=st.sampled_from([1, 7, 30, 365, 3653]),
        container_insights=st.booleans(),
    )
    low, high = draw(st.sampled_from([(0, 100), (0, 151), (99, 200), (100, 200)]))
    return {
        "cpu": cpu,
        "memory_mib": draw(st.sampled_from(FARGATE[cpu])),
        # half of the tasks, or a second one, can be replaced however many there are
        "minimum_healthy_percent": low,
        "maximum_percent": high,
        **draw(others),
    }


@st.composite
def _database(draw: st.DrawFn) -> Settings:
    backup, maintenance = draw(st.sampled_from(WINDOWS))
    storage = st.fixed_dictionaries({"allocated_storage_gib": st.integers(20, 65536)})
    gp3 = st.fixed_dictionaries(
        {"storage_type": st.just("gp3"), "allocated_storage_gib": st.integers(400, 65536)},
        optional={
            "iops": st.integers(12000, 64000),
            "storage_throughput_mibps": st.integers(500, 4000),
        },
    )
    insights = st.fixed_dictionaries(
        {
            "performance_insights": st.booleans(),
            "instance_class": st.sampled_from(["db.t3.medium", "db.r6gd.16xlarge"]),
        }
    )
    logs = st.sampled_from(["audit", "error", "general", "slowquery"])
    others = _some(
        engine_version=st.sampled_from(["8.0", "8.4", "8.0.40"]),
        name=_name(string.ascii_letters, _WORD + "_", 64),
        username=_name("abc", _WORD + "_", 16),
        multi_az=st.booleans(),
        backup_retention_days=st.integers(0, 35),
        storage_encrypted=st.booleans(),
        monitoring_interval_seconds=st.sampled_from([0, 1, 5, 10, 15, 30, 60]),
        log_exports=st.lists(logs, unique=True),
        skip_final_snapshot=st.booleans(),
    )
    return {
        "backup_window": backup,
        "maintenance_window": maintenance,
        **draw(storage | gp3),
        **draw(st.just(Settings()) | insights),
        **draw(others),
    }


_MONITORING = _some(
    alarm_email=st.sampled_from(["", "ops@example.com", "o'neil+aws@mail.example.co.uk"]),
    db_cpu_percent=_PERCENT,
    db_free_storage_gib=_POSITIVE,
    db_connections=_COUNT,
    db_connections_percent=_PERCENT,
    db_replica_lag_seconds=_COUNT,
    service_cpu_percent=_PERCENT,
    service_memory_percent=_PERCENT,
    response_time_seconds=_POSITIVE,
    server_errors_per_5_minutes=_COUNT,
)
_BACKEND = st.just({"type": "local"}) | st.fixed_dictionaries(
    {
        "type": st.just("s3"),
        "bucket": st.sampled_from(["abc", "states.example.com", "1-a"]),
        "region": st.sampled_from(sorted(ZONES)),
    },
    optional={"key": _name(_WORD, _WORD, 20)},
)


@st.composite
def accepted(draw: st.DrawFn) -> Settings:
    """Settings that AWS takes; the groups of which less depends are there or not."""
    region = draw(st.sampled_from(sorted(ZONES)))
    zones = st.lists(st.sampled_from(ZONES[region]), min_size=2, max_size=3, unique=True)
    network: Settings = draw(_network())
    if draw(st.booleans()) or "b" not in ZONES[region]:
        network["availability_zones"] = [region + zone for zone in draw(zones)]
    low, desired, high = sorted(draw(st.tuples(*[st.integers(0, 5000)] * 3)))
    targets = _some(  # without the capacities, which the desired count has to match
        cpu_target_percent=_PERCENT,
        memory_target_percent=_PERCENT,
        scale_out_cooldown_seconds=st.integers(0, 3600),
        scale_in_cooldown_seconds=st.integers(0, 3600),
    )
    word = _name("abcxyz", string.ascii_lowercase + string.digits, 8)
    others = _some(
        project_name=st.lists(word, min_size=1, max_size=3).map("-".join),
        load_balancer=_load_balancer(),
        database=_database(),
        monitoring=_MONITORING,
        cost=_some(monthly_budget_usd=_POSITIVE, anomaly_threshold_usd=_POSITIVE),
        backend=_BACKEND,
    )
    return {
        "region": region,
        "network": network,
        "container": {**draw(_container()), "desired_count": desired},
        "autoscaling": {"min_capacity": low, "max_capacity": max(high, 1), **draw(targets)},
        **draw(others),
    }


def anything() -> st.SearchStrategy[Any]:
    """Any value that Python's json module reads: NaN, infinity and lone surrogates too."""
    special = ["${var.db_password}", "%{ if true }", "\ud800", "a\nb", "\x1b[31m"]
    plain = (st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10))
    scalars = st.one_of(*plain, st.sampled_from(special))
    return st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=5,
    )


def disturbed(base: Settings) -> st.SearchStrategy[Settings]:
    """`base` with one thing changed: a setting, a whole group, or a key that was not there."""
    groups = {name: value for name, value in base.items() if isinstance(value, dict)}
    strange = ["s3", "local", "password", "a\nb", ""]
    places = [
        *((None, key) for key in (*base, *strange)),
        *((name, key) for name, group in groups.items() for key in (*group, *strange)),
    ]

    def put(place: tuple[str | None, str], value: object) -> Settings:
        group, key = place
        return base | ({key: value} if group is None else {group: {**groups[group], key: value}})

    return st.builds(put, st.sampled_from(places), anything())
