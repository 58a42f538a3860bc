"""What the groups are made from: their base, and the types that several of them share.

A type is one rule with one wording: for a setting, for the Terraform variable of the same name
(but for regions, whose list settings alone are held against), and for the documentation's tables.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic.annotated_handlers import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

T = TypeVar("T")
ListOf = Annotated[tuple[T, ...], Field(strict=False)]

Schema = dict[str, Any]
"""A JSON Schema. `Any`, because its shape is pydantic's affair."""

SECRET = re.compile(r"password|secret|token|credential|(key|pass|pw)$", re.IGNORECASE)
"""A name that matches holds a secret, whose value is never shown."""


class SettingsError(Exception):
    """A setting that cannot be used; `str()` is the one line for the user."""

    def __init__(self, message: str) -> None:
        # a key or a value may hold line breaks and control characters
        super().__init__("".join(c if c.isprintable() else repr(c)[1:-1] for c in message))


class Group(BaseModel):
    """Base of every settings group: immutable, and a key it does not know is an error.

    Attributes:
        escaped: settings whose templates reach Terraform escaped.
    """

    escaped: ClassVar[frozenset[str]] = frozenset()

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def contradictions(self) -> Iterator[str]:
        """Combinations that cannot work, each with its fix."""
        yield from ()

    @model_validator(mode="after")
    def _consistent(self) -> "Group":
        for contradiction in self.contradictions():
            raise ValueError(contradiction)
        return self

    @field_validator("*")
    @classmethod
    def _plain_text(cls, value: object, info: ValidationInfo) -> object:
        """CDKTF writes strings as they are, and Terraform evaluates the templates in them."""
        for text in _texts(value):
            template = "${" in text or "%{" in text
            if template and info.field_name not in cls.escaped:
                raise ValueError("must not contain ${ or %{, which Terraform would evaluate")
            if not text.isprintable():
                raise ValueError("must be one line of printable characters")
        return value


def _texts(value: object) -> list[str]:
    """The texts of a setting, but for those of `overrides`, which may refer to resources."""
    if isinstance(value, dict):
        value = tuple(inner for inner in value.values() if not isinstance(inner, dict))
    if isinstance(value, tuple):
        return [text for inner in value for text in _texts(inner)]
    return [value] if isinstance(value, str) else []


def setting(default: T, what: str, *, accepts: str = "", only: str = "", **bounds: Any) -> T:
    """A field of a group.

    Args:
        what: the line that describes it in the documentation.
        accepts: what it may be, in words, where its type does not say it.
        only: the stack that needs it, where no other does.
        bounds: ge, le or gt, as pydantic has them.
    """
    extra: Schema = {k: v for k, v in (("accepts", accepts), ("only", only)) if v}
    field: T = Field(default, description=what, json_schema_extra=extra, **bounds)
    return field


@dataclass(frozen=True)
class Accepted:
    """What values a setting, and the variable of the same name, may have: `Annotated[str, REGION]`.

    Attributes:
        accepts: in words that follow "must be".
        condition: in Terraform's language, with VALUE for the variable.
        fits: whether a setting is accepted; may raise a ValueError that says more.
        verb: in the place of "be".
        pattern: regular expression of a text, for editors.
    """

    accepts: str
    condition: str
    fits: Callable[[Any], bool] = lambda _: True
    verb: str = "be"
    pattern: str = ""

    @property
    def message(self) -> str:
        """The error for a value that is not accepted."""
        return f"must {self.verb} {self.accepts}"

    def __get_pydantic_core_schema__(self, kind: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def checked(value: object) -> object:
            if not self.fits(value):
                raise ValueError(self.message)
            return value

        return core_schema.no_info_after_validator_function(checked, handler(kind))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> Schema:
        pattern = {"pattern": self.pattern} if self.pattern else {}
        return {**handler(schema), "accepts": self.accepts, "verb": self.verb, **pattern}


def matches(pattern: str) -> str:
    """Whether VALUE matches a regular expression, in Terraform's language."""
    return f"can(regex({json.dumps(pattern)}, VALUE))"


def text(
    accepts: str,
    pattern: str,
    *,
    never: str = "",
    longest: int | None = None,
    also: Callable[[str], bool] = lambda _: True,
    verb: str = "be",
) -> Accepted:
    """A text.

    Args:
        pattern: regular expression of the whole text, which Python and Terraform read alike.
        never: regular expression; a value that begins like this is refused.
        longest: number of characters.
        also: a further check of the setting; a variable needs it in a rule of its own.
    """

    def fits(value: str) -> bool:
        matched = re.fullmatch(pattern, value) and not (never and re.match(never, value))
        return bool(matched) and len(value) <= (longest or len(value)) and also(value)

    conditions = [
        matches(pattern),
        *([f"!{matches(never)}"] if never else []),
        *([f"length(VALUE) <= {longest}"] if longest else []),
    ]
    return Accepted(accepts, " && ".join(conditions), fits, verb, pattern)


def arn(what: str, pattern: str, example: str) -> Accepted:
    """The ARN of something; `pattern` and `example` begin with the name of the service."""
    return text(f"the ARN of {what}, like arn:aws:{example}", f"^arn:aws[a-z-]*:{pattern}$")


def one_of(*numbers: int) -> Accepted:
    """One of some numbers."""
    words = f"one of {', '.join(map(str, numbers))}"
    return Accepted(words, f"contains({json.dumps(numbers)}, VALUE)", numbers.__contains__)


def whole(low: int, high: int, words: str = "a whole number from {} to {}") -> Accepted:
    """A whole number within bounds."""
    condition = f"VALUE >= {low} && VALUE <= {high} && floor(VALUE) == VALUE"
    return Accepted(words.format(low, high), condition, lambda value: low <= value <= high)


WORD = r"[A-Za-z_][A-Za-z0-9_]*"
SCALAR = Accepted("text, a number, true or false", "", lambda v: isinstance(v, (str, int, float)))


def named(
    values: str,
    name: str,
    reserved: Mapping[str, str] | None = None,
    *,
    pattern: str = WORD,
    takes: Accepted = SCALAR,
    readable: bool = True,
    also: Callable[[Mapping[str, object]], bool] = lambda _: True,
) -> Accepted:
    """An object of names and values.

    Args:
        values: what they may be, in words.
        name: what a name is, in words.
        reserved: names that cannot be set, and why.
        pattern: regular expression of a name.
        takes: what each value may be.
        readable: whether the values stand in the task definition, where no secret belongs.
        also: a check of the whole.
    """

    def fits(given: Mapping[str, object]) -> bool:
        for key, value in given.items():
            if not re.fullmatch(pattern, key):
                raise ValueError(f"{key!r} is not {name}")
            if reason := (reserved or {}).get(key):
                raise ValueError(f"{key} cannot be set here: {reason}")
            # Apache's ServerTokens says how much it tells
            if readable and SECRET.search(key) and key.lower() != "servertokens":
                raise ValueError(
                    f"{key} looks like a secret, which would stand in the task definition for "
                    "everyone to read; name its ARN in secrets, or leave it out"
                )
            if not takes.fits(value):
                raise ValueError(f"{key} {takes.message}")
        return also(given)

    return Accepted(f"an object of {values}", "", fits)


REGION = text(
    "a region's code, like eu-central-1, of the partition aws",
    r"^[a-z]{2}(-[a-z]+)+-[0-9]$",
    never=r"^(cn|us-gov|us-iso[a-z]*|eu-isoe)-",  # the policies name ARNs of the partition aws
)

REGIONS = (
    "af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 "
    "ap-south-2 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 "
    "ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 eu-central-1 eu-central-2 eu-north-1 "
    "eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 "
    "mx-central-1 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2"
)
"""Those of the partition aws on 26 November 2026."""
_KNOWN_REGION = text(
    f"one of {REGIONS.replace(' ', ', ')} (to allow one that AWS opened after 26 November 2026, "
    "add it to REGIONS in constructs_lib/settings/types.py)",
    f"^({REGIONS.replace(' ', '|')})$",
)
Region = Annotated[str, _KNOWN_REGION]

LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096),
    *(1827, 2192, 2557, 2922, 3288, 3653),
)
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""
RetentionDays = Annotated[int, one_of(*LOG_RETENTION_DAYS)]

Percent = Annotated[int, Field(ge=1, le=100)]
Tasks = Annotated[int, Field(ge=0, le=5000)]

_TIMEZONE = r"^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$"
Timezone = Annotated[str, text("a time zone of the IANA database, like Europe/Berlin", _TIMEZONE)]

_AWS_CRON = r"^cron\([^ ()]+( [^ ()]+){5}\)$"
AwsCron = Annotated[
    str, text("cron(...) with six fields, like cron(0 20 ? * MON-FRI *)", _AWS_CRON)
]
"""https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html"""
