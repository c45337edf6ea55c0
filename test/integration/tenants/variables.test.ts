import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import { apply, get, kubectl, type DeploymentObject } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { runs } from '../support/outcome.ts';
import { tokenOf } from '../support/rest.ts';
import { conditionOf, startWitness, type SeenInstallation, type Witness } from '../support/witness.ts';

/** Which variables tenants may set. Publisher and tenant each speak with a token of their own. */
const namespace = 'variables';
const CONFIG = 'defaults: {progressDeadlineSeconds: 120, stableSeconds: 0}';

let operator: RunningOperator;
let witness: Witness;
let publisher: string;
let tenant: string;

beforeAll(async () => {
  await prepare(namespace);
  const group = 'rbac.authorization.k8s.io';
  const ofUs = (resources: string[], verbs: string[]) => ({ apiGroups: ['provider-operator.io'], resources, verbs });
  const verbs = ['get', 'list', 'create', 'update', 'patch'];
  const account = (name: string) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } });
  const subjects = (name: string) => [{ kind: 'ServiceAccount', name, namespace }];
  const metadata = { name: 'variables-test' };
  await apply(
    account('publisher'),
    account('tenant'),
    { apiVersion: `${group}/v1`, kind: 'ClusterRole', metadata, rules: [ofUs(['providers'], verbs)] },
    {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: metadata.name },
      subjects: subjects('publisher'),
    },
    {
      apiVersion: `${group}/v1`,
      kind: 'Role',
      metadata: { ...metadata, namespace },
      rules: [ofUs(['providerinstallations'], verbs)],
    },
    {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata: { ...metadata, namespace },
      roleRef: { apiGroup: group, kind: 'Role', name: metadata.name },
      subjects: subjects('tenant'),
    },
  );
  [publisher, tenant] = await Promise.all([tokenOf(namespace, 'publisher'), tokenOf(namespace, 'tenant')]);
  witness = await startWitness();
  operator = await startOperator({}, CONFIG);
});
// Hooks run in reverse order, so the operator ends last, even if another hook fails.
afterAll(() => operator.stop());
afterAll(() => witness.stop());
afterAll(() => cleanUp(namespace));
afterAll(() => kubectl(['delete', 'clusterrole,clusterrolebinding', 'variables-test']));

const of = (name: string) => `${namespace}/${name}`;
const messageOf = ({ status }: SeenInstallation, type: string) =>
  status.conditions?.find((c) => c.type === type)?.message;
const as = (token: string, object: object) => kubectl([`--token=${token}`, 'apply', '-f', '-'], object);

/** As its publisher applies it. */
function publish(org: string, ...releases: readonly (string | object)[]): Promise<string> {
  return as(publisher, provider(org, ...releases));
}

async function install(name: string, spec: object): Promise<SeenInstallation> {
  await as(tenant, installation(namespace, name, { resourceTier: 'performance', ...spec }));
  return witness.until(of(name), runs('1.0.0'));
}

describe('the variables of tenants', { concurrent: true }, () => {
  it('are what a release says, and others are refused with the list', async () => {
    await publish('strict', release('1.0.0', { tenantEnv: ['LOG_*', 'TZ'] }));
    await install('strict', { provider: 'strict/web', version: '1.0.0', config: { LOG_LEVEL: 'debug' } });
    await as(
      tenant,
      installation(namespace, 'strict', {
        provider: 'strict/web',
        version: '1.0.0',
        resourceTier: 'performance',
        config: { LOG_LEVEL: 'debug', DEBUG: '1' },
      }),
    );
    const refused = await witness.until(of('strict'), (seen) => conditionOf(seen, 'Ready') === 'False EnvNotAllowed');
    expect(messageOf(refused, 'Ready')).toBe(
      'Remove "DEBUG" from config and configFrom: 1.0.0 lets its tenants set only "LOG_*", "TZ"',
    );
    expect(await witness.templatesOf(of('strict'))).toHaveLength(1);
  });

  it('are the release’s to say whoever sets them, and all goes on when that manager takes them away', async () => {
    await publish('shared', release('1.0.0', { tenantEnv: ['LOG_*'] }));
    await install('shared', { provider: 'shared/web', version: '1.0.0', config: { LOG_LEVEL: 'info' } });
    const another = (config: object) =>
      kubectl([`--token=${tenant}`, 'apply', '--server-side', '--field-manager=portal', '-f', '-'], {
        ...installation(namespace, 'shared', { provider: 'shared/web', config }),
      });
    await another({ DEBUG: '1', LOG_FORMAT: 'json' });
    await witness.until(of('shared'), (seen) => conditionOf(seen, 'Ready') === 'False EnvNotAllowed');
    await another({ LOG_FORMAT: 'json' });
    await witness.untilTemplate(of('shared'), ({ env }) => env['LOG_FORMAT'] === 'json');
    const seen = await witness.until(of('shared'), runs('1.0.0'));
    expect(conditionOf(seen, 'Ready')).toBe('True UpToDate');
  });

  it('that run already stay when a publisher forbids them, also where the Deployment is deleted after that', async () => {
    await publish('tightened', '1.0.0');
    await install('tightened', { provider: 'tightened/web', version: '1.0.0', config: { DEBUG: '1' } });
    await publish('tightened', release('1.0.0', { tenantEnv: [] }));
    await kubectl(['delete', 'deployment', 'tightened', '-n', namespace]);
    await witness.until(of('tightened'), (seen) => conditionOf(seen, 'Ready') !== 'True UpToDate');
    const seen = await witness.until(of('tightened'), runs('1.0.0'));
    expect(conditionOf(seen, 'Ready')).toBe('True UpToDate');
    const { spec } = await get<DeploymentObject>('deployment', 'tightened', namespace);
    expect(spec.template.spec.containers[0]?.env).toContainEqual({ name: 'DEBUG', value: '1' });
  });

  it.each([
    'SHELLOPTS',
    'PS4',
    'PYTHONWARNINGS',
    'PHPRC',
    'LUA_INIT',
    'DOTNET_STARTUP_HOOKS',
    'GIT_SSH_COMMAND',
    'JAVA_OPTS',
  ])('run no code by %s', async (name) => {
    const own = name.toLowerCase().replaceAll('_', '-');
    await publish(`code-${own}`, '1.0.0');
    await as(
      tenant,
      installation(namespace, own, { provider: `code-${own}/web`, version: '1.0.0', config: { [name]: 'x' } }),
    );
    const refused = await witness.until(of(own), (seen) => conditionOf(seen, 'Ready') === 'False ReservedEnvName');
    expect(messageOf(refused, 'Ready')).toBe(
      `Remove "${name}" from config and configFrom, or ask the platform team to let tenants set it in unreservedEnvNames`,
    );
  });
});
