import { readFileSync } from 'node:fs';
import { Agent } from 'undici';
import { beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { FIELD_MANAGER, LABEL, LEFT_TO_OTHERS, MARKER } from '../../../src/api/names.ts';
import { CHART, RELEASE, type GivenValues } from '../../chart/helm.ts';
import { installation, provider } from '../support/cluster.ts';
import { eventually } from '../support/kubectl.ts';
import { launchOperator } from '../support/operator.ts';
import { PATIENTLY } from '../support/patience.ts';
import {
  APPLY,
  applyAs,
  apps,
  BUDGET,
  containerOf,
  deployment,
  JSON_PATCH,
  managers,
  MERGE,
  mergeAs,
  NOTE,
  own,
  ownEntries,
  RECORD,
  rewrite,
  SERVICE,
  TENANT,
  WEB,
  withImage,
  type Entry,
  type Live,
  type Sent,
} from './forging.ts';
import { useOwnPlane } from './own-plane.ts';

/**
 * The optional policy of the chart: what others may not write under the names of the operator's field managers, and what
 * everybody may still write. Behind each case is the public report that it comes from, where there is one.
 */
const { disposable } = inject('controlPlane');
const OPERATORS = 'operators';
const OPERATOR = `system:serviceaccount:${OPERATORS}:${RELEASE}`;
const ANOTHER_MANAGER = 'Use another field manager: only the operator writes as';
const NEW_ENTRY = 'Use another field manager (by fieldManager, or as user agent) and leave managedFields out';
const CLEARED = 'Leave managedFields out: those of the operator must not be cleared';
const GROWN = 'Leave managedFields out: nobody gives the operator more fields';

describe.skipIf(!disposable)("the names of the operator's field managers", () => {
  const plane = useOwnPlane({ nodes: 1 });
  const { kubectl, apply } = plane;
  let send: (sent: Sent) => Promise<{ status: number; body: { message?: string } }>;

  function install(values: GivenValues): Promise<string> {
    const args = ['upgrade', '--install', RELEASE, CHART, `--namespace=${OPERATORS}`, '--values=-'];
    return plane.helm.ok(args, { replicaCount: 0, config: { defaults: { stableSeconds: 0 } }, ...values });
  }

  /** Lets the operator work until everything is as it should be. Its account has the rights of the chart only. */
  async function operate(until: () => Promise<unknown>): Promise<void> {
    const KUBECONFIG = await plane.actAs(OPERATORS, RELEASE);
    const operator = await launchOperator({ KUBECONFIG, POD_NAMESPACE: OPERATORS }, 'defaults: {stableSeconds: 0}');
    try {
      await until();
    } finally {
      operator.signal('SIGTERM');
      await operator.ended;
    }
  }

  function comesTo(version: string): Promise<unknown> {
    return eventually(async () => {
      const path =
        '{.status.currentVersion} {.status.conditions[?(@.type=="Ready")].status} {.status.observedGeneration} {.metadata.generation}';
      const seen = (await kubectl(['get', 'pi/web', '-n', TENANT, '-o', `jsonpath=${path}`])).split(' ');
      return seen[0] === version && seen[1] === 'True' && seen[2] === seen[3];
    });
  }

  /** Acts as somebody who may do everything, but is not the operator. */
  function edit(args: readonly string[], input?: object | string): Promise<string> {
    return kubectl([...args, '--as=editor', '-n', TENANT], input);
  }

  async function live(path: string): Promise<Live> {
    return JSON.parse(await kubectl(['get', '--raw', path])) as Live;
  }

  beforeAll(async () => {
    await plane.addNamespace(OPERATORS);
    await kubectl(['create', 'clusterrolebinding', 'editor', '--clusterrole=cluster-admin', '--user=editor']);
    await install({});
    await apply(provider('acme', '1.0.0', '1.1.0'));
    await apply(installation(TENANT, 'web', { provider: 'acme/web', version: '1.0.0', resourceTier: 'performance' }));
    await operate(() => comesTo('1.0.0'));
    await kubectl(['apply', '-f', '-'], deployment('forged-before'));

    const config = JSON.parse(readFileSync(plane.kubeconfig(), 'utf8')) as {
      clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
      users: { user: { token: string } }[];
    };
    const { server, 'certificate-authority-data': authority } = config.clusters[0]!.cluster;
    const agent = new Agent({ connect: { ca: Buffer.from(authority, 'base64') } });
    send = async ({ method = 'PATCH', path, type = 'application/json', body, userAgent = 'curl/8' }) => {
      const answer = await agent.request({
        origin: server,
        method,
        path,
        headers: {
          authorization: `Bearer ${config.users[0]!.user.token}`,
          'impersonate-user': 'editor',
          'content-type': type,
          'user-agent': userAgent,
        },
        body: JSON.stringify(body),
      });
      return { status: answer.statusCode, body: (await answer.body.json()) as { message?: string } };
    };

    await install({ fieldManagerPolicy: { enabled: true } });
    const forged = { ...deployment('probe') };
    // The API server needs a moment before it applies a new policy and binding.
    await eventually(async () => {
      const { status } = await send({
        method: 'POST',
        path: `${apps('deployments')}?fieldManager=${FIELD_MANAGER}&dryRun=All`,
        body: forged,
      });
      return status === 403;
    });
  });

  it('are in a policy of which the API server understands every expression', async () => {
    const path = '{.status.observedGeneration} {.status.typeChecking.expressionWarnings}';
    const warnings = await eventually(async () => {
      const seen = await kubectl([
        'get',
        'validatingadmissionpolicy',
        `${RELEASE}-field-managers`,
        '-o',
        `jsonpath=${path}`,
      ]);
      return seen.startsWith(' ') ? undefined : seen;
    });

    expect(warnings.trim()).toBe('1');
  });

  describe('are refused to others', () => {
    it.each<[string, string, string, () => Promise<Sent> | Sent]>([
      [
        'a server-side apply',
        'https://github.com/fluxcd/pkg/pull/1157',
        ANOTHER_MANAGER,
        async () => applyAs(FIELD_MANAGER, WEB, withImage(await live(WEB), 'example.com/evil:1')),
      ],
      [
        'a patch',
        'https://github.com/derailed/k9s/issues/3285',
        ANOTHER_MANAGER,
        () => ({
          path: `${WEB}?fieldManager=${FIELD_MANAGER}`,
          type: MERGE,
          body: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } } },
        }),
      ],
      [
        'a patch by a program that has the name as user agent',
        'https://github.com/podman-desktop/podman-desktop/issues/6186',
        NEW_ENTRY,
        () => ({ path: WEB, type: MERGE, body: { spec: { paused: true } }, userAgent: 'provider-operator/1' }),
      ],
      [
        'ownership of an image that somebody else has set',
        'no report: measured',
        GROWN,
        async () => {
          const container = (fields: Entry) => containerOf(fields);
          await edit(['set', 'image', 'deployment/web', 'provider=registry.example.com/acme/evil:1']);
          return rewrite(
            WEB,
            await live(WEB),
            own((entry) => (container(entry)['f:image'] = {})),
          );
        },
      ],
      [
        'ownership of a variable deep inside',
        'no report: measured',
        GROWN,
        async () => {
          await edit(['set', 'env', 'deployment/web', 'EVIL=1']);
          return rewrite(
            WEB,
            await live(WEB),
            own((entry) => {
              const variables = (containerOf(entry)['f:env'] ??= {});
              variables['k:{"name":"EVIL"}'] = { '.': {}, 'f:name': {}, 'f:value': {} };
            }),
          );
        },
      ],
      [
        'ownership of a label',
        'https://github.com/argoproj/argo-cd/issues/6837',
        GROWN,
        async () => {
          await edit(['label', 'deployment/web', 'mine=yes']);
          return rewrite(
            WEB,
            await live(WEB),
            own(({ fieldsV1 }) => (fieldsV1['f:metadata']!['f:labels']!['f:mine'] = {})),
          );
        },
      ],
      [
        'managedFields that are cleared',
        'https://github.com/kubernetes/kubernetes/issues/136919',
        CLEARED,
        () => ({ path: WEB, type: MERGE, body: { metadata: { managedFields: [{}] } } }),
      ],
      [
        'managedFields that are cleared by an empty list, together with an edit',
        'https://github.com/kubernetes/kubernetes/issues/136919',
        CLEARED,
        () => ({ path: WEB, type: MERGE, body: { metadata: { managedFields: [] }, spec: { paused: true } } }),
      ],
      [
        'managedFields without the entry of the operator',
        'https://github.com/fluxcd/kustomize-controller/issues/527',
        CLEARED,
        async () => rewrite(WEB, await live(WEB), () => undefined),
      ],
      [
        'managedFields of a version that there is not, which the API server drops',
        'no report: measured',
        CLEARED,
        async () =>
          rewrite(
            WEB,
            await live(WEB),
            own((entry) => (entry.apiVersion = 'apps/v0')),
          ),
      ],
      [
        'a mark of a record',
        'https://github.com/vshn/espejote/issues/60',
        ANOTHER_MANAGER,
        () => applyAs(MARKER, RECORD, { revision: 1, metadata: { annotations: { [`${LABEL.provider}-x`]: 'x' } } }),
      ],
      [
        'a record',
        'https://github.com/kubernetes/kubernetes/issues/70697',
        ANOTHER_MANAGER,
        () => applyAs(FIELD_MANAGER, apps('controllerrevisions/web-9'), { revision: 9, data: {} }),
      ],
      [
        'the number of pods that is left to others',
        'https://github.com/fluxcd/kustomize-controller/issues/640',
        ANOTHER_MANAGER,
        () => applyAs(LEFT_TO_OTHERS, WEB, { spec: { replicas: 9 } }),
      ],
      [
        'a Service',
        'https://github.com/fluxcd/pkg/pull/1157',
        ANOTHER_MANAGER,
        () => mergeAs(FIELD_MANAGER, SERVICE, { spec: { externalIPs: ['192.0.2.1'] } }),
      ],
      [
        'a PodDisruptionBudget',
        'https://github.com/podman-desktop/podman-desktop/issues/6186',
        NEW_ENTRY,
        () => ({
          path: BUDGET,
          type: MERGE,
          body: { spec: { maxUnavailable: '77%' } },
          userAgent: 'provider-operator/9 (evil)',
        }),
      ],
      [
        'a create',
        'https://github.com/fluxcd/pkg/pull/1157',
        ANOTHER_MANAGER,
        () => ({
          method: 'POST',
          path: `${apps('deployments')}?fieldManager=${FIELD_MANAGER}`,
          body: deployment('forged'),
        }),
      ],
      [
        'a create by a program that has the name as user agent',
        'https://github.com/podman-desktop/podman-desktop/issues/6186',
        NEW_ENTRY,
        () => ({
          method: 'POST',
          path: apps('deployments'),
          body: deployment('forged'),
          userAgent: 'provider-operator/1',
        }),
      ],
      [
        'a whole entry on an object that never was the operator’s, without a label of it',
        'no report: measured',
        NEW_ENTRY,
        async () => {
          const path = apps('deployments/forged-before');
          const [entry] = (await live(path)).metadata.managedFields;
          const forged = { ...entry, manager: FIELD_MANAGER, operation: 'Apply' };
          const body = [{ op: 'add', path: '/metadata/managedFields/-', value: forged }];
          return { path: `${path}?fieldManager=kubectl-edit`, type: JSON_PATCH, body };
        },
      ],
    ])('%s (%s)', async (_, __, message, forge) => {
      const sent = await forge();
      const [path = ''] = sent.path.split('?');
      const before = sent.method === 'POST' || path.endsWith('web-9') ? undefined : await live(path);
      const { status, body } = await send(sent);

      expect([status, body.message]).toEqual([403, expect.stringContaining(message)]);
      expect(before && ownEntries(await live(path))).toEqual(before && ownEntries(before));
    });

    it('also after a label of the operator was taken off', async () => {
      await edit(['label', 'deployment/web', `${LABEL.installation}-`]);
      const { status, body } = await send(
        applyAs(FIELD_MANAGER, WEB, withImage(await live(WEB), 'example.com/evil:1')),
      );

      expect([status, body.message]).toEqual([403, expect.stringContaining(ANOTHER_MANAGER)]);
    });

    it('with kubectl, which says what to do instead (https://github.com/fluxcd/kustomize-controller/issues/640)', async () => {
      const refusal = await edit(['rollout', 'restart', 'deployment/web', `--field-manager=${FIELD_MANAGER}`]).catch(
        String,
      );

      expect(refusal).toContain(`Use another field manager: only the operator writes as "${FIELD_MANAGER}"`);
    });
  });

  describe('leave to everybody', () => {
    const PAUSED = ['patch', 'deployment/web', '--type=merge', '-p'];
    it.each<[string, readonly string[]]>([
      ['a label', ['label', 'deployment/web', 'team=a', '--overwrite']],
      [
        'an annotation that the operator has set',
        ['annotate', 'deployment/web', 'provider-operator.io/applied=x', '--overwrite'],
      ],
      ['a variable', ['set', 'env', 'deployment/web', 'DEBUG=1']],
      ['an image', ['set', 'image', 'deployment/web', 'provider=registry.example.com/acme/web:1.1.0']],
      ['resources', ['set', 'resources', 'deployment/web', '--limits=cpu=3,memory=4Gi']],
      ['a restart', ['rollout', 'restart', 'deployment/web']],
      ['an undo', ['rollout', 'undo', 'deployment/web']],
      ['a pause', ['rollout', 'pause', 'deployment/web']],
      ['its end', ['rollout', 'resume', 'deployment/web']],
      ['a number of pods, as an autoscaler sets it', ['scale', 'deployment/web', '--replicas=4']],
      ['a number of pods by a patch', [...PAUSED, '{"spec":{"replicas":5}}']],
      ['a status', [...PAUSED, '{"status":{"replicas":5}}', '--subresource=status']],
      [
        'another manager whose name begins like ours',
        [...PAUSED, '{"metadata":{"annotations":{"a":"b"}}}', '--field-manager=provider-operator-evil'],
      ],
      [
        'a port of a Service',
        ['patch', 'service/web', '--type=json', '-p', '[{"op":"replace","path":"/spec/ports/0/port","value":81}]'],
      ],
      [
        'a finalizer on a Service',
        ['patch', 'service/web', '--type=merge', '-p', '{"metadata":{"finalizers":["example.com/x"]}}'],
      ],
      ['its removal', ['patch', 'service/web', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']],
      ['a note on a record', ['annotate', 'controllerrevision/web-1', 'note=x']],
      ['the removal of a Service', ['delete', 'service/web']],
      ['the removal of a PodDisruptionBudget', ['delete', 'pdb/web']],
    ])('%s', async (_, args) => {
      await expect(edit(args)).resolves.toMatch(/web/);
    });

    it('kubectl edit', async () => {
      vi.stubEnv('KUBE_EDITOR', 'sed -i s/progressDeadlineSeconds:.*/progressDeadlineSeconds:\\ 77/');
      await edit(['edit', 'deployment/web']).finally(() => vi.unstubAllEnvs());

      expect(
        await kubectl(['get', 'deployment/web', '-n', TENANT, '-o', 'jsonpath={.spec.progressDeadlineSeconds}']),
      ).toBe('77');
    });

    it('kubectl replace with what kubectl get has printed', async () => {
      const printed = await edit(['get', 'deployment/web', '-o', 'yaml']);

      await expect(edit(['replace', '-f', '-'], printed)).resolves.toContain('replaced');
    });

    it('a forced apply that takes what the operator owns', async () => {
      const sent = applyAs('gitops', WEB, withImage(await live(WEB), 'registry.example.com/acme/web:1.1.0'));

      expect((await send(sent)).status).toBe(200);
    });

    it('the number of pods that came by /scale under our name, and is nothing that the operator has applied', async () => {
      const body = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web' }, spec: { replicas: 6 } };
      await send({ path: `${WEB}/scale?fieldManager=${FIELD_MANAGER}&force=true`, type: APPLY, body });
      const scaled = await live(WEB);
      await edit([...PAUSED, '{"spec":{"replicas":7}}']);

      expect(ownEntries(scaled)).toContainEqual(expect.objectContaining({ subresource: 'scale' }));
      expect(ownEntries(await live(WEB))).not.toContainEqual(expect.objectContaining({ subresource: 'scale' }));
    });

    it('the number of pods that was left to others, whose entry ends with that', async () => {
      await kubectl(
        ['apply', '--server-side', `--field-manager=${LEFT_TO_OTHERS}`, `--as=${OPERATOR}`, '-f', '-'],
        deployment('left'),
      );
      await edit(['apply', '--server-side', '--field-manager=hand', '--force-conflicts', '-f', '-'], {
        ...deployment('left'),
        spec: { ...(deployment('left') as { spec: object }).spec, replicas: 1 },
      });
      await edit([
        'patch',
        'deployment/left',
        '--type=json',
        '-p',
        '[{"op":"replace","path":"/spec/replicas","value":2}]',
      ]);
    });
  });

  it('are those of the operator all along: it heals, upgrades and installs', async () => {
    await kubectl(['delete', 'deployment/left', 'deployment/forged-before', '-n', TENANT]);
    await operate(async () => {
      await eventually(async () => (await live(SERVICE)).metadata.labels?.[LABEL.installation] === 'web');
      await eventually(async () => (await live(WEB)).metadata.labels?.[LABEL.installation] === 'web');
      await edit(['patch', 'pi/web', '--type=merge', '-p', '{"spec":{"version":"1.1.0"}}']);
      await comesTo('1.1.0');
    });
    await kubectl(['rollout', 'status', 'deployment/web', '-n', TENANT, PATIENTLY]);
    const { managedFields } = (await live(WEB)).metadata;

    expect(managedFields.filter(({ manager }) => manager === FIELD_MANAGER).map(({ operation }) => operation)).toEqual([
      'Apply',
    ]);
  });

  describe('in a backup', () => {
    const RESTORED = apps('deployments/restored');
    /** As Velero does it: first an object without managedFields, then a patch with those of the backup. */
    async function restore(): Promise<number[]> {
      const { managedFields } = (await live(WEB)).metadata;
      const created = await send({ method: 'POST', path: apps('deployments'), body: deployment('restored') });
      const patched = await send({ path: RESTORED, type: MERGE, body: { metadata: { managedFields } } });
      await edit(['delete', 'deployment/restored', '--ignore-not-found']);
      return [created.status, patched.status];
    }

    it('do not keep the object from being restored, but from being the operator’s (https://github.com/velero-io/velero/issues/5701)', async () => {
      expect(await restore()).toEqual([201, 403]);
    });

    it('keep it from being restored where they come with it, for the API server would keep a part of them', async () => {
      const { managedFields } = (await live(WEB)).metadata;
      const body = deployment('restored', { managedFields });
      const { status, body: answer } = await send({ method: 'POST', path: apps('deployments'), body });

      expect([status, answer.message]).toEqual([403, expect.stringContaining(NEW_ENTRY)]);
    });

    it('are restored by users whom the values name', async () => {
      await install({ fieldManagerPolicy: { enabled: true, users: ['editor'] } });

      await eventually(async () => (await restore()).every((status) => status < 300));
      await install({ fieldManagerPolicy: { enabled: true } });
      await eventually(async () => (await restore())[1] === 403);
    });
  });

  it('are no concern of the garbage collector, which takes the owner from what is orphaned', async () => {
    await edit(['delete', 'pi/web', '--cascade=orphan']);

    await eventually(async () => (await live(WEB)).metadata.ownerReferences === undefined);
    expect(managers(await live(WEB))).toContain(`${FIELD_MANAGER} Apply`);
  });

  it('are free where the policy looks at other namespaces only, or is gone', async () => {
    const sent = mergeAs(FIELD_MANAGER, WEB, NOTE);
    await install({ fieldManagerPolicy: { enabled: true }, watchNamespaces: [OPERATORS] });
    await eventually(async () => (await send(sent)).status === 200);
    await install({ fieldManagerPolicy: { enabled: true }, watchNamespaces: [TENANT] });
    await eventually(async () => (await send(sent)).status === 403);
    await install({});
    await eventually(async () => (await send(sent)).status === 200);
  });
});
