"""
An OPC UA client by asyncua that tells what it reads as one JSON line, then the states it is told until the wanted one.

Argument: a JSON object with `endpoint`, `folder` (for its certificate), `security` (`None` or a policy, signed and
encrypted), optionally `user` {name, password}, `nodes` (pairs of namespace URI and string id), `machine` (browse name
below Machines) and `until` (a production state to wait for).
"""

import asyncio
import json
import logging
import os
import sys
from pathlib import Path

from asyncua import Client, ua
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from cryptography.x509.oid import ExtendedKeyUsageOID

from machine import DEVICES, MACHINERY, MACHINES_FOLDER, TOOL

URI = "urn:example:asyncua:client"
WAIT_S = 15


async def connect(wanted):
    client = Client(wanted["endpoint"], timeout=10)
    client.application_uri = URI
    if "user" in wanted:
        client.set_user(wanted["user"]["name"])
        client.set_password(wanted["user"]["password"])
    if wanted["security"] != "None":
        folder = wanted["folder"]
        os.makedirs(folder, exist_ok=True)
        key, certificate = (Path(folder, f"client.{end}") for end in ("pem", "der"))
        use = [ExtendedKeyUsageOID.CLIENT_AUTH]
        await setup_self_signed_certificate(key, certificate, URI, "127.0.0.1", use, {"organizationName": "Example"})
        # The library writes the policies' names without the underscores of their URIs.
        policy = wanted["security"].replace("_", "")
        await client.set_security_string(f"{policy},SignAndEncrypt,{certificate},{key}")
    await client.connect()
    return client


def plain(value):
    if isinstance(value, ua.LocalizedText):
        return value.Text
    if isinstance(value, ua.NodeId):
        return value.Identifier
    return value


async def read(node):
    value = await node.read_data_value(raise_on_bad_status=False)
    return plain(value.Value.Value) if value.StatusCode.is_good() else value.StatusCode.name


async def read_machine(client, name):
    tool, machinery, devices = [await client.get_namespace_index(uri) for uri in (TOOL, MACHINERY, DEVICES)]
    for machine in await client.get_node(ua.NodeId(MACHINES_FOLDER, machinery)).get_children():
        if (await machine.read_browse_name()).Name != name:
            continue
        kind = client.get_node(await machine.read_type_definition())
        program = [f"{tool}:Production", f"{tool}:ActiveProgram"]
        monitored = [f"{tool}:Monitoring", f"{tool}:MachineTool"]
        paths = {
            "state": [*program, f"{tool}:State", "0:CurrentState"],
            "stateId": [*program, f"{tool}:State", "0:CurrentState", "0:Id"],
            "program": [*program, f"{tool}:Name"],
            "mode": [*monitored, f"{tool}:OperationMode"],
            "warmUp": [*monitored, f"{tool}:IsWarmUp"],
            "parts": [f"{tool}:Production", f"{tool}:Statistics", f"{tool}:PartsProducedInLifetime"],
            "manufacturer": [f"{devices}:Identification", f"{devices}:Manufacturer"],
        }
        nodes = {word: await machine.get_child(path) for word, path in paths.items()}
        words = {word: await read(node) for word, node in nodes.items()}
        return {"type": (await kind.read_browse_name()).Name, **words}, nodes["state"]
    raise LookupError(f"no machine {name}")


class Told:
    def __init__(self):
        self.states = asyncio.Queue()

    def datachange_notification(self, node, value, data):
        self.states.put_nowait(plain(value))


async def main():
    # What goes wrong is the exit code and the last line; the library's own words are not for tests.
    logging.disable(logging.CRITICAL)
    wanted = json.loads(sys.argv[1])
    try:
        client = await connect(wanted)
    except ua.UaError as error:
        return print(json.dumps({"refused": type(error).__name__}))
    indexes = {uri: await client.get_namespace_index(uri) for uri, _ in wanted.get("nodes", [])}
    nodes = [client.get_node(ua.NodeId(name, indexes[uri])) for uri, name in wanted.get("nodes", [])]
    answer = {"values": [await read(node) for node in nodes]}
    state = None
    if "machine" in wanted:
        answer["machine"], state = await read_machine(client, wanted["machine"])
    print(json.dumps(answer), flush=True)
    if "until" in wanted:
        told = Told()
        subscription = await client.create_subscription(100, told)
        await subscription.subscribe_data_change(state)
        word = None
        while word != wanted["until"]:
            word = await asyncio.wait_for(told.states.get(), WAIT_S)
            print(json.dumps(word), flush=True)
    await client.disconnect()


asyncio.run(main())
