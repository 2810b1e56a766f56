#!/bin/sh
# of-watchdog hands SIGTERM on at once, and goes on sending requests for healthcheck_interval. The
# server is told when those have come. An interval such as 5s or 0.5s, as `sleep` reads it.
functions-framework &
server=$!
trap 'sleep "${healthcheck_interval:-5s}"; kill -TERM "$server"' TERM
wait "$server"
wait "$server"
