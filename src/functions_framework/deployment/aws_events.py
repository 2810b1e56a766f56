"""What calls a Lambda with events: a source for each of the services, by the events' types.

The types are those that `platforms.aws_lambda` gives to what the services send.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .aws_names import attribute, pascal, reference
from .yaml_text import Raw

if TYPE_CHECKING:
    from collections.abc import Callable

    from .project import Served

# The Lambda developer guide, "Using Lambda with Amazon SQS": six times the function's timeout.
VISIBILITY_TIMES = 6


def _none(_: Served) -> Any:
    return {}


def _no_statements(_: Served) -> list[dict[str, Any]]:
    return []


@dataclass(frozen=True, slots=True)
class Source:
    """A service that calls a Lambda.

    Attributes:
        resources: what the template has for it, given the function and its timeout in seconds.
        parameters: what whoever deploys says of it.
        statements: what the function's role has to be allowed.
    """

    resources: Callable[[Served, int], dict[str, Any]]
    parameters: Callable[[Served], dict[str, Any]] = _none
    statements: Callable[[Served], list[dict[str, Any]]] = _no_statements


def sources_of(function: Served) -> list[Source]:
    """The services that call a function, none where its types say nothing of them."""
    found: list[Source] = []
    for kind in function.types:
        source = next((one for start, one in _SOURCES.items() if kind.startswith(start)), _RULE)
        if source not in found and kind != "*":
            found.append(source)
    return found


def _queue(function: Served, timeout: int) -> dict[str, Any]:
    name = pascal(function.name)
    redrive = {"deadLetterTargetArn": attribute(f"{name}DeadLetters.Arn"), "maxReceiveCount": 5}
    return {
        f"{name}DeadLetters": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"MessageRetentionPeriod": 1209600},
        },
        f"{name}Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                f"# {VISIBILITY_TIMES} times the function's timeout, as Lambda asks for.": None,
                "VisibilityTimeout": VISIBILITY_TIMES * timeout,
                "RedrivePolicy": redrive,
            },
        },
        f"{name}Messages": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": attribute(f"{name}Queue.Arn"),
                "FunctionName": reference(name),
                "BatchSize": 10,
                "# Only the messages that failed come again.": None,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
            },
        },
    }


def _queue_statements(function: Served) -> list[dict[str, Any]]:
    actions = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
    arn = attribute(f"{pascal(function.name)}Queue.Arn")
    return [{"Effect": "Allow", "Action": [f"sqs:{one}" for one in actions], "Resource": arn}]


def _stream(service: str, actions: tuple[str, ...]) -> Source:
    def parameter(function: Served) -> str:
        return f"{pascal(function.name)}{service.capitalize()}Arn"

    def resources(function: Served, _: int) -> dict[str, Any]:
        name = pascal(function.name)
        mapping = {
            "EventSourceArn": reference(parameter(function)),
            "FunctionName": reference(name),
            "StartingPosition": "LATEST",
            "# A record that fails holds up its shard, and is given up in the end.": None,
            "BisectBatchOnFunctionError": True,
            "MaximumRetryAttempts": 5,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        }
        kind = "AWS::Lambda::EventSourceMapping"
        return {f"{name}{service.capitalize()}Records": {"Type": kind, "Properties": mapping}}

    def parameters(function: Served) -> dict[str, Any]:
        return {
            parameter(function): {"Type": "String", "Description": f"ARN of the {service} stream"}
        }

    def statements(function: Served) -> list[dict[str, Any]]:
        allowed = [f"{service}:{one}" for one in actions]
        return [{"Effect": "Allow", "Action": allowed, "Resource": reference(parameter(function))}]

    return Source(resources, parameters, statements)


def _permission(name: str, principal: str, more: dict[str, Any]) -> dict[str, Any]:
    properties = {
        "FunctionName": reference(name),
        "Action": "lambda:InvokeFunction",
        "Principal": principal,
        **more,
    }
    return {"Type": "AWS::Lambda::Permission", "Properties": properties}


def _topic(function: Served, _: int) -> dict[str, Any]:
    name = pascal(function.name)
    topic = reference(f"{name}TopicArn")
    subscription = {"Protocol": "lambda", "Endpoint": attribute(f"{name}.Arn"), "TopicArn": topic}
    return {
        f"{name}Subscription": {"Type": "AWS::SNS::Subscription", "Properties": subscription},
        f"{name}TopicPermission": _permission(name, "sns.amazonaws.com", {"SourceArn": topic}),
    }


def _topic_parameters(function: Served) -> dict[str, Any]:
    description = "ARN of the topic, which is not FIFO"
    return {f"{pascal(function.name)}TopicArn": {"Type": "String", "Description": description}}


def _bucket(function: Served, _: int) -> dict[str, Any]:
    name = pascal(function.name)
    start = "com.amazonaws.s3."
    kinds = [kind.removeprefix(start) for kind in function.types if kind.startswith(start)]
    events = ["s3:ObjectCreated:*" if kind == "*" else f"s3:{kind}" for kind in kinds]
    calls = [{"Event": event, "Function": attribute(f"{name}.Arn")} for event in events]
    # The bucket has no part in it: it is made after, and cannot be without.
    account = {"SourceAccount": Raw("!Ref AWS::AccountId")}
    return {
        f"{name}BucketPermission": _permission(name, "s3.amazonaws.com", account),
        f"{name}Bucket": {
            "Type": "AWS::S3::Bucket",
            "DependsOn": f"{name}BucketPermission",
            "Properties": {"NotificationConfiguration": {"LambdaConfigurations": calls}},
        },
    }


def _rule(function: Served, _: int) -> dict[str, Any]:
    name = pascal(function.name)
    wanted: list[Any] = [
        {"prefix": kind[:-1]} if kind.endswith("*") else kind
        for kind in function.types
        if kind != "*" and not kind.startswith(tuple(_SOURCES))
    ]
    target = {"Id": name, "Arn": attribute(f"{name}.Arn")}
    arn = {"SourceArn": attribute(f"{name}Rule.Arn")}
    return {
        f"{name}Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {"EventPattern": {"detail-type": wanted}, "Targets": [target]},
        },
        f"{name}RulePermission": _permission(name, "events.amazonaws.com", arn),
    }


def _schedule(function: Served, _: int) -> dict[str, Any]:
    name = pascal(function.name)
    target = {"Id": name, "Arn": attribute(f"{name}.Arn")}
    arn = {"SourceArn": attribute(f"{name}Schedule.Arn")}
    expression = reference(f"{name}ScheduleExpression")
    return {
        f"{name}Schedule": {
            "Type": "AWS::Events::Rule",
            "Properties": {"ScheduleExpression": expression, "Targets": [target]},
        },
        f"{name}SchedulePermission": _permission(name, "events.amazonaws.com", arn),
    }


def _schedule_parameters(function: Served) -> dict[str, Any]:
    default = {"Type": "String", "Default": "rate(1 hour)"}
    return {f"{pascal(function.name)}ScheduleExpression": default}


_RULE = Source(_rule)
_SOURCES = {
    "com.amazonaws.sqs.": Source(_queue, statements=_queue_statements),
    "com.amazonaws.kinesis.": _stream(
        "kinesis",
        ("DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards"),
    ),
    "com.amazonaws.dynamodb.": _stream(
        "dynamodb", ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
    ),
    "com.amazonaws.sns.": Source(_topic, _topic_parameters),
    "com.amazonaws.s3.": Source(_bucket),
    "Scheduled Event": Source(_schedule, _schedule_parameters),
}
