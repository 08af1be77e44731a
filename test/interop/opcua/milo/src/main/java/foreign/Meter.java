package foreign;

import static org.eclipse.milo.opcua.stack.core.types.builtin.unsigned.Unsigned.ulong;

import java.util.Map;
import java.util.function.Supplier;
import org.eclipse.milo.opcua.sdk.server.OpcUaServer;
import org.eclipse.milo.opcua.sdk.server.nodes.UaVariableNode;
import org.eclipse.milo.opcua.stack.core.NodeIds;
import org.eclipse.milo.opcua.stack.core.types.builtin.ExtensionObject;
import org.eclipse.milo.opcua.stack.core.types.builtin.LocalizedText;
import org.eclipse.milo.opcua.stack.core.types.builtin.NodeId;
import org.eclipse.milo.opcua.stack.core.types.builtin.QualifiedName;
import org.eclipse.milo.opcua.stack.core.types.structured.EUInformation;

/** The same plain meter as the Python server's: one watt-hour and one watt more every tick. */
final class Meter extends Space {
  static final String NAMESPACE = "urn:example:meter";
  private static final long TICK_MS = 100;
  private static final long BASE_WH = 5_000_000_000L;
  private static final long HUGE = 9_007_199_254_740_993L;

  private record Kind(NodeId dataType, String unit, Supplier<Object> value) {}

  private final Map<String, Kind> kinds;

  Meter(OpcUaServer server, long originMs, Words words) {
    super(server, NAMESPACE);
    Supplier<Long> ticks = () -> (System.currentTimeMillis() - originMs) / TICK_MS;
    kinds =
        Map.of(
            "Power", new Kind(NodeIds.Double, "W", () -> 36_000.5 + ticks.get() % 1000),
            "Energy", new Kind(NodeIds.UInt64, "Wh", () -> ulong(BASE_WH + ticks.get())),
            "Huge", new Kind(NodeIds.UInt64, null, () -> ulong(HUGE)),
            "Voltage", new Kind(NodeIds.Float, null, () -> 230.1f),
            "Speed", new Kind(NodeIds.Int16, null, () -> (short) -1500),
            "Program", new Kind(NodeIds.String, null, () -> words.program),
            "Door", new Kind(NodeIds.Boolean, null, () -> true),
            "Mode", new Kind(NodeIds.LocalizedText, null, () -> LocalizedText.english("AUTO")),
            "Fragile", new Kind(NodeIds.Double, null, () -> 50.0));
  }

  @Override
  void build() {
    object(
        newNodeId("Meter"),
        newQualifiedName("Meter"),
        NodeIds.BaseObjectType,
        NodeIds.ObjectsFolder,
        NodeIds.Organizes);
    kinds.keySet().forEach(this::add);
  }

  void add(String name) {
    Kind kind = kinds.get(name);
    UaVariableNode node =
        variable(newNodeId(name), newQualifiedName(name), kind.dataType, newNodeId("Meter"), kind.value);
    if (kind.unit == null) return;
    String code = kind.unit.equals("W") ? "WTT" : "WHR";
    int number = code.charAt(0) << 16 | code.charAt(1) << 8 | code.charAt(2);
    LocalizedText symbol = LocalizedText.english(kind.unit);
    var unit =
        new EUInformation("http://www.opcfoundation.org/UA/units/un/cefact", number, symbol, symbol);
    variable(
        newNodeId(name + ".EngineeringUnits"),
        new QualifiedName(0, "EngineeringUnits"),
        NodeIds.EUInformation,
        node.getNodeId(),
        NodeIds.HasProperty,
        () -> ExtensionObject.encode(getServer().getStaticEncodingContext(), unit));
  }

  void remove(String name) {
    getNodeManager().getNode(newNodeId(name)).orElseThrow().delete();
  }

  void setStatus(String name, long code) {
    status.put(newNodeId(name), code);
  }
}
