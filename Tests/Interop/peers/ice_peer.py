"""An ICE agent that is not ours (aioice), driven by lines of JSON on stdin and stdout.

    ice_peer.py controlling|controlled ADDRESS

Writes {"ufrag", "pwd", "candidates"}, reads the same of the other side, writes {"connected": true} or {"failed": text},
then sends every datagram back in upper case until stdin ends.
"""

import asyncio
import json
import sys

import aioice
import aioice.ice


def say(message):
    print(json.dumps(message), flush=True)


async def main(role, address):
    # aioice leaves loopback out, which is all that a test may count on.
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [address]
    connection = aioice.Connection(ice_controlling=role == "controlling")
    await connection.gather_candidates()
    say(
        {
            "ufrag": connection.local_username,
            "pwd": connection.local_password,
            "candidates": ["candidate:" + c.to_sdp() for c in connection.local_candidates],
        }
    )
    loop = asyncio.get_running_loop()
    remote = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    connection.remote_username = remote["ufrag"]
    connection.remote_password = remote["pwd"]
    for line in remote["candidates"]:
        await connection.add_remote_candidate(aioice.Candidate.from_sdp(line.removeprefix("candidate:")))
    await connection.add_remote_candidate(None)
    try:
        await asyncio.wait_for(connection.connect(), 20)
    except (ConnectionError, asyncio.TimeoutError) as failure:
        say({"failed": repr(failure)})
        return
    say({"connected": True})

    async def echo():
        while True:
            await connection.send((await connection.recv()).upper())

    echoing = asyncio.create_task(echo())
    await loop.run_in_executor(None, sys.stdin.read)
    echoing.cancel()
    await connection.close()


asyncio.run(main(sys.argv[1], sys.argv[2]))
