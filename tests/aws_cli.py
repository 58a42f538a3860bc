"""The AWS CLI, as far as docs/ uses it, from AWS's own model of its APIs: started as a script.

A command that the model does not have, or an option that is not the command's, ends with 2; what
the sandbox refuses, with 254.
"""

import json
import sys
from typing import Any

import boto3
import jmespath
from botocore import xform_name
from botocore.exceptions import ClientError, WaiterError
from botocore.model import OperationModel, Shape
from botocore.validate import ParamValidator

GLOBAL = ("query", "output")


def main(service: str, *arguments: str) -> int:
    client = boto3.client(service)
    operation, parameters, shown = understood(client, *arguments)
    if arguments[0] == "wait":
        client.get_waiter(arguments[1].replace("-", "_")).wait(**parameters)
        return 0
    answer = getattr(client, xform_name(operation.name))(**parameters)
    if "query" in shown:
        answer = jmespath.search(shown["query"][0], answer)
    text = isinstance(answer, str) and shown.get("output") == ["text"]
    print(answer if text else json.dumps(answer, default=str))
    return 0


def understood(
    client: Any, *arguments: str
) -> tuple[OperationModel, dict[str, Any], dict[str, list[str]]]:
    """The operation that a command calls, with its parameters; and how the answer is shown."""
    command, *_ = arguments
    model = client.meta.service_model
    if command == "wait":
        arguments = arguments[1:]
        name = client.get_waiter(arguments[0].replace("-", "_")).config.operation
    else:
        name = {xform_name(name, "-"): name for name in model.operation_names}[command]
    given = _options(arguments[1:])
    shown = {key: given.pop(key) for key in GLOBAL if key in given}
    operation = model.operation_model(name)
    parameters = _parameters(operation, given)
    report = ParamValidator().validate(parameters, operation.input_shape)
    if report.has_errors():
        raise ValueError(f"{arguments}: {report.generate_report()}")
    if "query" in shown:
        jmespath.compile(shown["query"][0])
    return operation, parameters, shown


def _options(arguments: tuple[str, ...]) -> dict[str, list[str]]:
    """Each option with its values."""
    found: dict[str, list[str]] = {}
    for argument in arguments:
        if argument.startswith("--"):
            values = found.setdefault(argument.removeprefix("--"), [])
        else:
            values.append(argument)
    return found


def _parameters(operation: OperationModel, given: dict[str, list[str]]) -> dict[str, Any]:
    members = {xform_name(name, "-"): name for name in operation.input_shape.members}
    found = {}
    for option, values in given.items():
        name = members.get(option) or members[option.removeprefix("no-")]
        shape = operation.input_shape.members[name]
        flag = shape.type_name == "boolean"
        assert flag == (not values), option
        found[name] = option in members if flag else _value(shape, values)
    return found


def _value(shape: Shape, values: list[str]) -> Any:
    if shape.type_name == "list":
        return [_value(shape.member, [value]) for value in values]
    (text,) = values
    if text.startswith("file://"):
        return {}  # what the documentation has somebody write
    if shape.type_name == "structure":  # Name=…,Values=…
        pairs = (pair.split("=", 1) for pair in text.split(","))
        return {key: _value(shape.members[key], [value]) for key, value in pairs}
    return int(text) if shape.type_name == "integer" else text


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (KeyError, ValueError) as error:
        sys.exit(f"no such command or option: {error!r}")
    except (ClientError, WaiterError) as error:
        print(error, file=sys.stderr)
        sys.exit(254)
