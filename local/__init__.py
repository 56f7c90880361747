"""API Gateway, streams, queues and schedules on one machine, played from template.yaml over the unchanged handlers.

    template    template.yaml → resolved resources
    provision   tables, buckets, queues and secrets on an endpoint
    functions   Lambda: imports handlers, invokes them
    rest        API Gateway REST: request in, response out, no sockets
    websocket   API Gateway WebSocket and `@connections`: the rules, no sockets
    streams, queues, schedules    what invokes functions without being asked
    server      the two gateways on real ports (Starlette and uvicorn)
    stack       all of it together, with the store as a child process

The rules are AWS's; where a rule is from its documents or was seen in the wild, the code says so.
"""
