"""Twilio's REST API: calls are made, looked at and ended."""
import base64
import binascii
import re

from aiohttp import web

from .twilio import API_VERSION

E164 = re.compile(r"\+[1-9]\d{1,14}\Z")
TWIML_CHARACTERS_MAX = 4000


class RestError(Exception):
    def __init__(self, code, text, status=400):
        super().__init__(text)
        self.code, self.status = code, status


class TwilioRest:
    def __init__(self, twilio):
        self.twilio = twilio

    def add_routes(self, application):
        base = f"/{API_VERSION}/Accounts/{{account}}/Calls"
        application.router.add_post(f"{base}.json", self._guarded(self.create))
        application.router.add_post(f"{base}/{{sid}}.json", self._guarded(self.update))
        application.router.add_get(f"{base}/{{sid}}.json", self._guarded(self.get))

    def _guarded(self, method):
        async def handle(request):
            form = {}
            for name, value in (await request.post()).items():
                form[name] = f"{form[name]} {value}" if name in form else value
            record = {"method": request.method, "path": request.path, "fields": form, "status": 200}
            self.twilio.requests.append(record)
            try:
                self._authorize(request)
                status, call = method(request, form)
                record["status"] = status
                return web.json_response(call.described(), status=status)
            except RestError as error:
                record.update(status=error.status, code=error.code)
                return web.json_response({
                    "code": error.code, "message": str(error), "status": error.status,
                    "more_info": f"https://www.twilio.com/docs/errors/{error.code}"}, status=error.status)
        return handle

    def _authorize(self, request):
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        try:
            user, _, password = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user = password = None
        if scheme != "Basic" or (user, password) != (self.twilio.account_sid, self.twilio.auth_token):
            raise RestError(20003, "Authenticate", 401)
        if request.match_info["account"] != self.twilio.account_sid:
            raise RestError(20404, f"The requested resource {request.path} was not found", 404)

    def create(self, request, form):
        if not form.get("To"):
            raise RestError(21201, "No 'To' number is specified")
        if not form.get("From"):
            raise RestError(21213, "No 'From' number is specified")
        if not E164.match(form["To"]):
            raise RestError(21211, f"The phone number you are attempting to call, {form['To']}, is not valid.")
        if form["From"] not in self.twilio.numbers:
            raise RestError(21210, f"The source phone number provided, {form['From']}, is not yet verified for your "
                            "account.")
        if not form.get("Url") and not form.get("Twiml"):
            raise RestError(21205, "Url parameter is required.")
        if form.get("Url") and not re.match(r"https?://[^\s/]+", form["Url"]):
            raise RestError(21205, f"Url is not a valid URL: {form['Url']}")
        if len(form.get("Twiml", "")) > TWIML_CHARACTERS_MAX:
            raise RestError(21623, "The Twiml parameter is too long")
        return 201, self.twilio.dial(form)

    def _call(self, request):
        call = self.twilio.calls.get(request.match_info["sid"])
        if call is None:
            raise RestError(20404, f"The requested resource {request.path} was not found", 404)
        return call

    def update(self, request, form):
        call, status = self._call(request), form.get("Status")
        if status not in ("completed", "canceled"):
            raise RestError(20001, "Parameter 'Status' is not valid")
        if call.over:
            raise RestError(21220, "Call is not in-progress. Cannot redirect.")
        if call.phone.state == "active" and status == "completed":
            call.end_by_twilio()
        elif call.phone.state != "active":
            call.cancel()
        return 200, call

    def get(self, request, form):
        return 200, self._call(request)
