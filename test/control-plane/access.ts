import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The users of the control plane with their groups. The operator and the tenant are plain users without any group:
 * their rights come from the RBAC objects that a test or the demo applies, never from here.
 */
const groupsOf = {
  admin: ['system:masters'],
  'provider-operator': [],
  tenant: [],
  'system:kube-controller-manager': [],
  'system:kube-scheduler': [],
  kwok: ['system:masters'],
  'system:kube-proxy': [],
  'system:node:e2e': ['system:nodes'],
} as const;

export type User = keyof typeof groupsOf;

/** The files that identify users to the apiserver, and the apiserver to users. */
export interface Access {
  readonly tokenFile: string;
  readonly serviceAccountKey: string;
  /** Where the apiserver puts the certificate that it makes for itself. */
  readonly certificateDirectory: string;
  readonly certificate: string;
  readonly adminToken: string;
  /** Writes everybody's kubeconfig; the apiserver must have made its certificate by then. */
  writeKubeconfigs(server: string): void;
  kubeconfig(user: User): string;
}

/** Draws new secrets and writes them into `directory`, which only this user can read. */
export function createAccess(directory: string): Access {
  const users = Object.keys(groupsOf) as User[];
  const tokens = new Map(users.map((user) => [user, randomBytes(16).toString('hex')]));
  const tokenOf = (user: User): string => tokens.get(user)!;

  const tokenFile = join(directory, 'tokens.csv');
  const rows = users.map((user) => `${tokenOf(user)},${user},${user},"${groupsOf[user].join(',')}"\n`);
  writeFileSync(tokenFile, rows.join(''));

  const serviceAccountKey = join(directory, 'service-account.key');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // The format is not PKCS #8, in which the apiserver would not find the public key.
  writeFileSync(serviceAccountKey, privateKey.export({ type: 'sec1', format: 'pem' }));

  const certificateDirectory = join(directory, 'certificates');
  const certificate = join(certificateDirectory, 'apiserver.crt');
  const kubeconfig = (user: User): string => join(directory, `${user.replace('system:', '')}.kubeconfig`);
  return {
    tokenFile,
    serviceAccountKey,
    certificateDirectory,
    certificate,
    adminToken: tokenOf('admin'),
    kubeconfig,
    writeKubeconfigs(server) {
      const authority = readFileSync(certificate).toString('base64');
      for (const user of users) {
        writeFileSync(kubeconfig(user), kubeconfigText({ server, authority, user, token: tokenOf(user) }));
      }
    },
  };
}

/** Returns a kubeconfig as JSON, which is YAML, so every client reads it. */
function kubeconfigText(of: { server: string; authority: string; user: string; token: string }): string {
  const name = 'provider-operator-test';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: of.server, 'certificate-authority-data': of.authority } }],
    users: [{ name: of.user, user: { token: of.token } }],
    contexts: [{ name, context: { cluster: name, user: of.user, namespace: 'default' } }],
    'current-context': name,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
