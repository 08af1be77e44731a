/** The options of `millwatt browse` as they are written. */
export interface BrowseCommandOptions {
  config?: string;
  pki?: string;
  security?: string;
  user?: string;
  passwordFile?: string;
  path?: string;
  depth?: string;
  all?: true;
  device?: string;
  ca?: string;
  timeout?: string;
  json?: true;
}
