"""A plain meter: nodes of its own namespace, below Objects/Meter, as a PLC programmer would make them."""

import struct

from asyncua import ua

NAMESPACE = "urn:example:meter"
# One watt-hour each tick: the counter tells at which moment it was read.
TICK_MS = 100
BASE_WH = 5_000_000_000
POWER_W = 36_000
# More than a double can hold: a client that reads it as one is found out.
HUGE = 9_007_199_254_740_993

UNITS = {"W": ("WTT", "W"), "Wh": ("WHR", "Wh")}


def energy_wh(wall_ms, origin_ms):
    return BASE_WH + (wall_ms - origin_ms) // TICK_MS


def power_w(wall_ms, origin_ms):
    """Rises by 1 W a tick, 0 to 999 above a base: no two readings within 100 s are alike."""
    return POWER_W + 0.5 + ((wall_ms - origin_ms) // TICK_MS) % 1000


class Meter:
    def __init__(self, server, index):
        self.server = server
        self.index = index
        self.nodes = {}
        self.status = {}
        self.folder = None

    async def build(self):
        objects = self.server.nodes.objects
        self.folder = await objects.add_object(ua.NodeId("Meter", self.index), "Meter")
        for name in ("Power", "Energy", "Huge", "Voltage", "Speed", "Program", "Door", "Mode", "Fragile"):
            await self.add(name)

    async def add(self, name):
        value, unit = KINDS[name]
        node = await self.folder.add_variable(ua.NodeId(name, self.index), ua.QualifiedName(name, self.index), value)
        if unit is not None:
            code, symbol = UNITS[unit]
            number = struct.unpack(">I", b"\0" + code.encode())[0]
            info = ua.EUInformation(
                NamespaceUri="http://www.opcfoundation.org/UA/units/un/cefact",
                UnitId=number,
                DisplayName=ua.LocalizedText(symbol),
                Description=ua.LocalizedText(symbol),
            )
            await node.add_property(ua.NodeId(f"{name}.EngineeringUnits", self.index), "0:EngineeringUnits", info)
        self.nodes[name] = node
        self.status[name] = ua.StatusCodes.Good

    async def remove(self, name):
        await self.server.delete_nodes([self.nodes.pop(name)], recursive=True)

    async def write(self, name, value, now):
        node = self.nodes.get(name)
        if node is None:
            return
        kind = KINDS[name][0].VariantType
        code = self.status[name]
        variant = None if ua.StatusCode(code).is_bad() else ua.Variant(value, kind)
        await self.server.write_attribute_value(
            node.nodeid,
            ua.DataValue(Value=variant, StatusCode=ua.StatusCode(code), SourceTimestamp=now, ServerTimestamp=now),
        )


KINDS = {
    "Power": (ua.Variant(0.0, ua.VariantType.Double), "W"),
    "Energy": (ua.Variant(0, ua.VariantType.UInt64), "Wh"),
    "Huge": (ua.Variant(HUGE, ua.VariantType.UInt64), None),
    "Voltage": (ua.Variant(230.1, ua.VariantType.Float), None),
    "Speed": (ua.Variant(-1500, ua.VariantType.Int16), None),
    "Program": (ua.Variant("O1000", ua.VariantType.String), None),
    "Door": (ua.Variant(True, ua.VariantType.Boolean), None),
    "Mode": (ua.Variant(ua.LocalizedText("AUTO", "en"), ua.VariantType.LocalizedText), None),
    "Fragile": (ua.Variant(50.0, ua.VariantType.Double), None),
}
