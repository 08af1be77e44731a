"""
An OPC UA server by asyncua, told what to do by its standard input, a JSON object a line, each answered by one line.

Argument: a JSON object with `folder` (for certificates), `originMs` (when its counter began), and optionally `port`,
`security` (policies, `None` among them), `user` {name, password}, `nodeSets` (folder of the published XML files; with it
a machine tool is served too), `stranger` (clients' certificates are refused), `renumbered` (another namespace comes before
the others). It ends with its input.
"""

import asyncio
import datetime
import json
import logging
import os
import sys
import time
from pathlib import Path

from asyncua import Server, ua
from asyncua.common.utils import ServiceError
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.internal_session import InternalSession
from asyncua.server.user_managers import UserManager
from cryptography.x509.oid import ExtendedKeyUsageOID

from machine import Machine, import_node_sets
from meter import HUGE, NAMESPACE, Meter, energy_wh, power_w

URI = "urn:example:asyncua"
POLICIES = {
    "None": ua.SecurityPolicyType.NoSecurity,
    "Basic256Sha256": ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
    "Aes128_Sha256_RsaOaep": ua.SecurityPolicyType.Aes128Sha256RsaOaep_SignAndEncrypt,
    "Aes256_Sha256_RsaPss": ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
}
TICK_S = 0.02


class OneUser(UserManager):
    def __init__(self, wanted):
        self.wanted = wanted

    def get_user(self, iserver, username=None, password=None, certificate=None):
        if self.wanted is None:
            return User(role=UserRole.User)
        if username == self.wanted["name"] and password == self.wanted["password"]:
            return User(role=UserRole.User, name=username)
        return None


class Foreign:
    def __init__(self, options):
        self.options = options
        self.port = options.get("port", 0)
        self.certificates = 0
        self.words = {
            "state": "Running",
            "item": "Executing",
            "mode": 1,
            "warmUp": False,
            "program": "O1000",
            "parts": 17,
        }
        self.server = None
        self.meter = None
        self.machine = None
        self.ticking = None

    async def start(self, certificate="same"):
        options = self.options
        if certificate == "new" or self.certificates == 0:
            self.certificates += 1
        server = Server(user_manager=OneUser(options.get("user")))
        await server.init()
        server.set_endpoint(f"opc.tcp://127.0.0.1:{self.port}/")
        await server.set_application_uri(URI)
        server.set_security_policy([POLICIES[name] for name in options.get("security", ["None"])])
        tokens = [ua.AnonymousIdentityToken] if options.get("user") is None else [ua.UserNameIdentityToken]
        server.set_identity_tokens(tokens)
        await self.load_certificate(server)
        if options.get("stranger"):
            server.set_certificate_validator(refuse)
        if options.get("renumbered"):
            await server.register_namespace("urn:example:before")
        if "nodeSets" in options:
            await import_node_sets(server, options["nodeSets"])
            self.machine = Machine(server, "mill")
            await self.machine.build()
            await self.machine.tell(self.words)
        self.meter = Meter(server, await server.register_namespace(NAMESPACE))
        await self.meter.build()
        self.server = server
        await self.tick()
        await server.start()
        self.port = server.bserver.port
        self.ticking = asyncio.create_task(self.keep_ticking())
        return {"port": self.port, "endpoint": f"opc.tcp://127.0.0.1:{self.port}/"}

    async def load_certificate(self, server):
        folder = self.options["folder"]
        os.makedirs(folder, exist_ok=True)
        key, certificate = (os.path.join(folder, f"server-{self.certificates}.{end}") for end in ("pem", "der"))
        use = [ExtendedKeyUsageOID.SERVER_AUTH]
        names = {"organizationName": "Example"}
        await setup_self_signed_certificate(Path(key), Path(certificate), URI, "127.0.0.1", use, names)
        await server.load_certificate(certificate)
        await server.load_private_key(key)

    async def stop(self):
        self.ticking.cancel()
        await self.server.stop()
        self.server = None
        return {}

    async def keep_ticking(self):
        while True:
            await asyncio.sleep(TICK_S)
            await self.tick()

    async def tick(self):
        wall_ms = time.time_ns() // 1_000_000
        origin_ms = self.options["originMs"]
        now = datetime.datetime.now(datetime.timezone.utc)
        values = {
            "Power": power_w(wall_ms, origin_ms),
            "Energy": energy_wh(wall_ms, origin_ms),
            "Huge": HUGE,
            "Voltage": 230.1,
            "Speed": -1500,
            "Program": self.words["program"],
            "Door": True,
            "Mode": ua.LocalizedText("AUTO", "en"),
            "Fragile": 50.0,
        }
        for name, value in values.items():
            await self.meter.write(name, value, now)

    async def carry_out(self, order):
        do = order["do"]
        if do == "start":
            self.options.update({key: order[key] for key in ("stranger", "renumbered") if key in order})
            return await self.start(order.get("certificate", "same"))
        if do == "stop":
            return await self.stop()
        if do == "tell":
            self.words.update(order["words"])
            if self.machine is not None and self.server is not None:
                await self.machine.tell(order["words"])
            return {}
        if do == "status":
            self.meter.status[order["node"]] = order["code"]
            return {}
        if do == "remove":
            await self.meter.remove(order["node"])
            return {}
        if do == "add":
            await self.meter.add(order["node"])
            return {}
        if do == "dropSessions":
            # As the library does when a session was idle for too long; its connection stays.
            for client in self.server.bserver.clients:
                if client.processor.session is not None:
                    await client.processor.session.close_session(True)
            return {}
        if do == "dropConnections":
            for client in list(self.server.bserver.clients):
                client.transport.abort()
            return {}
        if do == "counts":
            inner = self.server.iserver
            return {
                "connections": len(self.server.bserver.clients),
                "subscriptions": len(inner.subscription_service.subscriptions),
                "sessionsEver": InternalSession._counter,
            }
        raise ValueError(f"unknown order {do}")


async def refuse(certificate, description):
    raise ServiceError(ua.StatusCodes.BadCertificateUntrusted)


async def main():
    # Its advice on host names in certificates is not for tests.
    logging.getLogger("asyncua.crypto.uacrypto").setLevel(logging.ERROR)
    foreign = Foreign(json.loads(sys.argv[1]))
    say({"id": 0, **await foreign.start()})
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        try:
            say({"id": order["id"], **await foreign.carry_out(order)})
        except Exception as error:
            say({"id": order["id"], "error": repr(error)})
    # At once: what hangs in the library must not keep the process alive.
    os._exit(0)


def say(answer):
    print(json.dumps(answer), flush=True)


asyncio.run(main())
