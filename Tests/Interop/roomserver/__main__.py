"""python -m roomserver --port 7880: see --help and ../README.md."""
import argparse
import asyncio
import logging
import signal
import ssl
import sys

from aiohttp import web

from .api_hooks import LACKS
from .server import Server
from .settings import Settings

HEADER_BYTES_MAX = 1 << 20


def parse_arguments():
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="roomserver", description="LiveKit-protocol room server for tests")
    parser.add_argument("--host", default=defaults.host, help="address of the HTTP and WebSocket port")
    parser.add_argument("--port", type=int, default=defaults.port, help="0 takes a free one; the ready line names it")
    parser.add_argument("--key", default=defaults.key, help="API key")
    parser.add_argument("--secret", default=defaults.secret, help="API secret")
    parser.add_argument("--node-ip", default=defaults.node_ip, help="address of the ICE candidates")
    parser.add_argument("--announce", action="append", default=[], metavar="IP",
                        help="a further address of the ICE candidates, as seen through a NAT; may be given several times")
    parser.add_argument("--ice-lite", action="store_true", help="a=ice-lite: send no connectivity checks")
    parser.add_argument("--force-tcp", action="store_true", help="offer no UDP candidate")
    parser.add_argument("--ice-server", action="append", default=[], nargs=3, metavar=("URL", "USER", "CREDENTIAL"),
                        help="a STUN or TURN server that clients are told of; may be given several times")
    parser.add_argument("--answer-setup", choices=["active", "passive"], default=defaults.answer_setup,
                        help="DTLS role in answers to publishers who offer actpass")
    parser.add_argument("--offer-setup", choices=["actpass", "active", "passive"], default=defaults.offer_setup,
                        help="a=setup of subscriber offers")
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"), help="serve wss:// with these PEM files")
    parser.add_argument("--seed", type=int, default=defaults.seed, help="of the injected faults")
    parser.add_argument("--clock-offset", type=float, default=0, metavar="SECONDS",
                        help="how far the clock that judges tokens is ahead; /test/clock changes it")
    parser.add_argument("--without", action="append", default=[], choices=LACKS,
                        help="a part that this server lacks; may be given several times; /test/api changes it")
    parser.add_argument("-v", "--verbose", action="count", default=0)
    return parser.parse_args()


async def run(settings):
    # A token travels in a header and may carry metadata of any size.
    server = Server(settings)
    runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=1,
                           max_field_size=HEADER_BYTES_MAX, max_line_size=HEADER_BYTES_MAX)
    await runner.setup()
    context = None
    if settings.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*settings.tls)
    site = web.TCPSite(runner, settings.host, settings.port, ssl_context=context)
    await site.start()
    server.port = site._server.sockets[0].getsockname()[1]
    print(f"roomserver ready {server.own_url()}", flush=True)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    await runner.cleanup()


def main():
    arguments = parse_arguments()
    level = {0: logging.INFO, 1: logging.DEBUG}.get(arguments.verbose, logging.DEBUG)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, datefmt="%H:%M:%S",
                        format="%(asctime)s.%(msecs)03d %(name)s %(message)s")
    logging.getLogger("roomserver").setLevel(level)
    values = {k: v for k, v in vars(arguments).items() if k not in ("verbose", "ice_server")}
    values["tls"] = tuple(arguments.tls or ())
    values["ice_servers"] = tuple(map(tuple, arguments.ice_server))
    values["announce"], values["without"] = tuple(arguments.announce), tuple(arguments.without)
    asyncio.run(run(Settings(**values)))


if __name__ == "__main__":
    main()
