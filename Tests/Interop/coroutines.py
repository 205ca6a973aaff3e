"""Lets pytest run tests that are coroutines, each in a loop of its own."""
import asyncio
import inspect

from stalls import STALL_SECONDS, StallWatch

# A scenario is asked once more, one that asserts milliseconds twice.
ROUNDS_MAX, TIMING_ROUNDS_MAX = 2, 3


def run(item, seconds_max, fresh):
    """Runs the test if it is a coroutine; -> whether it was.

    What a test saw while the machine itself stood still it has not measured: then it is asked once more, with new
    arguments from `fresh` (None: never), and with what its fixtures started ended (`between_rounds`). Any other failure stands."""
    if not inspect.iscoroutinefunction(item.obj):
        return False
    arguments = {name: item.funcargs[name] for name in item._fixtureinfo.argnames}
    own = item.get_closest_marker("seconds")
    rounds = TIMING_ROUNDS_MAX if item.get_closest_marker("timing") else ROUNDS_MAX if fresh else 1
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
                for value in arguments.values():
                    getattr(value, "between_rounds", lambda: None)()
                arguments.update({name: value for name, value in fresh().items() if name in arguments})
                if "tmp_path" in arguments:
                    arguments["tmp_path"] = arguments["tmp_path"] / "again"
                    arguments["tmp_path"].mkdir()
