import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanUp, installation, prepare, provider, release } from './support/cluster.ts';
import {
  apply,
  eventually,
  get,
  kubectl,
  waitFor,
  type DeploymentObject,
  type InstallationObject,
  type KubernetesObject,
} from './support/kubectl.ts';
import { startOperator, type RunningOperator } from './support/operator.ts';
import { PATIENTLY } from './support/patience.ts';

const namespace = 'story';
let operator: RunningOperator;

beforeAll(async () => {
  await prepare(namespace);
  operator = await startOperator();
});
// Hooks run in reverse order, so the operator ends last, even if another hook fails.
afterAll(() => operator.stop());
afterAll(() => cleanUp(namespace));

const pi = (name: string) => get<InstallationObject>('pi', name, namespace);
const deployment = (name: string) => get<DeploymentObject>('deployment', name, namespace);
const readyOf = ({ status }: InstallationObject) => {
  const ready = status.conditions?.find((c) => c.type === 'Ready');
  return `${ready?.status} ${ready?.reason}`;
};

/** Changes the spec and waits, as a script would, until that generation is Ready. */
async function edit(name: string, spec: object): Promise<InstallationObject> {
  await kubectl(['patch', 'pi', name, '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec })]);
  await waitFor('Ready', `pi/${name}`, namespace);
  return pi(name);
}

/** Waits until the Deployment is as `check` wants it. `npm run bench` measures how long that takes. */
function heals(check: (d: DeploymentObject) => boolean): Promise<DeploymentObject> {
  return eventually(async () => {
    const d = await deployment('manual');
    return check(d) && d;
  });
}

describe('the main job', () => {
  it('installs a provider for each policy and tier', async () => {
    await apply(
      provider('acme', '1.0.0'),
      installation(namespace, 'manual', { provider: 'acme/web', version: '1.0.0', config: { LOG_LEVEL: 'info' } }),
      installation(namespace, 'auto', { provider: 'acme/web', upgradePolicy: 'auto', resourceTier: 'free' }),
    );
    await Promise.all(['manual', 'auto'].map((name) => waitFor('Ready', `pi/${name}`, namespace)));
    expect(await kubectl(['get', 'pi', '-n', namespace, '--no-headers'])).toMatch(
      /auto +acme\/web +1\.0\.0 +1\.0\.0 +auto +free +True +UpToDate +False .*\nmanual +acme\/web +1\.0\.0 +1\.0\.0 +manual +standard +True +UpToDate +False /,
    );
    const [service] = [await get<KubernetesObject & { spec: { ports: object[] } }>('service', 'manual', namespace)];
    expect(service.spec.ports).toMatchObject([{ name: 'http', port: 80, targetPort: 'http' }]);
  });

  it('moves the automatic one when a release is published, and only that one', async () => {
    await apply(provider('acme', '1.0.0', '1.1.0'));
    await eventually(async () => (await pi('auto')).status.currentVersion === '1.1.0');
    expect(readyOf(await pi('auto'))).toBe('True UpToDate');
    expect((await deployment('auto')).spec.template.spec.containers[0]?.image).toBe(
      'registry.example.com/acme/web:1.1.0',
    );
    const manual = await eventually(async () => {
      const seen = await pi('manual');
      return readyOf(seen) === 'True UpgradeAvailable' && seen;
    });
    expect(manual.status).toMatchObject({ currentVersion: '1.0.0', latestVersion: '1.1.0' });
    expect((await deployment('manual')).spec.template.spec.containers[0]?.image).toBe(
      'registry.example.com/acme/web:1.0.0',
    );
  });

  it('moves the manual one when its owner says so', async () => {
    expect((await edit('manual', { version: '1.1.0' })).status).toMatchObject({
      currentVersion: '1.1.0',
      previousVersion: '1.0.0',
    });
  });

  it('changes replicas and resources with the tier, and no version', async () => {
    await edit('manual', { resourceTier: 'performance' });
    const { spec } = await deployment('manual');
    expect(spec.replicas).toBe(3);
    expect(spec.template.spec.containers[0]).toMatchObject({
      image: 'registry.example.com/acme/web:1.1.0',
      resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2', memory: '2Gi' } },
    });
    await get('pdb', 'manual', namespace);
    await edit('manual', { resourceTier: 'standard' });
    expect(await kubectl(['get', 'pdb', '-n', namespace, '-o', 'name'])).toBe('');
  });

  it('changes variables with the config, and no version; whatever the values are, it comes to rest', async () => {
    const { status } = await edit('manual', {
      config: { LOG_LEVEL: 'debug', EMPTY: '', DOLLAR: '$(X)', CPU: '1000m' },
    });
    expect(status.currentVersion).toBe('1.1.0');
    const before = await deployment('manual');
    expect(before.spec.template.spec.containers[0]?.env).toEqual([
      { name: 'CPU', value: '1000m' },
      { name: 'DOLLAR', value: '$$(X)' },
      { name: 'EMPTY' },
      { name: 'LOG_LEVEL', value: 'debug' },
    ]);
    await kubectl(['label', 'pi', 'manual', '-n', namespace, 'woken=up']);
    await eventually(async () => operator.output().includes('Reported the status'));
    expect((await deployment('manual')).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });

  it('takes a ConfigMap that configFrom names, waits for it, and follows its changes', async () => {
    const configFrom = [{ name: 'GREETING', configMapKeyRef: { name: 'greeting', key: 'text' } }];
    await kubectl([
      'patch',
      'pi',
      'manual',
      '-n',
      namespace,
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { configFrom } }),
    ]);
    await eventually(async () => readyOf(await pi('manual')) === 'False ConfigMapNotFound');
    await kubectl(['create', 'configmap', 'greeting', '-n', namespace, '--from-literal=text=hello']);
    await waitFor('Ready', 'pi/manual', namespace);
    const hashOf = (d: DeploymentObject) => d.spec.template.metadata.annotations['provider-operator.io/config-hash'];
    const before = hashOf(await deployment('manual'));
    await kubectl(['patch', 'configmap', 'greeting', '-n', namespace, '-p', '{"data":{"text":"bye"}}']);
    await eventually(async () => hashOf(await deployment('manual')) !== before);
    await waitFor('Ready', 'pi/manual', namespace);
    await edit('manual', { configFrom: null });
  });
});

describe('the operator', () => {
  it('puts the image back', async () => {
    await kubectl(['set', 'image', 'deployment/manual', 'provider=evil:1', '-n', namespace]);
    await heals((d) => d.spec.template.spec.containers[0]?.image === 'registry.example.com/acme/web:1.1.0');
  });

  it('puts the number of pods back', async () => {
    await kubectl(['scale', 'deployment/manual', '--replicas=7', '-n', namespace]);
    await heals((d) => d.spec.replicas === 2);
  });

  it('puts the labels back by which it knows a child, also when the one that it watches by is gone', async () => {
    await kubectl([
      'label',
      'deployment/manual',
      'provider-operator.io/installation=me',
      '--overwrite',
      '-n',
      namespace,
    ]);
    await heals((d) => d.metadata.labels?.['provider-operator.io/installation'] === 'manual');
    await kubectl(['label', 'deployment/manual', 'provider-operator.io/installation-', '-n', namespace]);
    await heals((d) => d.metadata.labels?.['provider-operator.io/installation'] === 'manual');
  });

  it('makes a deleted Deployment anew', async () => {
    const { uid } = (await deployment('manual')).metadata;
    await kubectl(['delete', 'deployment/manual', '-n', namespace, '--wait=false']);
    await heals((d) => d.metadata.uid !== uid);
    await waitFor('Ready', 'pi/manual', namespace);
  });

  it('makes a deleted Service anew', async () => {
    await kubectl([
      'patch',
      'service/manual',
      '-n',
      namespace,
      '--type=merge',
      '-p',
      '{"spec":{"selector":{"app":"evil"}}}',
    ]);
    await eventually(async () => {
      const { spec } = await get<{ spec: { selector: Record<string, string> } }>('service', 'manual', namespace);
      return spec.selector['provider-operator.io/installation'] === 'manual' && spec;
    });
  });

  it('says in an event what it undid, each time', async () => {
    const events = await kubectl([
      'get',
      'events',
      '-n',
      namespace,
      '--field-selector=reason=DriftHealed',
      '-o',
      'jsonpath={.items[*].message}',
    ]);
    expect(events).toContain('Restored Deployment: spec.replicas was changed by "kubectl"');
    expect(events).toContain(
      'Restored Deployment: spec.template.spec.containers[name=provider].image was changed by "kubectl-set"',
    );
  });
});

describe('what is not the operator’s', () => {
  it('foreign fields stay', async () => {
    await kubectl(['label', 'deployment/manual', 'team=shop', '-n', namespace]);
    await kubectl(['annotate', 'deployment/manual', 'note=keep', '-n', namespace]);
    await edit('manual', { config: { LOG_LEVEL: 'error' } });
    const { metadata } = await deployment('manual');
    expect(metadata).toMatchObject({ labels: { team: 'shop' }, annotations: { note: 'keep' } });
  });

  it('kubectl rollout restart is not undone', async () => {
    await kubectl(['rollout', 'restart', 'deployment/manual', '-n', namespace]);
    await kubectl(['rollout', 'status', 'deployment/manual', '-n', namespace, PATIENTLY]);
    await waitFor('Ready', 'pi/manual', namespace);
    const { spec } = await deployment('manual');
    expect(spec.template.metadata.annotations).toHaveProperty(['kubectl.kubernetes.io/restartedAt']);
  });

  it('a foreign Deployment of the same name is left alone and named', async () => {
    await kubectl(['create', 'deployment', 'taken', '-n', namespace, '--image=mine', '--replicas=1']);
    const before = await deployment('taken');
    await apply(installation(namespace, 'taken', { provider: 'acme/web' }));
    await waitFor('Stalled', 'pi/taken', namespace);
    expect((await pi('taken')).status.conditions?.find((c) => c.type === 'Ready')).toMatchObject({
      reason: 'NameConflict',
      message:
        'Deployment "taken" belongs to somebody else and is left alone: delete it, or install under another name',
    });
    const after = await deployment('taken');
    expect(after.spec).toEqual(before.spec);
    expect(after.metadata.ownerReferences).toBeUndefined();
    await kubectl(['delete', 'pi/taken', 'deployment/taken', '-n', namespace]);
  });

  it('a Service without a selector, which conflicts with nothing, is left alone too', async () => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'legacy', namespace },
      spec: { ports: [{ name: 'pg', port: 5432 }] },
    };
    await apply(service, installation(namespace, 'legacy', { provider: 'acme/web' }));
    await waitFor('Stalled', 'pi/legacy', namespace);
    const { metadata, spec } = await get<KubernetesObject & { spec: { selector?: object; ports: object[] } }>(
      'service',
      'legacy',
      namespace,
    );
    expect(metadata.ownerReferences).toBeUndefined();
    expect(spec).not.toHaveProperty('selector');
    expect(spec.ports).toHaveLength(1);
    await kubectl(['delete', 'service/legacy', '-n', namespace]);
    await waitFor('Ready', 'pi/legacy', namespace);
    await kubectl(['delete', 'pi/legacy', '-n', namespace]);
  });

  it('a paused Deployment is named, and goes on when it is resumed', async () => {
    await kubectl(['rollout', 'pause', 'deployment/manual', '-n', namespace]);
    await kubectl([
      'patch',
      'pi/manual',
      '-n',
      namespace,
      '--type=merge',
      '-p',
      '{"spec":{"config":{"LOG_LEVEL":"paused"}}}',
    ]);
    await eventually(async () => readyOf(await pi('manual')) === 'False Paused');
    await kubectl(['rollout', 'resume', 'deployment/manual', '-n', namespace]);
    await waitFor('Ready', 'pi/manual', namespace);
  });

  it('an orphan of an earlier installation is adopted, without a restart', async () => {
    await apply(installation(namespace, 'orphan', { provider: 'acme/web', version: '1.1.0' }));
    await waitFor('Ready', 'pi/orphan', namespace);
    const before = await deployment('orphan');
    await kubectl(['delete', 'pi/orphan', '-n', namespace, '--cascade=orphan']);
    await eventually(async () => (await deployment('orphan')).metadata.ownerReferences === undefined);
    await apply(installation(namespace, 'orphan', { provider: 'acme/web', version: '1.1.0' }));
    await waitFor('Ready', 'pi/orphan', namespace);
    const after = await deployment('orphan');
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.spec.template).toEqual(before.spec.template);
    await kubectl(['delete', 'pi/orphan', '-n', namespace]);
  });

  it('an installation that is deleted and made again waits for the old children to go', async () => {
    await apply(installation(namespace, 'again', { provider: 'acme/web', version: '1.0.0' }));
    await waitFor('Ready', 'pi/again', namespace);
    await kubectl(['delete', 'pi/again', '-n', namespace]);
    await apply(installation(namespace, 'again', { provider: 'acme/web', version: '1.1.0' }));
    await waitFor('Ready', 'pi/again', namespace);
    const { uid } = (await pi('again')).metadata;
    expect((await deployment('again')).metadata.ownerReferences).toMatchObject([{ uid }]);
    await kubectl(['delete', 'pi/again', '-n', namespace]);
  });
});

describe('what runs', () => {
  it('needs consent to go back, and goes back with it', async () => {
    await kubectl(['patch', 'pi/manual', '-n', namespace, '--type=merge', '-p', '{"spec":{"version":"1.0.0"}}']);
    await waitFor('Stalled', 'pi/manual', namespace);
    expect((await pi('manual')).status.conditions?.find((c) => c.type === 'Stalled')).toMatchObject({
      reason: 'DowngradeRefused',
      message: expect.stringContaining('Set version 1.1.0 to stay') as string,
    });
    expect((await deployment('manual')).spec.template.spec.containers[0]?.image).toBe(
      'registry.example.com/acme/web:1.1.0',
    );
    await edit('manual', { version: '1.1.0' });
    await apply(provider('acme', '1.0.0', release('1.1.0', { downgradableTo: '>=1.0.0' })));
    const { status } = await edit('manual', { version: '1.0.0', upgrade: { allowDowngradeTo: '1.0.0' } });
    expect(status.currentVersion).toBe('1.0.0');
    await edit('manual', { version: '1.1.0', upgrade: null });
  });

  it('is rebuilt in the status when that is wiped, and nothing moves', async () => {
    const before = await deployment('manual');
    await kubectl([
      'patch',
      'pi/manual',
      '-n',
      namespace,
      '--subresource=status',
      '--type=json',
      '-p',
      '[{"op":"remove","path":"/status"}]',
    ]);
    await eventually(async () => (await pi('manual')).status.currentVersion === '1.1.0');
    await waitFor('Ready', 'pi/manual', namespace);
    expect((await deployment('manual')).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });

  it('is frozen by suspend, and can still be deleted', async () => {
    await apply(installation(namespace, 'frozen', { provider: 'acme/web', version: '1.0.0' }));
    await waitFor('Ready', 'pi/frozen', namespace);
    await edit('frozen', { suspend: true });
    await kubectl(['patch', 'pi/frozen', '-n', namespace, '--type=merge', '-p', '{"spec":{"version":"1.1.0"}}']);
    await eventually(async () => readyOf(await pi('frozen')) === 'False Suspended');
    await kubectl(['scale', 'deployment/frozen', '--replicas=1', '-n', namespace]);
    await kubectl(['rollout', 'status', 'deployment/frozen', '-n', namespace, PATIENTLY]);
    expect(await deployment('frozen')).toMatchObject({ spec: { replicas: 1 } });
    await edit('frozen', { suspend: false });
    expect(await deployment('frozen')).toMatchObject({ spec: { replicas: 2 } });
    await edit('frozen', { suspend: true });
    await kubectl(['delete', 'pi/frozen', '-n', namespace]);
    await eventually(
      async () => !(await kubectl(['get', 'deployment,service', '-n', namespace, '-o', 'name'])).includes('frozen'),
    );
  });

  it('stays when the Provider is deleted', async () => {
    const before = await deployment('manual');
    await kubectl(['delete', 'provider', 'acme.web']);
    await eventually(async () =>
      (await pi('manual')).status.conditions?.some(
        (c) => c.type === 'UpdateAvailable' && c.reason === 'CatalogueUnavailable',
      ),
    );
    expect(readyOf(await pi('manual'))).toBe('True UpToDate');
    expect((await deployment('manual')).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    await apply(provider('acme', '1.0.0', '1.1.0'));
  });

  it('goes with the installation', async () => {
    await edit('manual', { resourceTier: 'performance' });
    await kubectl(['delete', 'pi', '--all', '-n', namespace]);
    await eventually(
      async () => (await kubectl(['get', 'deployment,service,pdb,pod', '-n', namespace, '-o', 'name'])) === '',
    );
  });
});
