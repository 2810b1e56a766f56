"""The same function as people write it for Lambda without a framework."""

import json


def handler(event, context):
    if event["rawPath"] != "/hello" or event["requestContext"]["http"]["method"] != "POST":
        return {"statusCode": 404, "headers": {}, "body": ""}
    name = json.loads(event["body"])["name"]
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"message": f"Hello {name}!"}),
        "isBase64Encoded": False,
    }
