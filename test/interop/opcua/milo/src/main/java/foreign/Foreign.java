package foreign;

import static org.eclipse.milo.opcua.sdk.server.OpcUaServerConfig.USER_TOKEN_POLICY_ANONYMOUS;
import static org.eclipse.milo.opcua.sdk.server.OpcUaServerConfig.USER_TOKEN_POLICY_USERNAME;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.netty.channel.Channel;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.security.Security;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.eclipse.milo.opcua.sdk.server.EndpointConfig;
import org.eclipse.milo.opcua.sdk.server.OpcUaServer;
import org.eclipse.milo.opcua.sdk.server.OpcUaServerConfig;
import org.eclipse.milo.opcua.sdk.server.identity.AnonymousIdentityValidator;
import org.eclipse.milo.opcua.sdk.server.identity.UsernameIdentityValidator;
import org.eclipse.milo.opcua.stack.core.security.SecurityPolicy;
import org.eclipse.milo.opcua.stack.core.transport.TransportProfile;
import org.eclipse.milo.opcua.stack.core.types.builtin.LocalizedText;
import org.eclipse.milo.opcua.stack.core.types.enumerated.MessageSecurityMode;
import org.eclipse.milo.opcua.stack.transport.server.tcp.OpcTcpServerTransport;
import org.eclipse.milo.opcua.stack.transport.server.tcp.OpcTcpServerTransportConfig;

/**
 * An OPC UA server by Eclipse Milo that obeys the same orders as the Python server: a JSON object a line on its standard
 * input, each answered by a line; one argument, a JSON object. It ends with its input.
 */
public final class Foreign {
  private final JsonObject options;
  private final Words words = new Words();
  private final Set<Channel> channels = ConcurrentHashMap.newKeySet();
  private final int port;
  private Identity identity;
  private OpcUaServer server;
  private Meter meter;
  private Machine machine;

  private Foreign(JsonObject options) throws Exception {
    this.options = options;
    try (var probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = options.has("port") ? options.get("port").getAsInt() : probe.getLocalPort();
    }
  }

  public static void main(String[] arguments) throws Exception {
    Security.addProvider(new BouncyCastleProvider());
    var foreign = new Foreign(JsonParser.parseString(arguments[0]).getAsJsonObject());
    say(0, foreign.start("new"));
    var input = new BufferedReader(new InputStreamReader(System.in));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      JsonObject order = JsonParser.parseString(line).getAsJsonObject();
      JsonObject answer;
      try {
        answer = foreign.carryOut(order);
      } catch (Exception error) {
        answer = new JsonObject();
        answer.addProperty("error", error.toString());
      }
      say(order.get("id").getAsInt(), answer);
    }
    Runtime.getRuntime().halt(0);
  }

  private static void say(int id, JsonObject answer) {
    answer.addProperty("id", id);
    System.out.println(answer);
  }

  private JsonObject carryOut(JsonObject order) throws Exception {
    var answer = new JsonObject();
    switch (order.get("do").getAsString()) {
      case "start" -> {
        for (String key : new String[] {"stranger", "renumbered"})
          if (order.has(key)) options.add(key, order.get(key));
        return start(order.has("certificate") ? order.get("certificate").getAsString() : "same");
      }
      case "stop" -> stop();
      case "tell" -> tell(order.getAsJsonObject("words"));
      case "status" -> meter.setStatus(order.get("node").getAsString(), order.get("code").getAsLong());
      case "remove" -> meter.remove(order.get("node").getAsString());
      case "add" -> meter.add(order.get("node").getAsString());
      case "dropSessions" -> {
        var manager = server.getSessionManager();
        manager.getAllSessions().forEach(session -> manager.killSession(session.getSessionId(), true));
      }
      case "dropConnections" -> channels.forEach(Channel::close);
      case "counts" -> {
        answer.addProperty("connections", channels.size());
        answer.addProperty("subscriptions", server.getSubscriptions().size());
        answer.addProperty(
            "sessionsEver", server.getDiagnosticsSummary().getCumulatedSessionCount().longValue());
      }
      default -> throw new IllegalArgumentException("unknown order " + order);
    }
    return answer;
  }

  private void tell(JsonObject told) {
    if (told.has("state")) words.state = told.get("state").getAsString();
    if (told.has("item")) words.item = told.get("item").getAsString();
    if (told.has("mode")) words.mode = told.get("mode").getAsInt();
    if (told.has("warmUp")) words.warmUp = told.get("warmUp").getAsBoolean();
    if (told.has("program")) words.program = told.get("program").getAsString();
    if (told.has("parts")) words.parts = told.get("parts").getAsInt();
  }

  private JsonObject start(String certificate) throws Exception {
    if (certificate.equals("new")) identity = new Identity();
    JsonObject user = options.getAsJsonObject("user");
    var config =
        OpcUaServerConfig.builder()
            .setApplicationUri(Identity.URI)
            .setApplicationName(LocalizedText.english("milo"))
            .setProductUri(Identity.URI)
            .setEndpoints(endpoints(user != null))
            .setCertificateManager(identity.manager(is("stranger")))
            .setIdentityValidator(
                user == null
                    ? AnonymousIdentityValidator.INSTANCE
                    : new UsernameIdentityValidator(
                        challenge ->
                            user.get("name").getAsString().equals(challenge.getUsername())
                                && user.get("password").getAsString().equals(challenge.getPassword())))
            .build();
    var transport =
        OpcTcpServerTransportConfig.newBuilder()
            .setChannelPipelineCustomizer(
                pipeline -> {
                  Channel channel = pipeline.channel();
                  channels.add(channel);
                  channel.closeFuture().addListener(done -> channels.remove(channel));
                })
            .build();
    server = new OpcUaServer(config, profile -> new OpcTcpServerTransport(transport));
    if (is("renumbered")) server.getNamespaceTable().add("urn:example:before");
    meter = new Meter(server, options.get("originMs").getAsLong(), words);
    meter.startup();
    if (options.has("nodeSets")) {
      machine = new Machine(server, words);
      machine.startup();
    }
    server.startup().get();
    var answer = new JsonObject();
    answer.addProperty("port", port);
    answer.addProperty("endpoint", "opc.tcp://127.0.0.1:" + port + "/");
    return answer;
  }

  private boolean is(String option) {
    return options.has(option) && options.get(option).getAsBoolean();
  }

  private void stop() throws Exception {
    if (machine != null) machine.shutdown();
    meter.shutdown();
    server.shutdown().get();
    channels.forEach(Channel::close);
    server = null;
  }

  private Set<EndpointConfig> endpoints(boolean login) {
    var wanted = options.has("security") ? options.getAsJsonArray("security") : new JsonArray();
    if (wanted.isEmpty()) wanted.add("None");
    var endpoints = new LinkedHashSet<EndpointConfig>();
    var base =
        EndpointConfig.newBuilder()
            .setTransportProfile(TransportProfile.TCP_UASC_UABINARY)
            .setBindAddress("127.0.0.1")
            .setHostname("127.0.0.1")
            .setBindPort(port)
            .setCertificate(identity.certificate)
            .addTokenPolicies(login ? USER_TOKEN_POLICY_USERNAME : USER_TOKEN_POLICY_ANONYMOUS);
    for (JsonElement name : wanted) {
      SecurityPolicy policy = SecurityPolicy.valueOf(name.getAsString());
      boolean open = policy == SecurityPolicy.None;
      endpoints.add(
          base.copy()
              .setPath("/")
              .setSecurityPolicy(policy)
              .setSecurityMode(open ? MessageSecurityMode.None : MessageSecurityMode.SignAndEncrypt)
              .build());
    }
    // Where clients ask what there is; no session can be had through it.
    endpoints.add(
        base.copy()
            .setPath("/discovery")
            .setSecurityPolicy(SecurityPolicy.None)
            .setSecurityMode(MessageSecurityMode.None)
            .build());
    return endpoints;
  }
}
