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
    streams, queues, schedules    what invokes functions without being asked
    triggers      those three at work, in threads
    server        the two gateways on real ports (Starlette and uvicorn)
    hosts         which names and origins the ports answer to
    ministack     the store as a child process
    store_server, store_guard, store_memory, store_journal
                  in that process: who gets in, and how what is acknowledged outlives it
    tokens        tokens for local people
    stack         all of it together; __main__ is the command line

The tests (tests/harness) drive the same modules in process, without server, triggers and stack. The rules are AWS's;
where nobody has checked one against AWS, or AWS names no number, the code says so.
"""
