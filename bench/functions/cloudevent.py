import functions_framework


@functions_framework.cloud_event
def on_event(event):
    if event["id"] != event.data["message"]["messageId"]:
        raise ValueError("not the event that was sent")
