import { afterAll, afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { auditEnd, readAudit } from '../../control-plane/audit.ts';
import { auditLog, cleanUp, installation, prepare, provider } from '../support/cluster.ts';
import { apply, eventually, get, kubectl, waitFor, type DeploymentObject } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';

const namespace = 'secrets';
const canary = 'canary-7f3e1b';
const spec = {
  provider: 'discreet/web',
  version: '1.0.0',
  configFrom: [{ name: 'DB_PASSWORD', secretKeyRef: { name: 'database', key: 'password' } }],
};
let operator: RunningOperator;
let auditedFrom = 0;

async function begin(watchSecrets: boolean): Promise<void> {
  await prepare(namespace, { watchSecrets });
  auditedFrom = inject('controlPlane').disposable ? await auditEnd(auditLog()) : 0;
  operator = await startOperator({ WATCH_SECRETS: String(watchSecrets), LOG_LEVEL: 'trace' });
  await kubectl(['create', 'secret', 'generic', 'database', '-n', namespace, `--from-literal=password=${canary}`]);
  await apply(provider('discreet', '1.0.0'), installation(namespace, 'web', spec));
  // The garbage collector looks for new kinds only every 30 s. Until then, children of an earlier installation are in
  // the way.
  await waitFor('Ready', 'pi/web', namespace);
}

afterEach(async () => {
  await operator.stop();
  await kubectl(['delete', 'secret', '--all', '-n', namespace]);
  await kubectl(['delete', 'pi', '--all', '-n', namespace]);
  await kubectl(['delete', 'deployment', '--all', '-n', namespace]);
});

afterAll(() => cleanUp(namespace));

/** Everything that the operator says or writes. */
async function everythingSaid(): Promise<string> {
  const metrics = await (await fetch(`${operator.url}/metrics`)).text();
  const objects = await kubectl([
    'get',
    'pi,prov,events,deployments,services',
    '-A',
    '-o',
    'json',
    '--show-managed-fields',
  ]);
  return [operator.output(), metrics, objects].join('\n');
}

describe('without WATCH_SECRETS', () => {
  beforeEach(() => begin(false));

  it('asks for no Secret at all, and never says what is in one', async (context) => {
    const [env] =
      (await get<DeploymentObject>('deployment', 'web', namespace)).spec.template.spec.containers[0]?.env ?? [];
    expect(env).toEqual({ name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: 'database', key: 'password' } } });
    const said = await everythingSaid();
    expect(said).toContain('DB_PASSWORD');
    expect(said).not.toContain(canary);
    expect(said).not.toContain(Buffer.from(canary).toString('base64'));

    context.skip(!inject('controlPlane').disposable, 'The audit log is only there on a control plane of our own');
    const { events } = await readAudit(auditLog(), auditedFrom);
    const ofOperator = events.filter((e) => e.userAgent.startsWith('provider-operator/'));
    expect(ofOperator.length).toBeGreaterThan(0);
    expect(ofOperator.filter((e) => e.resource === 'secrets')).toEqual([]);
  });
});

describe('with WATCH_SECRETS', () => {
  beforeEach(() => begin(true));

  it('rolls out when the content changes, and never says what it is', async () => {
    const hash = async () =>
      (await get<DeploymentObject>('deployment', 'web', namespace)).spec.template.metadata.annotations[
        'provider-operator.io/config-hash'
      ];
    const before = await hash();
    const other = `${canary}-other`;
    await kubectl([
      'patch',
      'secret',
      'database',
      '-n',
      namespace,
      '-p',
      JSON.stringify({ stringData: { password: other } }),
    ]);
    await eventually(async () => (await hash()) !== before);
    await waitFor('Ready', 'pi/web', namespace);

    const said = await everythingSaid();
    expect(said).toContain('DB_PASSWORD');
    expect(said).not.toContain(canary);
    expect(said).not.toContain(Buffer.from(other).toString('base64'));
  });
});
