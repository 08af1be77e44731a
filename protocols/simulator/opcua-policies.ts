/** Policies that a simulated server can offer; `None` stands for the endpoint without security. */
export const SERVER_POLICIES = [
  'None',
  'Basic256Sha256',
  'Aes128_Sha256_RsaOaep',
  'Aes256_Sha256_RsaPss',
] as const;
/** One of them. */
export type ServerPolicy = (typeof SERVER_POLICIES)[number];
