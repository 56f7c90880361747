"""API Gateway, streams, queues and schedules on one machine, played from template.yaml over the unchanged handlers.

    template      template.yaml and its nested stacks → resolved resources
    provision     tables, buckets, queues and secrets, wherever the environment says that AWS is
    functions     Lambda: imports handlers, invokes them
    events        what REST and WebSocket events have in common
    authorizers   Lambda authorizers: what their answers mean
    rest          API Gateway REST: request in, response out, no sockets
    websocket     API Gateway WebSocket: the rules, no sockets
    management    `@connections` as HTTP
    patterns      filter criteria
    streams, queues, schedules    the event sources of functions
    triggers      those three at work, in threads
    server        the two gateways on real ports (Starlette and uvicorn)
    hosts         the names and origins that the ports answer to
    ministack     the store as a child process
    store_server, store_guard, store_memory, store_journal
                  in that process: access control, and durability of acknowledged writes
    tokens        tokens for local people
    stack         all of it together; __main__ is the command line

The tests (tests/harness) drive the same modules in process, without server, triggers and stack. The rules are AWS's;
the code says so if a rule was not checked against AWS, or if AWS names no number.
"""
