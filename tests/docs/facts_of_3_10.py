"""Which files of tests show what the compatibility page says of each fact of 3.10."""

from __future__ import annotations

SHOWN_BY: dict[str, list[str]] = {
    "`GET /static/…` serves files beside the source, in every signature": [
        "hosts/test_cloudevent.py",
        "hosts/test_event.py",
        "hosts/test_http_routing.py",
    ],
    "Flask's root path follows from the target's name, templates from the working directory": [
        "hosts/test_http_routing.py",
        "hosts/test_python_api.py",
    ],
    "typed: bad JSON and wrong types return 500, `abort()` and handlers are swallowed": [
        "hosts/test_error_handlers.py",
        "hosts/test_errors.py",
        "hosts/test_typed.py",
        "signatures/test_typed_from_dict.py",
    ],
    "typed: JSON is sent as `text/html`": [
        "hosts/test_typed.py",
        "signatures/test_typed_from_dict.py",
    ],
    "event: JSON arrays and scalars return 500": [
        "events/test_background_payloads.py",
        "hosts/test_event.py",
        "signatures/test_event_signature.py",
    ],
    "event: a structured CloudEvent gives an empty context": [
        "events/test_conformance_events.py",
        "hosts/test_event_conversions.py",
        "hosts/test_suite_events.py",
        "signatures/test_event_signature.py",
    ],
    "event: a CloudEvent of unknown type gives a context of `None`s": [
        "events/test_cloud_event_to_background.py",
        "hosts/test_event_conversions.py",
        "signatures/test_event_signature.py",
    ],
    "A Pub/Sub push without `data` gives an empty call (event) or 400 (cloudevent)": [
        "events/test_background_payloads.py",
        "hosts/test_cloudevent_conversions.py",
        "hosts/test_event_conversions.py",
        "signatures/test_cloud_event_signature.py",
        "signatures/test_event_signature.py",
    ],
    "A Pub/Sub push loses `orderingKey`": [
        "events/test_background_payloads.py",
        "events/test_background_to_cloud_event.py",
        "hosts/test_cloudevent_conversions.py",
        "hosts/test_event_conversions.py",
    ],
    "Storage: the project must be one character; `#generation` stays in the subject": [
        "events/test_background_to_cloud_event.py",
        "hosts/test_cloudevent_conversions.py",
    ],
    "Firestore: named databases are refused": [
        "events/test_background_to_cloud_event.py",
        "hosts/test_cloudevent_conversions.py",
        "hosts/test_event_conversions.py",
    ],
    "Realtime Database: only the project `_`": [
        "events/test_background_to_cloud_event.py",
        "hosts/test_cloudevent_conversions.py",
    ],
    "Analytics: service and app id differ from the mapping document": [
        "events/test_background_to_cloud_event.py",
        "hosts/test_cloudevent_conversions.py",
    ],
    "Remote Config has no CloudEvent type": [
        "events/test_background_to_cloud_event.py",
        "events/test_cloud_event_to_background.py",
        "hosts/test_cloudevent_conversions.py",
    ],
    "Newer event types (Firestore `…withAuthContext`) have no background type": [
        "events/test_cloud_event_to_background.py",
        "hosts/test_event_conversions.py",
    ],
    "cloudevent: the 400 page repeats all headers and the body": [
        "hosts/test_cloudevent.py",
        "signatures/test_cloud_event_signature.py",
    ],
    'cloudevent: of `"id"` and `"ID"` in one event, or of one `ce-` header sent twice, one wins': [
        "events/test_binary_mode.py",
        "events/test_structured_mode.py",
    ],
    "A request without `Host`, with two or a malformed one is served": [
        "faults/test_heads_of_requests.py"
    ],
    "async: a header `X_A` is seen": ["faults/test_heads_of_requests.py"],
    "cloudevent: no event and another type than JSON returns 415": [
        "events/test_structured_mode.py",
        "hosts/test_cloudevent.py",
        "signatures/test_cloud_event_signature.py",
    ],
    "cloudevent: a batch returns 500": [
        "hosts/test_batches_of_events.py",
        "server/test_batches_over_a_server.py",
        "events/test_binary_mode.py",
        "events/test_structured_mode.py",
        "hosts/test_cloudevent.py",
        "hosts/test_event.py",
        "signatures/test_cloud_event_signature.py",
    ],
    "`ce-` headers are taken literally": [
        "events/test_binary_mode.py",
        "events/test_structured_mode.py",
        "hosts/test_cloudevent.py",
        "hosts/test_event.py",
        "hosts/test_event_conversions.py",
        "signatures/test_event_signature.py",
    ],
    "An event without `time` gets the time of receipt": [
        "events/test_binary_mode.py",
        "events/test_structured_mode.py",
        "hosts/test_cloudevent.py",
        "hosts/test_event_conversions.py",
    ],
    "CloudEvent data is decoded as JSON whatever its type; declared JSON that does not parse is handed over as bytes": [
        "events/test_binary_mode.py",
        "events/test_structured_mode.py",
        "hosts/test_cloudevent.py",
        "hosts/test_event_conversions.py",
        "signatures/test_event_signature.py",
    ],
    "Structured type, `ce-` headers and a body that isn't JSON: 500": [
        "events/test_binary_mode.py",
        "events/test_structured_mode.py",
        "hosts/test_cloudevent.py",
    ],
    "A body that is not UTF-8: 500": [
        "events/test_binary_mode.py",
        "events/test_structured_mode.py",
        "hosts/test_cloudevent.py",
        "hosts/test_event.py",
        "model/test_json_payload.py",
        "signatures/test_cloud_event_signature.py",
        "signatures/test_event_signature.py",
    ],
    "Wrong characters in `data_base64` are skipped": ["events/test_structured_mode.py"],
    'A required attribute that is null: 500; empty or not text (`"id": 1`): accepted': [
        "events/test_background_to_cloud_event.py",
        "events/test_binary_mode.py",
        "events/test_structured_mode.py",
        "hosts/test_cloudevent.py",
        "hosts/test_event.py",
        "signatures/test_event_signature.py",
    ],
    "`GET /` returns 200 for event and 405 for cloudevent and typed functions": [
        "hosts/test_cloudevent.py",
        "hosts/test_event.py",
        "hosts/test_typed.py",
    ],
    "`/robots.txt` and `/favicon.ico`: 404 for http functions only; async ones only for `GET` and `HEAD`": [
        "hosts/test_cloudevent.py",
        "hosts/test_event.py",
        "hosts/test_http_routing.py",
        "hosts/test_typed.py",
    ],
    "Async functions: no Content-Type on text, no bytes, lists or 3-tuples, no made-up methods, no handlers, no background events": [
        "hosts/test_asgi_api.py",
        "hosts/test_cloudevent_conversions.py",
        "hosts/test_http_routing.py",
    ],
    "An `async def` without the async decorator returns 500 every time": [
        "hosts/test_python_api.py",
        "loading/test_loading_environment.py",
    ],
    "`@http` on `async def` hides that it is one": [
        "hosts/test_python_api.py",
        "loading/test_loading_environment.py",
        "package/test_public_names.py",
    ],
    "`functions_framework:app` with an async target: 500 on each request": [
        "hosts/test_apps_in_one_process.py"
    ],
    "The signature belongs to the function's name, for the whole process": [
        "hosts/test_apps_in_one_process.py",
        "loading/test_hidden_functions.py",
        "loading/test_loading_environment.py",
        "package/test_public_names.py",
    ],
    "Only plain functions can be targets": [
        "hosts/test_python_api.py",
        "loading/test_loading_targets.py",
    ],
    "No target: exit 2, though the documents promise `function`": [
        "loading/test_loading_targets.py"
    ],
    "A directory or another file as source: `AttributeError`": ["loading/test_source_location.py"],
    '`FUNCTION_SOURCE=""` and `FUNCTION_SIGNATURE_TYPE=""` are taken for values': [
        "hosts/test_python_api.py",
        "loading/test_loading_environment.py",
        "loading/test_source_location.py",
        "settings/test_settings_from_environment.py",
    ],
    "Faults of configuration print a traceback": [
        "commands/test_command_exit_codes.py",
        "commands/test_command_line.py",
    ],
    "The source is imported in the parent, then forked": ["server/test_lifecycle_of_processes.py"],
    "`sys.exit()` in a function drops the connection and the worker; code 3 stops the server": [
        "hosts/test_errors.py",
        "logs/test_crash_records.py",
        "server/test_serving_requests.py",
    ],
    "4 threads for each CPU of the host": ["server/test_serving_requests.py"],
    "`CLOUD_RUN_TIMEOUT_SECONDS` mostly does nothing; bad numbers are tracebacks": [
        "server/test_deadlines_of_calls.py",
        "settings/test_settings_from_environment.py",
    ],
    "Headers over 8190 bytes or 100 of them: 431": [
        "server/test_limits_of_requests.py",
        "server/test_serving_requests.py",
    ],
    "Up to 30 s of draining after SIGTERM": ["server/test_signals_at_any_moment.py"],
    "Log wrapping breaks one `print` into several records, swaps `sys.stdout`, disables loggers": [
        "logs/test_calls_in_threads.py",
        "logs/test_ends_of_calls_on_a_real_server.py",
        "logs/test_json_formatter.py",
        "logs/test_record_streams.py",
        "logs/test_records_of_a_real_server.py",
        "logs/test_user_configuration.py",
    ],
    "`LOG_EXECUTION_ID=True` is off; the trace header must have `;o=`; `traceparent` is ignored": [
        "logs/test_json_formatter.py",
        "logs/test_record_streams.py",
        "model/test_execution_trace.py",
    ],
    "`errorhandler` belongs to the newest app; before there is one it replaces the function": [
        "hosts/test_apps_in_one_process.py",
        "hosts/test_asgi_api.py",
        "hosts/test_error_handlers.py",
        "package/test_public_names.py",
    ],
    "`create_app` changes `os.environ`, `sys.path` and `sys.modules`": [
        "hosts/test_apps_in_one_process.py",
        "loading/test_source_running.py",
    ],
    "`google/cloud/functions*/__init__.py` overwrite files of the `google-cloud-functions` SDK": [
        "package/test_public_names.py"
    ],
    "`ENTRY_POINT` mode: `None` becomes `OK`, `FUNCTION_NAME` and `FUNCTION_TRIGGER_TYPE` are set, output is wrapped": [
        "hosts/test_apps_in_one_process.py"
    ],
    "`DEBUG` opens a debugger on all addresses; async functions do not reload": [
        "hosts/test_debugging_hosts.py",
        "server/test_debugging_in_the_browser.py",
        "server/test_restarts_on_change.py",
    ],
    "The server writes a socket file under `$HOME`": ["server/test_lifecycle_of_processes.py"],
    "`HOST=::1` fails": ["server/test_lifecycle_of_processes.py"],
    "`cloudevents` is pinned to 1.12.0 at most": ["events/test_sdk_event_object.py"],
    'A background event without `data` gives `""`': [
        "events/test_background_payloads.py",
        "hosts/test_event.py",
        "signatures/test_event_signature.py",
    ],
    "Unknown keys in `context`: 500": [
        "events/test_background_payloads.py",
        "hosts/test_event.py",
        "signatures/test_event_signature.py",
    ],
    "An unread body is held in memory": [
        "hosts/test_request_bodies.py",
        "server/test_serving_requests.py",
    ],
    "`X-Forwarded-Proto` counts from loopback only, `X-Forwarded-For` never": [
        "hosts/test_claims_about_proxies.py"
    ],
    "The documents leave out `--asgi`, typed functions and the server's variables": [
        "docs/test_settings_page.py"
    ],
    "A wrong return value is logged with six frames of Flask's and none of the function's": [
        "commands/test_wrong_inputs.py",
        "hosts/test_errors.py",
    ],
    "A function whose parameters its signature cannot call starts, and returns 500 every time": [
        "commands/test_wrong_inputs.py"
    ],
    "A missing package ends the start with a traceback": ["commands/test_wrong_inputs.py"],
    "`--debug` shows frames of Flask and of the server in the browser": [
        "server/test_debugging_in_the_browser.py"
    ],
    "An `EventConversionException` raised by the function returns 400": [
        "hosts/test_error_handlers.py",
        "hosts/test_errors.py",
        "signatures/test_cloud_event_signature.py",
    ],
    "Async: an exception in a stream starts a second response": [
        "hosts/test_asgi_api.py",
        "hosts/test_errors.py",
        "server/test_serving_requests.py",
    ],
    "typed: annotations that are strings are refused": [
        "hosts/test_typed.py",
        "signatures/test_typed_declaration.py",
    ],
    "Async: SIGINT takes 30 s": ["server/test_signals_at_any_moment.py"],
    "Crash responses of sync and async functions differ in body and type": ["hosts/test_errors.py"],
}
