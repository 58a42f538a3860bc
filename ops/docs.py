"""Writes what the documentation has from the code and from cdktf.json.

That is docs/deployer-policy*.json, docs/reader-policy.json, docs/settings.schema.json, and parts
of pages. In README.md, CONTRIBUTING.md and docs/*.md a part stands between two markers:

    <!-- generated: variables -->
    <!-- end generated -->

What comes between them is computed from the stacks of cdktf.json, from the settings' models or from
the modules' docstrings, so it cannot be out of date without `check` noticing.
"""

import ast
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema
from rich.console import Console

from constructs_lib.settings import StackSettings
from constructs_lib.settings.container import FARGATE_MEMORY_MIB
from constructs_lib.settings.monitoring import MonitoringSettings
from constructs_lib.settings.types import Schema
from constructs_lib.settings.variables import variables_of
from constructs_lib.settings.words import accepted, described
from ops import CDKTF_JSON, ROOT, files
from ops.delivery import permissions, policies
from ops.errors import OpsError
from ops.model import claims, cost, diagram, savings
from ops.model.stack import Stack, declared, read_stacks
from spacelift.settings import SpaceliftSettings, load_spacelift

STACK = "resilience-platform"
"""The stack that the documentation describes."""
HARDENED = "resilience-platform-hardened"

_PART = re.compile(
    r"(?P<start><!-- generated: (?P<name>[\w-]+) -->\n).*?(?P<end> *<!-- end generated -->)",
    re.DOTALL,
)


def documents(root: Path) -> list[Path]:
    """The files that may have generated parts."""
    return [
        *(root / name for name in ("README.md", "CONTRIBUTING.md")),
        *sorted((root / "docs").glob("*.md")),
    ]


def run(console: Console, *, check: bool, root: Path = ROOT) -> None:
    """Rewrite the generated parts and files."""
    if STACK not in (stacks := read_stacks()):
        raise OpsError(
            f"the documentation describes {STACK}, and cdktf.json declares {', '.join(stacks)}: "
            "let a stack have that id, or name another one in STACK of ops/docs.py"
        )
    available = parts(stacks[STACK])
    made = {
        path: rendered(path.read_text(encoding="utf-8"), available, path.name)
        for path in documents(root)
    }
    for name, policy in permissions.documents(permissions.recorded()).items():
        made[root / "docs" / name] = permissions.as_text(policy)
    made[root / "docs" / "settings.schema.json"] = json.dumps(settings_schema(), indent=1) + "\n"
    stale = []
    for path, text in made.items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(str(path.relative_to(root)))
        if not check:
            path.write_text(text, encoding="utf-8")
    if check and stale:
        raise OpsError(
            f"{', '.join(stale)}: cdktf.json, or the code, has changed since; run `make docs`"
        )
    console.print(f"written: {', '.join(stale)}" if stale else "The documentation is current.")


def settings_schema() -> Any:
    """What cdktf.json may hold, as a JSON Schema, by which editors complete and explain settings.

    It lets pass what only we check: contradictions, and the values of an object.
    """
    models = (StackSettings, SpaceliftSettings)
    _, schema = models_json_schema([(model, "validation") for model in models])
    stack, spacelift = ({"$ref": f"#/$defs/{model.__name__}"} for model in models)
    context = {"stacks": {"type": "object", "additionalProperties": stack}, "spacelift": spacelift}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["properties"] = {"context": {"type": "object", "properties": context}}
    return json.loads(json.dumps(schema), object_hook=_for_editors)


def _for_editors(found: dict[str, Any]) -> dict[str, Any]:
    """A part of the schema, whose description says what is accepted, without our own words."""
    if isinstance(accepts := found.get("accepts"), str):
        must = f"must {found.get('verb', 'be')} {accepts}"
        found["description"] = "; ".join(filter(None, (found.get("description"), must)))
    # the default of a group is its settings'
    ours = {"title", "accepts", "verb", "only"} | ({"default"} if "$ref" in found else set())
    return {k: v for k, v in found.items() if k not in ours}


def rendered(text: str, available: Mapping[str, Callable[[], str]], name: str) -> str:
    """`text` with every generated part made anew."""

    def made(found: re.Match[str]) -> str:
        part = found["name"]
        if part not in available:
            raise OpsError(f"{name}: no part is called {part!r}; there are {', '.join(available)}")
        return f"{found['start']}{available[part]()}\n{found['end']}"

    if text.count("<!-- generated: ") != len(_PART.findall(text)):
        raise OpsError(f"{name}: a generated part has no <!-- end generated --> after it")
    return _PART.sub(made, text)


def parts(stack: Stack) -> dict[str, Callable[[], str]]:
    """Everything that can be generated, by name."""
    return {
        "modules": _modules,
        "variables": lambda: _variables(stack),
        "outputs": lambda: _outputs(stack),
        "stacks": _stacks,
        "trust-policy": _trust_policy,
        **{f"settings-{name}": partial(_settings, group) for name, group in _groups().items()},
        "spacelift-settings": lambda: _settings(described(SpaceliftSettings)),
        "plan-policy": _plan_policy,
        "other-policies": _other_policies,
        "fargate": _fargate,
        "security-groups": lambda: _security_groups(stack),
        "alarms": lambda: _alarms(stack),
        "recovery": lambda: _recovery(claims.model(stack)),
        "claims": lambda: _claims(claims.model(stack)),
        "cost": lambda: _cost(stack),
        "cost-stacks": _cost_stacks,
        "savings": _savings,
        "cost-first": lambda: _cost_first(stack),
        "architecture": lambda: diagram.mermaid(stack),
        "architecture-hardened": _architecture_hardened,
    }


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; what Markdown would take for a column or an HTML tag is escaped."""

    def line(cells: Sequence[object]) -> str:
        escaped = (str(cell).replace("|", r"\|").replace("<", "&lt;") for cell in cells)
        return f"| {' | '.join(escaped)} |"

    return "\n".join([line(headings), line(["---"] * len(headings)), *map(line, rows)])


def _code(value: object) -> str:
    """`value` as code, as it is written in JSON; strings without their quotes."""
    text = value if isinstance(value, str) else json.dumps(value)
    return f"`{text}`" if text else "empty"


def _modules() -> str:
    library = ROOT / "constructs_lib"
    rows = []
    for path in sorted(library.rglob("[a-z]*.py"), key=lambda path: (len(path.parts), path)):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        first = text.partition("\n")[0]
        original, found, what = first.partition(".tf: ")
        link = f"[{path.relative_to(library)}](../{path.relative_to(ROOT)})"
        before = f"`{original}.tf`" if found else "new"
        rows.append((link, before, (what if found else first).rstrip(".")))
    return table(("module", "original", "what it declares"), rows)


def _variables(stack: Stack) -> str:
    settings = declared()[STACK]
    accepts = {variable.name: variable.accepted.accepts for variable in variables_of(settings)}
    rows = []
    for name, variable in stack.variables.items():
        default = _code(variable["default"]) if "default" in variable else "**required**"
        rows.append((f"`{name}`", variable["type"], default, _told(variable), accepts[name]))
    return table(("variable", "type", "default", "what it is", "accepted"), rows)


def _told(declaration: Mapping[str, Any]) -> str:
    """What a variable or an output is."""
    sensitive = " (sensitive)" if declaration.get("sensitive") else ""
    return f"{declaration['description'].rstrip('.')}{sensitive}"


def _architecture_hardened() -> str:
    if HARDENED not in declared():
        return f"`cdktf.json` declares no `{HARDENED}`."
    return diagram.mermaid(read_stacks()[HARDENED])


def _stacks() -> str:
    """Every stack of cdktf.json, with what it does not leave at its default."""
    rows = []
    for stack_id, settings in declared().items():
        changed = settings.model_dump(mode="json", exclude_defaults=True)
        if changed["project_name"] == stack_id:
            del changed["project_name"]
        leaves: dict[str, object] = {}
        for key, value in changed.items():
            inner = value if isinstance(value, dict) else {"": value}
            leaves |= {f"{key}.{name}".rstrip("."): what for name, what in inner.items()}
        what = ", ".join(f"`{key} = {json.dumps(value)}`" for key, value in leaves.items())
        rows.append((f"`{stack_id}`", what or "nothing: all defaults"))
    return table(("stack", "what it sets"), rows)


def _trust_policy() -> str:
    """Which runs may take a role: those of the stacks that Spacelift delivers."""
    delivery = load_spacelift(CDKTF_JSON, declared()) or SpaceliftSettings()
    ids = [f"$spacelift@*@{stack_id}@$1" for stack_id in declared() if delivery.delivers(stack_id)]
    policy = files.template(Path(__file__).with_name("trust_policy.md.j2"))
    return policy.render(ids=json.dumps(ids, indent=4))


def _outputs(stack: Stack) -> str:
    rows = ((f"`{name}`", _told(output)) for name, output in stack.outputs.items())
    return table(("output", "what it is"), rows)


def _settings(settings: Iterable[tuple[str, Schema]]) -> str:
    rows = []
    for key, setting in settings:
        default = "**required**"
        if "default" in setting:
            value = setting["default"]
            default = "none" if value is None else _code(value)
            if value and any("$ref" in option for option in setting.get("anyOf", ())):
                default = "as below"
        only = f" (only `{setting['only']}` needs it)" if "only" in setting else ""
        what = setting.get("description", "")
        rows.append((f"`{key}`", default, accepted(setting, _code), f"{what}{only}"))
    return table(("setting", "default", "accepted", "what it is"), rows)


def _groups() -> dict[str, list[tuple[str, Schema]]]:
    """A stack's settings by their group; "stack": those that are in none."""
    found = list(described(StackSettings))
    groups = {key.partition(".")[0] for key, _ in found if "." in key}
    by_group = defaultdict(list)
    for key, setting in found:
        group = key.partition(".")[0]
        by_group[group if group in groups else "stack"].append((key, setting))
    return by_group


def _plan_policy() -> str:
    """Every rule of Spacelift's plan policy, from its METADATA."""
    outcomes = {
        "never": ("denied", "denied"),
        "needs_human": ("denied", "warned"),
        "notice": ("warned", "warned"),
    }
    rows = [
        (rule.title, *outcomes[rule.name], rule.description)
        for rule in policies.rules(policies.POLICIES / "plan.rego")
        if rule.name in outcomes
    ]
    return table(("rule", "proposed run", "tracked run", "what it says"), rows)


def _other_policies() -> str:
    """Every rule of Spacelift's other policies, from its METADATA."""
    rows = [
        (rule.policy, f"`{rule.name}`", rule.title, rule.description)
        for name in policies.OUTPUTS
        if name != "plan"
        for rule in policies.rules(policies.POLICIES / f"{name}.rego")
    ]
    return table(("policy", "answer", "rule", "what it says"), rows)


def _fargate() -> str:
    rows = ((cpu, ", ".join(map(str, memory))) for cpu, memory in FARGATE_MEMORY_MIB.items())
    return table(("`cpu`", "`memory_mib`"), rows)


def _security_groups(stack: Stack) -> str:
    rows = []
    for name, group in stack.all("aws_security_group").items():
        for key, direction, peer in (("ingress", "in", "from"), ("egress", "out", "to")):
            for rule in group[key]:
                names = [ref.split(".")[1] for ref in rule["security_groups"] or []]
                peers = ", ".join(map(_code, names + (rule["cidr_blocks"] or [])))
                port = "all ports" if rule["protocol"] == "-1" else f"{rule['from_port']}"
                rows.append((f"`{name}`", direction, port, f"{peer} {peers}"))
            if not group[key]:
                rows.append((f"`{name}`", direction, "none", ""))
    return table(("group", "direction", "port", "peer"), rows)


def _alarms(stack: Stack) -> str:
    rows = []
    for name, alarm in stack.all("aws_cloudwatch_metric_alarm").items():
        metric, period = alarm.get("metric_name"), alarm.get("period")
        for query in alarm.get("metric_query", []):
            metric = query.get("expression", metric)
            period = query.get("metric", {}).get("period", period)
        sign = {"GreaterThanThreshold": ">", "LessThanThreshold": "<"}[alarm["comparison_operator"]]
        threshold = alarm["threshold"]
        if isinstance(threshold, str):  # Terraform computes it
            settings = declared()[STACK].monitoring or MonitoringSettings()
            threshold = f"{settings.db_connections_percent} % of the class's"
        else:
            threshold = f"{threshold:g}"
        for unit, factor in (("GiB", 1024**3), ("MiB", 1024**2)):
            if metric in ("FreeStorageSpace", "FreeableMemory") and alarm["threshold"] >= factor:
                threshold = f"{alarm['threshold'] / factor:g} {unit}"
                break
        minutes = alarm["evaluation_periods"] * period / 60
        means = alarm["alarm_description"].rstrip(".")
        rows.append((f"`{name}`", f"{metric} {sign} {threshold}", f"{minutes:g} min", means))
    return table(("alarm", "goes off when", "for", "which means"), rows)


def _recovery(model: claims.Model) -> str:
    headings = ("failure", "noticed", "all requests served again", "fully restored", "worst case")
    rows = ((s.name, s.noticed, s.serving, s.restored, s.because) for s in model.scenarios)
    return table(headings, rows)


def _claims(model: claims.Model) -> str:
    headings = ("the original README says", "computed for this configuration", "verdict")
    rows = ((f'"{c.quote}"', c.computed, f"**{c.verdict}**") for c in model.claims)
    return table(headings, rows)


def _cost(stack: Stack) -> str:
    bill, rows = cost.items(stack), []
    for item in bill:
        each = "" if item.unit_usd is None else f"{item.unit_usd:g}"
        usd = "not known here" if item.usd is None else f"{item.usd:.2f}"
        rows.append((item.name, item.quantity, each, usd, item.original))
    rows.append(("**Total**", "", "", f"**{cost.total(bill):.2f}**", "**71**"))
    return table(("", "quantity", "USD each", "USD a month", "the original's README"), rows)


@cache
def _costs() -> dict[str, savings.Costs]:
    return savings.costs(declared())


def _cost_stacks() -> str:
    """The bills of all stacks, side by side."""
    bills = {
        name: {item.name: "?" if item.usd is None else f"{item.usd:.2f}" for item in found.bill}
        | {"**Total**": f"**{cost.total(found.bill):.2f}**"}
        for name, found in _costs().items()
    }
    lines = dict.fromkeys(line for bill in bills.values() for line in bill if line != "**Total**")
    rows = [
        [line, *(bill.get(line, "") for bill in bills.values())] for line in [*lines, "**Total**"]
    ]
    return table(["USD a month", *(f"`{name}`" for name in bills)], rows)


def _savings() -> str:
    """What each change would save in each stack."""
    found = [each.savings for each in _costs().values()]
    rows = [
        [
            f"`{change.name}`",
            change.price,
            *(f"{usd:.2f}" if (usd := saved.get(change)) else "" for saved in found),
        ]
        for change in savings.CHANGES
        if any(change in saved for saved in found)
    ]
    return table(["setting", "the price is", *(f"`{name}`" for name in _costs())], rows)


def _cost_first(stack: Stack) -> str:
    """What to know before the first deploy: the total, and the part that is easily avoided."""
    bill = cost.items(stack)
    version = str(stack.one("aws_db_instance")["engine_version"])
    rows = [(f"as it is, with MySQL {version}", cost.total(bill))]
    extended = sum(item.usd or 0 for item in bill if "Extended Support" in item.name)
    if extended:
        rows += [
            (f"of that, AWS's Extended Support for MySQL {version}", extended),
            ('with `"engine_version": "8.4"`', cost.total(bill) - extended),
        ]
    return table((f"`{STACK}`", "USD a month"), ((what, f"{usd:.2f}") for what, usd in rows))
