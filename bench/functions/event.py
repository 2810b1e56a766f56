def on_background_event(data, context):
    if data["data"] != "dGVzdCBtZXNzYWdlIDM=" or not context.event_id.startswith("aaaaaa"):
        raise ValueError("not the event that was sent")
