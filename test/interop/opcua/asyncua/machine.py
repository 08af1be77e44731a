"""A machine tool of OPC 40501-1: the published node sets are imported and MachineToolType is instantiated."""

import logging
import os

from asyncua import ua

TOOL = "http://opcfoundation.org/UA/MachineTool/"
MACHINERY = "http://opcfoundation.org/UA/Machinery/"
DEVICES = "http://opcfoundation.org/UA/DI/"
OWN = "urn:example:machine"
NODE_SETS = (
    "Opc.Ua.Di.NodeSet2.xml",
    "Opc.Ua.IA.NodeSet2.xml",
    "Opc.Ua.Machinery.NodeSet2.xml",
    "opc.ua.isa95-jobcontrol.nodeset2.xml",
    "Opc.Ua.Machinery.Jobs.Nodeset2.xml",
    "Opc.Ua.MachineTool.NodeSet2.xml",
)
# Numbers that the node sets fix.
MACHINES_FOLDER, MACHINE_TOOL_TYPE = 1001, 13
STATES = {"Initializing": 135, "Running": 138, "Interrupted": 139, "Ended": 140, "Aborted": 141}
ITEM_STATES = {"OutOfService": 5004, "NotAvailable": 5005, "Executing": 5006, "NotExecuting": 5007}
NUMBERS = {"Initializing": 0, "Running": 1, "Ended": 2, "Interrupted": 3, "Aborted": 4}


async def import_node_sets(server, folder):
    # The importer trips over a few nodes of DI whose parents come later, none of a machine tool, and says so at length.
    logger = logging.getLogger("asyncua.common.xmlimporter")
    logger.setLevel(logging.CRITICAL)
    for name in NODE_SETS:
        await server.import_xml(os.path.join(folder, name), strict_mode=False, auto_load_definitions=False)


class Machine:
    def __init__(self, server, name):
        self.server = server
        self.name = name
        self.nodes = {}
        self.tool = None
        self.machinery = None

    async def build(self):
        server = self.server
        self.tool = tool = await server.get_namespace_index(TOOL)
        self.machinery = machinery = await server.get_namespace_index(MACHINERY)
        devices = await server.get_namespace_index(DEVICES)
        own = await server.register_namespace(OWN)
        machines = server.get_node(ua.NodeId(MACHINES_FOLDER, machinery))
        machine = await machines.add_object(
            ua.NodeId(self.name, own),
            ua.QualifiedName(self.name, own),
            objecttype=ua.NodeId(MACHINE_TOOL_TYPE, tool),
        )
        monitoring = await machine.get_child([f"{tool}:Monitoring", f"{tool}:MachineTool"])
        production = await machine.get_child([f"{tool}:Production"])
        program = await production.get_child([f"{tool}:ActiveProgram"])
        state = await program.get_child([f"{tool}:State", "0:CurrentState"])
        # Optional ones of the model, which the instantiation leaves out.
        warm_up = await monitoring.add_variable(own, "warmUp", False)
        await self.rename(warm_up, tool, "IsWarmUp")
        statistics = await production.add_object(own, "statistics")
        await self.rename(statistics, tool, "Statistics")
        parts = await statistics.add_variable(own, "parts", ua.Variant(0, ua.VariantType.UInt32))
        await self.rename(parts, tool, "PartsProducedInLifetime")
        item = await monitoring.get_child([f"{machinery}:MachineryItemState", "0:CurrentState"])
        self.nodes = {
            "item": item,
            "itemId": await item.get_child(["0:Id"]),
            "mode": await monitoring.get_child([f"{tool}:OperationMode"]),
            "warmUp": warm_up,
            "program": await program.get_child([f"{tool}:Name"]),
            "state": state,
            "stateId": await state.get_child(["0:Id"]),
            "parts": parts,
        }
        for child in await state.get_children():
            if (await child.read_browse_name()).Name == "Number":
                self.nodes["stateNumber"] = child
        identification = await machine.get_child([f"{devices}:Identification"])
        for field, value in (("Manufacturer", ua.LocalizedText("Example")), ("SerialNumber", "4711")):
            await (await identification.get_child([f"{devices}:{field}"])).write_value(value)

    async def rename(self, node, index, name):
        await node.write_attribute(
            ua.AttributeIds.BrowseName, ua.DataValue(ua.Variant(ua.QualifiedName(name, index)))
        )

    async def tell(self, words):
        """Writes the words that are given: state, item, mode, warmUp, program, parts."""
        kinds = {
            "mode": ua.VariantType.Int32,
            "warmUp": ua.VariantType.Boolean,
            "program": ua.VariantType.String,
            "parts": ua.VariantType.UInt32,
        }
        for word, kind in kinds.items():
            if word in words:
                await self.nodes[word].write_value(ua.Variant(words[word], kind))
        if "state" in words:
            name = words["state"]
            await self.nodes["stateId"].write_value(ua.NodeId(STATES[name], self.tool))
            if "stateNumber" in self.nodes:
                await self.nodes["stateNumber"].write_value(ua.Variant(NUMBERS[name], ua.VariantType.UInt32))
            await self.nodes["state"].write_value(ua.LocalizedText(name, "en"))
        if "item" in words:
            name = words["item"]
            await self.nodes["itemId"].write_value(ua.NodeId(ITEM_STATES[name], self.machinery))
            await self.nodes["item"].write_value(ua.LocalizedText(name, "en"))
