import type * as NodeOpcua from 'node-opcua';
import type { OfferedEndpoint, OfferedLogin } from './endpoint-choice.ts';

/** What endpoints are told by: of node-opcua's EndpointDescription only this. */
interface Described {
  securityMode: number;
  securityPolicyUri: string | null;
  transportProfileUri?: string | null;
  userIdentityTokens?: readonly { tokenType: number; securityPolicyUri: string | null }[] | null;
}

const LOGIN_TYPES = ['anonymous', 'username', 'certificate', 'other'] as const;
const MODES = ['Invalid', 'None', 'Sign', 'SignAndEncrypt'] as const;

/**
 * Asks a server which endpoints it has, over a channel without security: whoever answers may lie, so the answer decides
 * nothing but what is tried, and no user name, password or reading travels here.
 */
export async function askEndpoints(
  client: NodeOpcua.OPCUAClient,
  endpoint: string,
): Promise<OfferedEndpoint[]> {
  await client.connect(endpoint);
  return describeEndpoints(await client.getEndpoints({ endpointUrl: endpoint }));
}

/** Endpoints in our words; those of other transports are left out. */
export function describeEndpoints(endpoints: readonly Described[]): OfferedEndpoint[] {
  return endpoints
    .filter(
      ({ transportProfileUri }) =>
        typeof transportProfileUri !== 'string' ||
        transportProfileUri === '' ||
        transportProfileUri.endsWith('/uatcp-uasc-uabinary'),
    )
    .map(({ securityMode, securityPolicyUri, userIdentityTokens }) => ({
      mode: MODES[securityMode] ?? 'Invalid',
      policy: policyOf(securityPolicyUri),
      logins: (userIdentityTokens ?? []).map(({ tokenType, securityPolicyUri: uri }): OfferedLogin => ({
        type: LOGIN_TYPES[tokenType] ?? 'other',
        policy: policyOf(uri),
      })),
    }));
}

function policyOf(uri: string | null): string {
  return uri === null ? '' : uri.slice(uri.lastIndexOf('#') + 1);
}
