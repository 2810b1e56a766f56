import functions_framework


@functions_framework.idempotent
@functions_framework.cloud_event
def on_event(event):
    return None


@functions_framework.idempotent
@functions_framework.cloud_event
async def on_event_async(event):
    return None
