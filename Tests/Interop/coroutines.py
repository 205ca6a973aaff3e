"""Lets pytest run tests that are coroutines, each in a loop of its own."""
import asyncio
import inspect

from stalls import STALL_SECONDS, StallWatch

ROUNDS_MAX = 3


def run(item, seconds_max, fresh):
    """Runs the test if it is a coroutine; -> whether it was.

    A test with the mark `timing` asserts milliseconds. What it saw while the machine itself stood still it has not
    measured: then it is asked once more, with new arguments from `fresh`. Any other failure stands."""
    if not inspect.iscoroutinefunction(item.obj):
        return False
    arguments = {name: item.funcargs[name] for name in item._fixtureinfo.argnames}
    own = item.get_closest_marker("seconds")
    rounds = ROUNDS_MAX if item.get_closest_marker("timing") else 1
    while True:
        rounds -= 1
        with StallWatch() as watch:
            try:
                asyncio.run(asyncio.wait_for(item.obj(**arguments), own.args[0] if own else seconds_max))
                return True
            except AssertionError as error:
                if not rounds or watch.longest < STALL_SECONDS:
                    raise
                print(f"not measured: the machine stood still for {watch.longest * 1000:.0f} ms: {error}")
                arguments.update(fresh())
