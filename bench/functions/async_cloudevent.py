import functions_framework.aio


@functions_framework.aio.cloud_event
async def on_event(event):
    if event["id"] != event.data["message"]["messageId"]:
        raise ValueError("not the event that was sent")
