import { provider, release, software, softwareRelease } from './cluster.ts';
import { apply } from './kubectl.ts';
import { addAccount } from './rest.ts';

/** What a portal of a tenant works with: a catalogue with some of everything, and a token for one namespace. */

/** Publishes what the examples of the OpenAPI document name, and more. */
export async function publish(): Promise<void> {
  const userInputs = [
    { name: 'adminEmail', dataType: 'text', format: 'email', required: true },
    { name: 'theme', dataType: 'select', options: ['light', 'dark'], default: 'light' },
    { name: 'apiKey', dataType: 'text', secret: true },
  ];
  const needsPhp = { systemSoftwareDependencies: [{ name: 'php', range: '^8.2' }] };
  await apply(
    software('php', '8.2.0', '8.3.0', softwareRelease('php', '8.3.1', { lifecycle: { stage: 'yanked' } })),
    software('redis', '7.0.0'),
    provider(
      'acme',
      '1.0.0',
      '1.0.1',
      '1.1.0',
      release('1.2.0', { lifecycle: { stage: 'yanked', message: 'It lost the sessions' } }),
      release('2.0.0', needsPhp),
      '3.0.0-rc.1',
    ),
    provider('globex', '1.0.0', release('1.1.0', { userInputs }), release('2.0.0', { userInputs, ...needsPhp })),
    provider('initech', release('0.1.0', { systemSoftwareDependencies: [{ name: 'cobol', range: '*' }] })),
  );
}

/** Makes a service account that may do all with the installations of its namespace, and write their Secrets. */
export async function tokenFor(namespace: string): Promise<string> {
  const apiGroup = 'rbac.authorization.k8s.io';
  const metadata = { name: 'portal-secrets', namespace };
  await apply(
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['create', 'patch', 'delete'] }],
    },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup, kind: 'Role', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: 'portal', namespace }],
    },
  );
  return addAccount(namespace, 'portal', 'override');
}
