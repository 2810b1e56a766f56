"""AWS Lambda: a CloudFormation template with a Lambda for each function, and what calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.settings import options

from . import aws_events
from .aws_names import attribute, pascal, reference
from .project import seconds
from .yaml_text import yaml_of

if TYPE_CHECKING:
    from .project import Project, Served

HANDLER = "functions_framework.platforms.aws_lambda.handler"
TIMEOUT = 30.0
"""Seconds: what API Gateway waits at most. The platform's own default is 3."""

LONGEST_TIMEOUT = 900.0

_BUILD = "build"
"""The directory with the source and its packages, which the packaging command uploads."""

_LOGS = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def files(project: Project) -> dict[str, str]:
    """The one file, text by name."""
    resources: dict[str, Any] = {"Role": _role(project)}
    for function in project.functions:
        resources |= _resources(project, function)
    template: dict[str, Any] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"{project.name}: functions of the Functions Framework for Python",
    }
    parameters = _parameters(project)
    if parameters:
        template["Parameters"] = parameters
    urls = [pascal(one.name) for one in project.functions if not one.takes_events]
    if urls:
        template["Conditions"] = {"IsPublic": {"Fn::Equals": [reference("UrlAuth"), "NONE"]}}
    template["Resources"] = resources
    if urls:
        template["Outputs"] = {
            f"{name}Address": {"Value": attribute(f"{name}Url.FunctionUrl")} for name in urls
        }
    return {"template.yaml": yaml_of(template, head=project.head("aws-lambda"))}


def commands(project: Project) -> list[str]:
    """What deploys."""
    values = "".join(f" {pascal(name)}=VALUE" for name in project.variables)
    overrides = f" --parameter-overrides{values}" if values else ""
    built = (
        f"--target {_BUILD} --platform manylinux2014_x86_64 --only-binary :all: "
        f"--python-version {project.python}"
    )
    aws, template = "aws cloudformation", f"{project.place}template.yaml"
    return [
        project.requirements.pip(built),
        f"cp -R {project.copied} {_BUILD}/   # and what else the source reads",
        f"{aws} package --template-file {template} --s3-bucket BUCKET > packaged.yaml",
        (
            f"{aws} deploy --template-file packaged.yaml --stack-name {project.name} \\\n"
            f"    --capabilities CAPABILITY_IAM{overrides}"
        ),
    ]


def timeout_of(project: Project) -> int:
    """Seconds that a call may take, whole ones."""
    return min(int(LONGEST_TIMEOUT), max(1, int(project.timeout or TIMEOUT)))


def _parameters(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if any(not function.takes_events for function in project.functions):
        found["UrlAuth"] = {
            "# NONE lets everybody call; AWS_IAM those who sign their requests.": None,
            "Type": "String",
            "AllowedValues": ["AWS_IAM", "NONE"],
            "Default": "AWS_IAM",
        }
    for name in project.variables:
        found[pascal(name)] = {
            "Type": "String",
            "NoEcho": True,
            "MinLength": 1,
            "Description": f"The variable {name} that the source needs",
        }
    for function in project.triggered:
        for source in aws_events.sources_of(function):
            found |= source.parameters(function)
    return found


def _role(project: Project) -> dict[str, Any]:
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    properties: dict[str, Any] = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [allowed]},
        "ManagedPolicyArns": [_LOGS],
    }
    statements = [
        statement
        for function in project.triggered
        for source in aws_events.sources_of(function)
        for statement in source.statements(function)
    ]
    if statements:
        document = {"Version": "2012-10-17", "Statement": statements}
        properties["Policies"] = [{"PolicyName": "events", "PolicyDocument": document}]
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def _resources(project: Project, function: Served) -> dict[str, Any]:
    name = pascal(function.name)
    found = {name: _function(project, function)}
    if not function.takes_events:
        return found | _url(name)
    for source in aws_events.sources_of(function):
        found |= source.resources(function, timeout_of(project))
    return found


def _function(project: Project, function: Served) -> dict[str, Any]:
    environment = {
        **project.environment(),
        options()["target"].variable: project.target_of(function),
    }
    if project.timeout is not None:
        environment[options()["timeout"].variable] = seconds(project.timeout)
    variables: dict[str, Any] = environment | {
        one: reference(pascal(one)) for one in project.variables
    }
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "# A directory that `aws cloudformation package` uploads.": None,
            "Code": project.from_place(_BUILD),
            "Handler": HANDLER,
            "Runtime": f"python{project.python}",
            "Role": attribute("Role.Arn"),
            "Timeout": timeout_of(project),
            "MemorySize": 256,
            "LoggingConfig": {"LogFormat": "JSON"},
            "Environment": {"Variables": variables},
        },
    }


def _url(name: str) -> dict[str, Any]:
    def permission(action: str, more: dict[str, Any]) -> dict[str, Any]:
        return {
            "Type": "AWS::Lambda::Permission",
            "Condition": "IsPublic",
            "Properties": {
                "FunctionName": reference(name),
                "Principal": "*",
                "Action": action,
                **more,
            },
        }

    return {
        f"{name}Url": {
            "Type": "AWS::Lambda::Url",
            "Properties": {
                "TargetFunctionArn": attribute(f"{name}.Arn"),
                "AuthType": reference("UrlAuth"),
            },
        },
        "# Addresses made since October 2025 need both.": None,
        f"{name}UrlPermission": permission(
            "lambda:InvokeFunctionUrl", {"FunctionUrlAuthType": "NONE"}
        ),
        f"{name}CallPermission": permission(
            "lambda:InvokeFunction", {"InvokedViaFunctionUrl": True}
        ),
    }
