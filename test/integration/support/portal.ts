import { provider, release, software, softwareRelease } from './cluster.ts';
import { apply, eventually, kubectl } from './kubectl.ts';
import type { OperatorProcess } from './operator.ts';

/** What a portal of a tenant works with: a catalogue with some of everything, and a token for one namespace. */

const apiGroup = 'rbac.authorization.k8s.io';

/** Where the API of an operator is, by the line that it logs when it starts. */
export function addressOf({ output }: Pick<OperatorProcess, 'output'>): Promise<string> {
  return eventually(async () => /"api":"(http:[^"]+)"/.exec(output())?.[1]);
}

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

/** Makes a service account that may do all with the installations of its namespace, and returns a token of it. */
export async function tokenFor(namespace: string): Promise<string> {
  const metadata = { name: 'portal', namespace };
  const verbs = ['get', 'list', 'watch', 'create', 'patch', 'delete', 'override'];
  await apply(
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'Role',
      metadata,
      rules: [
        { apiGroups: ['provider-operator.io'], resources: ['providerinstallations'], verbs },
        { apiGroups: [''], resources: ['secrets'], verbs: ['create', 'patch', 'delete'] },
      ],
    },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup, kind: 'Role', name: 'portal' },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
  );
  return (await kubectl(['create', 'token', 'portal', '-n', namespace, '--duration=2h'])).trim();
}

/** Lets the operator ask whose a token is and what its owner may do, until deploy/rbac.yaml does. */
export async function allowReviews(): Promise<void> {
  const metadata = { name: 'provider-operator-reviews' };
  const rule = (group: string, resource: string) => ({ apiGroups: [group], resources: [resource], verbs: ['create'] });
  await apply(
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'ClusterRole',
      metadata,
      rules: [rule('authentication.k8s.io', 'tokenreviews'), rule('authorization.k8s.io', 'subjectaccessreviews')],
    },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup, kind: 'ClusterRole', ...metadata },
      subjects: [{ apiGroup, kind: 'User', name: 'provider-operator' }],
    },
  );
}
