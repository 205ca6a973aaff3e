"""A token endpoint after LiveKit's convention, for devices that know its secret."""
import http.server
import json
import threading

from peers import token


BEARER = "the-secret-of-this-door"


class TokenEndpoint:
    """Answers on this machine until it is closed; `bearers` and `bodies` are what it was asked with."""

    def __init__(self, server, bearer):
        endpoint = self
        self.bearers, self.bodies = [], []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                given = self.headers.get("Authorization", "").removeprefix("Bearer ")
                endpoint.bearers.append(given)
                endpoint.bodies.append(body)
                if given != bearer:
                    return self.send_error(401)
                answer = json.dumps({"server_url": server.url, "participant_token": token(
                    server, body["room_name"], body["participant_identity"])}).encode()
                self.send_response(201)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/token"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()
