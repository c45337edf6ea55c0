import { beforeAll, describe, expect, inject, it } from 'vitest';
import { CHART, RELEASE, type GivenValues } from '../../chart/helm.ts';
import { installation } from '../support/cluster.ts';
import { eventually } from '../support/kubectl.ts';
import { useOwnPlane } from './own-plane.ts';

const { disposable } = inject('controlPlane');
const RULES = [
  { namespaces: ['team-a'], providers: ['acme/web', 'tools/*'] },
  { namespaceLabels: { 'example.com/trusted': 'yes', 'example.com/stage': 'production' }, providers: ['*'] },
];

describe.skipIf(!disposable)('what the chart lets tenants do', () => {
  const plane = useOwnPlane({ nodes: 1 });
  const { kubectl, apply } = plane;

  function install(values: GivenValues): Promise<string> {
    const args = ['upgrade', '--install', RELEASE, CHART, '--namespace=operators', '--create-namespace', '--values=-'];
    return plane.helm.ok(args, { replicaCount: 0, ...values });
  }

  beforeAll(async () => {
    await install({ rbac: { catalogueViewers: ['readers'] } });
    await plane.addNamespace('team-a');
    await plane.addNamespace('team-b');
    const labels = { 'example.com/trusted': 'yes', 'example.com/stage': 'production' };
    await plane.addNamespace('trusted', labels);
    await plane.addNamespace('half-trusted', { 'example.com/trusted': 'yes' });
  });

  describe('by role', () => {
    const ROLES = ['view', 'edit', 'admin'];
    beforeAll(async () => {
      for (const role of ROLES) {
        await kubectl(['create', 'rolebinding', role, `--clusterrole=${role}`, `--user=${role}`, '-n', 'team-a']);
      }
      await kubectl(['create', 'clusterrolebinding', 'viewer', '--clusterrole=view', '--user=viewer']);
      // Kubernetes aggregates the roles in the background.
      await eventually(() => may('edit', 'create', 'providerinstallations'));
      await eventually(() => may('view', 'get', 'providerinstallations'));
      await eventually(() => may('admin', 'create', 'providerinstallations'));
      await eventually(() => may('admin', 'override', 'providerinstallations'));
    });

    async function may(user: string, verb: string, what: string, ...flags: readonly string[]): Promise<boolean> {
      const [resource = '', subresource = ''] = what.split('/');
      // The other kinds are not namespaced, so a role that is bound in a namespace says nothing about them.
      const where = resource === 'providerinstallations' ? ['-n', 'team-a'] : [];
      const of = [resource, `--subresource=${subresource}`, `--as=${user}`, ...where, ...flags];
      // kubectl also says no by its exit code.
      return (await kubectl(['auth', 'can-i', verb, ...of]).catch(() => 'no')).trim() === 'yes';
    }

    it.each`
      verb          | resource                          | who
      ${'get'}      | ${'providerinstallations'}        | ${['view', 'edit', 'admin']}
      ${'watch'}    | ${'providerinstallations'}        | ${['view', 'edit', 'admin']}
      ${'create'}   | ${'providerinstallations'}        | ${['edit', 'admin']}
      ${'patch'}    | ${'providerinstallations'}        | ${['edit', 'admin']}
      ${'delete'}   | ${'providerinstallations'}        | ${['edit', 'admin']}
      ${'override'} | ${'providerinstallations'}        | ${['admin']}
      ${'patch'}    | ${'providerinstallations/status'} | ${[]}
      ${'create'}   | ${'providers'}                    | ${[]}
      ${'create'}   | ${'systemsoftwares'}              | ${[]}
      ${'get'}      | ${'providers'}                    | ${[]}
    `('$verb $resource: $who', async ({ verb, resource, who }: { verb: string; resource: string; who: string[] }) => {
      const answers = await Promise.all(ROLES.map(async (role) => ((await may(role, verb, resource)) ? role : [])));

      expect(answers.flat()).toEqual(who);
    });

    it('the catalogue is for who may view the cluster, and for the groups that the values name', async () => {
      expect(await may('viewer', 'list', 'providers')).toBe(true);
      expect(await may('anna', 'list', 'systemsoftwares', '--as-group=readers')).toBe(true);
      expect(await may('anna', 'create', 'providers', '--as-group=readers')).toBe(false);
      expect(await may('anna', 'list', 'providers')).toBe(false);
    });
  });

  describe('by the admission policy', () => {
    beforeAll(async () => {
      await apply(installation('team-b', 'before', { provider: 'other/app' }));
      await install({ admissionPolicy: { enabled: true, rules: RULES } });
      await eventually(async () => (await refusalOf('team-b', 'acme/web')) !== undefined);
    });

    /** The refusal of the API server for an installation. Undefined where it accepts it. */
    async function refusalOf(namespace: string, provider: string): Promise<string | undefined> {
      const create = kubectl(['create', '--dry-run=server', '-f', '-'], installation(namespace, 'new', { provider }));
      return create.then(() => undefined, String);
    }

    it.each`
      provider       | namespace         | isAllowed | why
      ${'acme/web'}  | ${'team-a'}       | ${true}   | ${'it is named'}
      ${'tools/any'} | ${'team-a'}       | ${true}   | ${'its publisher is named'}
      ${'acme/db'}   | ${'team-a'}       | ${false}  | ${'another of that publisher is named'}
      ${'acme/web'}  | ${'team-b'}       | ${false}  | ${'no rule is for this namespace'}
      ${'other/app'} | ${'trusted'}      | ${true}   | ${'everything is'}
      ${'other/app'} | ${'half-trusted'} | ${false}  | ${'one of the labels is missing'}
    `('$provider in $namespace: $isAllowed, because $why', async ({ provider, namespace, isAllowed }) => {
      const refusal = await refusalOf(namespace as string, provider as string);

      const message = `Provider "${provider}" may not be installed in namespace "${namespace}": ask the platform team`;
      expect(refusal ?? 'allowed').toContain(isAllowed === true ? 'allowed' : message);
    });

    it('what was there before can be changed and goes on', async () => {
      await kubectl(['patch', 'pi/before', '-n', 'team-b', '--type=merge', '-p', '{"spec":{"resourceTier":"free"}}']);
    });
  });
});
