package foreign;

import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.eclipse.milo.opcua.stack.core.StatusCodes;
import org.eclipse.milo.opcua.stack.core.UaException;
import org.eclipse.milo.opcua.stack.core.security.CertificateFactory;
import org.eclipse.milo.opcua.stack.core.security.CertificateManager;
import org.eclipse.milo.opcua.stack.core.security.DefaultApplicationGroup;
import org.eclipse.milo.opcua.stack.core.security.DefaultCertificateManager;
import org.eclipse.milo.opcua.stack.core.security.MemoryCertificateQuarantine;
import org.eclipse.milo.opcua.stack.core.security.MemoryCertificateStore;
import org.eclipse.milo.opcua.stack.core.security.MemoryTrustListManager;
import org.eclipse.milo.opcua.stack.core.types.builtin.ByteString;
import org.eclipse.milo.opcua.stack.core.types.builtin.NodeId;
import org.eclipse.milo.opcua.stack.core.util.SelfSignedCertificateBuilder;
import org.eclipse.milo.opcua.stack.core.util.SelfSignedCertificateGenerator;

/** The server's key and certificate, made anew with every object; outlives restarts of the server. */
final class Identity implements CertificateFactory {
  static final String URI = "urn:example:milo";
  private final KeyPair keys;
  final X509Certificate certificate;

  Identity() throws Exception {
    keys = SelfSignedCertificateGenerator.generateRsaKeyPair(2048);
    certificate =
        new SelfSignedCertificateBuilder(keys)
            .setCommonName("milo")
            .setOrganization("Example")
            .setApplicationUri(URI)
            .addIpAddress("127.0.0.1")
            .build();
  }

  /** Takes any client, or none: then clients are told that their certificate fails the checks. */
  CertificateManager manager(boolean strangers) throws Exception {
    var quarantine = new MemoryCertificateQuarantine();
    var group =
        new DefaultApplicationGroup(
            new MemoryTrustListManager(),
            new MemoryCertificateStore(),
            this,
            (chain, uri, hosts) -> {
              if (strangers) throw new UaException(StatusCodes.Bad_SecurityChecksFailed);
            });
    group.initialize();
    return new DefaultCertificateManager(quarantine, group);
  }

  @Override
  public KeyPair createKeyPair(NodeId type) {
    return keys;
  }

  @Override
  public X509Certificate[] createCertificateChain(NodeId type, KeyPair pair) {
    return new X509Certificate[] {certificate};
  }

  @Override
  public ByteString createSigningRequest(
      NodeId type, KeyPair pair, X500Name name, String uri, List<String> dns, List<String> ips) {
    throw new UnsupportedOperationException();
  }
}
