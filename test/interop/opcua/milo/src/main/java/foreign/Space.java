package foreign;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.eclipse.milo.opcua.sdk.core.Reference;
import org.eclipse.milo.opcua.sdk.server.AddressSpaceFilter;
import org.eclipse.milo.opcua.sdk.server.ManagedNamespaceWithLifecycle;
import org.eclipse.milo.opcua.sdk.server.OpcUaServer;
import org.eclipse.milo.opcua.sdk.server.SimpleAddressSpaceFilter;
import org.eclipse.milo.opcua.sdk.server.items.DataItem;
import org.eclipse.milo.opcua.sdk.server.items.MonitoredItem;
import org.eclipse.milo.opcua.sdk.server.nodes.UaNode;
import org.eclipse.milo.opcua.sdk.server.nodes.UaObjectNode;
import org.eclipse.milo.opcua.sdk.server.nodes.UaVariableNode;
import org.eclipse.milo.opcua.sdk.server.nodes.filters.AttributeFilters;
import org.eclipse.milo.opcua.sdk.server.util.SubscriptionModel;
import org.eclipse.milo.opcua.stack.core.NodeIds;
import org.eclipse.milo.opcua.stack.core.types.builtin.DataValue;
import org.eclipse.milo.opcua.stack.core.types.builtin.DateTime;
import org.eclipse.milo.opcua.stack.core.types.builtin.LocalizedText;
import org.eclipse.milo.opcua.stack.core.types.builtin.NodeId;
import org.eclipse.milo.opcua.stack.core.types.builtin.QualifiedName;
import org.eclipse.milo.opcua.stack.core.types.builtin.StatusCode;
import org.eclipse.milo.opcua.stack.core.types.builtin.Variant;

/** Nodes of several namespaces whose values are asked for when they are read; what a subscription samples is a read. */
abstract class Space extends ManagedNamespaceWithLifecycle {
  private final SubscriptionModel subscriptions;
  /** Status by node; good where there is none. */
  final Map<NodeId, Long> status = new HashMap<>();

  Space(OpcUaServer server, String uri) {
    super(server, uri);
    subscriptions = new SubscriptionModel(server, this);
    getLifecycleManager().addLifecycle(subscriptions);
    getLifecycleManager().addStartupTask(this::build);
  }

  abstract void build();

  @Override
  public AddressSpaceFilter getFilter() {
    // Not by namespace: the nodes of a machine tool are named by those who wrote its model.
    return SimpleAddressSpaceFilter.create(id -> getNodeManager().containsNode(id));
  }

  int index(String uri) {
    return getServer().getNamespaceTable().add(uri).intValue();
  }

  UaObjectNode object(NodeId id, QualifiedName name, NodeId type, NodeId parent, NodeId reference) {
    UaObjectNode node =
        UaObjectNode.builder(getNodeContext())
            .setNodeId(id)
            .setBrowseName(name)
            .setDisplayName(LocalizedText.english(name.name()))
            .setTypeDefinition(type)
            .build();
    return place(node, parent, reference);
  }

  UaVariableNode variable(
      NodeId id, QualifiedName name, NodeId dataType, NodeId parent, Supplier<Object> value) {
    return variable(id, name, dataType, parent, NodeIds.HasComponent, value);
  }

  UaVariableNode variable(
      NodeId id,
      QualifiedName name,
      NodeId dataType,
      NodeId parent,
      NodeId reference,
      Supplier<Object> value) {
    boolean property = reference.equals(NodeIds.HasProperty);
    UaVariableNode node =
        new UaVariableNode.UaVariableNodeBuilder(getNodeContext())
            .setNodeId(id)
            .setBrowseName(name)
            .setDisplayName(LocalizedText.english(name.name()))
            .setDataType(dataType)
            .setTypeDefinition(property ? NodeIds.PropertyType : NodeIds.BaseDataVariableType)
            .setMinimumSamplingInterval(0.0)
            .build();
    node.getFilterChain()
        .addLast(
            AttributeFilters.getValue(
                context -> {
                  StatusCode code = new StatusCode(status.getOrDefault(id, 0L));
                  Variant variant = code.isBad() ? Variant.NULL_VALUE : new Variant(value.get());
                  return new DataValue(variant, code, DateTime.now());
                }));
    return place(node, parent, reference);
  }

  <N extends UaNode> N place(N node, NodeId parent, NodeId reference) {
    getNodeManager().addNode(node);
    node.addReference(new Reference(node.getNodeId(), reference, parent.expanded(), false));
    return node;
  }

  @Override
  public void onDataItemsCreated(List<DataItem> items) {
    subscriptions.onDataItemsCreated(items);
  }

  @Override
  public void onDataItemsModified(List<DataItem> items) {
    subscriptions.onDataItemsModified(items);
  }

  @Override
  public void onDataItemsDeleted(List<DataItem> items) {
    subscriptions.onDataItemsDeleted(items);
  }

  @Override
  public void onMonitoringModeChanged(List<MonitoredItem> items) {
    subscriptions.onMonitoringModeChanged(items);
  }
}
