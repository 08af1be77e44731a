package foreign;

import static org.eclipse.milo.opcua.stack.core.types.builtin.unsigned.Unsigned.uint;

import java.util.Map;
import java.util.function.Supplier;
import org.eclipse.milo.opcua.sdk.server.OpcUaServer;
import org.eclipse.milo.opcua.sdk.server.nodes.UaObjectTypeNode;
import org.eclipse.milo.opcua.stack.core.NodeIds;
import org.eclipse.milo.opcua.stack.core.types.builtin.LocalizedText;
import org.eclipse.milo.opcua.stack.core.types.builtin.NodeId;
import org.eclipse.milo.opcua.stack.core.types.builtin.QualifiedName;

/**
 * A machine tool of OPC 40501-1, by hand, since Milo reads no node sets: the folder Machines, MachineToolType without its
 * declarations, and of one machine only what tells its identity, state, mode, warm-up, program and parts. Namespaces, type
 * definition, browse names and the numbers of states are those of the standard.
 */
final class Machine extends Space {
  private static final int MACHINES_FOLDER = 1001;
  private static final int MACHINE_TOOL_TYPE = 13;
  private static final Map<String, Integer> STATES =
      Map.of("Initializing", 135, "Running", 138, "Interrupted", 139, "Ended", 140, "Aborted", 141);
  private static final Map<String, Integer> ITEM_STATES =
      Map.of("OutOfService", 5004, "NotAvailable", 5005, "Executing", 5006, "NotExecuting", 5007);
  private static final Map<String, Integer> NUMBERS =
      Map.of("Initializing", 0, "Running", 1, "Ended", 2, "Interrupted", 3, "Aborted", 4);

  private final Words words;
  private int devices;
  private int machinery;
  private int tool;

  Machine(OpcUaServer server, Words words) {
    super(server, "urn:example:machine");
    this.words = words;
  }

  @Override
  void build() {
    devices = index("http://opcfoundation.org/UA/DI/");
    machinery = index("http://opcfoundation.org/UA/Machinery/");
    tool = index("http://opcfoundation.org/UA/MachineTool/");
    NodeId machines = new NodeId(machinery, MACHINES_FOLDER);
    NodeId type = new NodeId(tool, MACHINE_TOOL_TYPE);
    object(
        machines,
        new QualifiedName(machinery, "Machines"),
        NodeIds.FolderType,
        NodeIds.ObjectsFolder,
        NodeIds.Organizes);
    place(
        UaObjectTypeNode.builder(getNodeContext())
            .setNodeId(type)
            .setBrowseName(new QualifiedName(tool, "MachineToolType"))
            .setDisplayName(LocalizedText.english("MachineToolType"))
            .setIsAbstract(false)
            .build(),
        NodeIds.BaseObjectType,
        NodeIds.HasSubtype);
    NodeId mill =
        object(newNodeId("mill"), newQualifiedName("mill"), type, machines, NodeIds.Organizes)
            .getNodeId();

    NodeId identification = part(mill, devices, "Identification");
    NodeId text = NodeIds.LocalizedText;
    property(identification, devices, "Manufacturer", text, () -> LocalizedText.english("Example"));
    property(identification, devices, "SerialNumber", NodeIds.String, () -> "4711");

    NodeId monitored = part(part(mill, tool, "Monitoring"), tool, "MachineTool");
    value(monitored, "OperationMode", NodeIds.Int32, () -> words.mode);
    value(monitored, "IsWarmUp", NodeIds.Boolean, () -> words.warmUp);

    NodeId item = currentState(part(monitored, machinery, "MachineryItemState"), () -> words.item);
    property(item, 0, "Id", NodeIds.NodeId, () -> new NodeId(machinery, ITEM_STATES.get(words.item)));

    NodeId production = part(mill, tool, "Production");
    NodeId program = part(production, tool, "ActiveProgram");
    value(program, "Name", NodeIds.String, () -> words.program);
    NodeId state = part(program, tool, "State");
    NodeId current = currentState(state, () -> words.state);
    property(current, 0, "Id", NodeIds.NodeId, () -> new NodeId(tool, STATES.get(words.state)));
    property(current, 0, "Number", NodeIds.UInt32, () -> uint(NUMBERS.get(words.state)));
    NodeId statistics = part(production, tool, "Statistics");
    value(statistics, "PartsProducedInLifetime", NodeIds.UInt32, () -> uint(words.parts));
  }

  private NodeId currentState(NodeId machine, Supplier<String> word) {
    return variable(
            newNodeId(machine.getIdentifier() + ".CurrentState"),
            new QualifiedName(0, "CurrentState"),
            NodeIds.LocalizedText,
            machine,
            () -> LocalizedText.english(word.get()))
        .getNodeId();
  }

  private NodeId part(NodeId parent, int namespace, String name) {
    return object(
            newNodeId(parent.getIdentifier() + "." + name),
            new QualifiedName(namespace, name),
            NodeIds.BaseObjectType,
            parent,
            NodeIds.HasComponent)
        .getNodeId();
  }

  private void value(NodeId parent, String name, NodeId type, Supplier<Object> value) {
    NodeId id = newNodeId(parent.getIdentifier() + "." + name);
    variable(id, new QualifiedName(tool, name), type, parent, value);
  }

  private void property(NodeId parent, int namespace, String name, NodeId type, Supplier<Object> value) {
    NodeId id = newNodeId(parent.getIdentifier() + "." + name);
    variable(id, new QualifiedName(namespace, name), type, parent, NodeIds.HasProperty, value);
  }
}
