"""The values that are passed around: functions, messages, requests, the call in progress."""
