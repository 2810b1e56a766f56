import functions_framework


@functions_framework.http
def hello(request):
    return "Hello world!"


@functions_framework.cloud_event
def on_event(event):
    if event["id"] != event.data["message"]["messageId"]:
        raise ValueError("not the event that was sent")


@functions_framework.http
async def waits(request):
    return "Hello from the event loop!"
