import { describe, expect, it } from 'vitest';
import { claimed, contestOf, takenOver } from '../../../src/cluster/contested-fields.ts';

const POD = ['f:spec', 'f:template', 'f:spec'];
const inPod = (fields: object) => ({ 'f:spec': { 'f:template': { 'f:spec': fields } } }) as never;
const container = (fields: object) => inPod({ 'f:containers': { 'k:{"name":"provider"}': { '.': {}, ...fields } } });
const leaf = {};

const ours = {
  manager: 'us',
  operation: 'Apply',
  time: '2026-01-01T00:00:00Z',
  fieldsV1: container({
    'f:name': leaf,
    'f:image': leaf,
    'f:env': { 'k:{"name":"A"}': { '.': {}, 'f:name': leaf, 'f:value': leaf } },
  }),
};
const by = (manager: string, fieldsV1: object, more: object = {}) =>
  ({ manager, operation: 'Update', time: '2026-01-02T00:00:00Z', fieldsV1, ...more }) as typeof ours;
const object = (...others: (typeof ours)[]) => ({ metadata: { managedFields: [ours, ...others] } });

describe('a contest', () => {
  it.each([
    ['another source of a variable', container({ 'f:env': { 'k:{"name":"A"}': { 'f:valueFrom': leaf } } })],
    ['another container', inPod({ 'f:containers': { 'k:{"name":"evil"}': { '.': {}, 'f:name': leaf } } })],
    ['the network of the host', inPod({ 'f:hostNetwork': leaf })],
    ['a volume', inPod({ 'f:volumes': { '.': {}, 'k:{"name":"host"}': { 'f:hostPath': leaf } } })],
  ])('is about %s', (_, fields) => {
    expect(contestOf(object(by('kubectl-set', fields)), 'us', [POD])).toMatchObject({ manager: 'kubectl-set' });
  });

  it.each([
    ['a label', by('kubectl-label', { 'f:metadata': { 'f:labels': { 'f:team': leaf } } })],
    ['the time of a restart', by('kubectl-rollout', { 'f:spec': { 'f:template': { 'f:metadata': leaf } } })],
    ['the number of pods', by('hpa', { 'f:spec': { 'f:replicas': leaf } }, { subresource: 'scale' })],
    // k3s-io/helm-controller#343: a value that was put back is the same, whoever owns it
    ['what ours has as well', by('kubectl-edit', container({ 'f:image': leaf }))],
    [
      'the keys of what ours has',
      by('velero', container({ 'f:name': leaf, 'f:env': { '.': {}, 'k:{"name":"A"}': { '.': {} } } })),
    ],
    ['a status', by('kube-controller-manager', inPod({ 'f:hostPID': leaf }), { subresource: 'status' })],
  ])('is not about %s', (_, other) => {
    expect(contestOf(object(other), 'us', [POD])).toBeUndefined();
  });

  it('is there where nothing is ours', () => {
    const { manager } = contestOf({ metadata: { managedFields: [by('velero', ours.fieldsV1)] } }, 'us', [POD]) ?? {};
    expect(manager).toBe('velero');
  });

  const pod = (spec: object, fields: object = {}) => ({
    ...object(),
    spec: {
      template: {
        spec: {
          ...spec,
          containers: [{ name: 'provider', image: 'web:1', env: [{ name: 'A', value: '1' }], ...fields }],
        },
      },
    },
  });

  it.each<[string, object, object]>([
    ['the network of the host', pod({ hostNetwork: true }), inPod({ 'f:hostNetwork': leaf })],
    ['another name server', pod({ dnsPolicy: 'None' }), inPod({ 'f:dnsPolicy': leaf })],
    [
      'a security context',
      pod({ securityContext: { runAsUser: 0 } }),
      inPod({ 'f:securityContext': { 'f:runAsUser': leaf } }),
    ],
    [
      'a port of the node, which comes with the network of the host',
      pod({}, { ports: [{ containerPort: 1, protocol: 'TCP', hostPort: 1 }] }),
      {},
    ],
    [
      'a probe',
      pod({}, { livenessProbe: { exec: { command: ['true'] }, periodSeconds: 10 } }),
      inPod({
        'f:containers': { 'k:{"name":"provider"}': { 'f:livenessProbe': { 'f:exec': { 'f:command': leaf } } } },
      }),
    ],
  ])('is about what is in no entry: %s', (_, live, fields) => {
    const contest = contestOf(live, 'us', [POD]);
    expect(contest).toMatchObject({ manager: undefined, fields });
  });

  it.each<[string, object]>([
    [
      'what the API server fills in',
      pod(
        {
          restartPolicy: 'Always',
          dnsPolicy: 'ClusterFirst',
          schedulerName: 'default-scheduler',
          terminationGracePeriodSeconds: 30,
          securityContext: {},
        },
        {
          imagePullPolicy: 'IfNotPresent',
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
      ),
    ],
    ['an object of which nobody kept account', { spec: { template: { spec: { hostNetwork: true } } } }],
  ])('is not about %s', (_, live) => {
    expect(contestOf(live, 'us', [POD])).toBeUndefined();
  });

  it('names only what is contested', () => {
    const fields = container({ 'f:image': leaf, 'f:command': leaf });
    expect(contestOf(object(by('kubectl-edit', fields)), 'us', [POD])?.fields).toEqual(
      inPod({ 'f:containers': { 'k:{"name":"provider"}': { 'f:command': leaf } } }),
    );
  });
});

describe('taking over', () => {
  it('moves all that others have there, and nothing else', () => {
    const label = { 'f:metadata': { 'f:labels': { 'f:team': leaf } } };
    const mixed = by('kubectl-edit', { ...label, ...(inPod({ 'f:hostPID': leaf }) as object) });
    const alone = by('kubectl-set', container({ 'f:command': leaf }));
    const scale = by('hpa', { 'f:spec': { 'f:replicas': leaf } }, { subresource: 'scale' });

    expect(takenOver(object(mixed, alone, scale), 'us', [POD])).toEqual([
      {
        ...ours,
        fieldsV1: inPod({
          'f:containers': {
            'k:{"name":"provider"}': {
              '.': {},
              'f:name': leaf,
              'f:image': leaf,
              'f:env': { 'k:{"name":"A"}': { '.': {}, 'f:name': leaf, 'f:value': leaf } },
              'f:command': leaf,
            },
          },
          'f:hostPID': leaf,
        }),
      },
      { ...mixed, fieldsV1: label },
      scale,
    ]);
  });

  // fluxcd/kustomize-controller#1722: what two own stays when one of them drops it
  it('takes what ours has as well', () => {
    const [taken, ...others] = takenOver(object(by('kubectl-edit', container({ 'f:image': leaf }))), 'us', [POD]) ?? [];
    expect([taken, others]).toEqual([ours, []]);
  });

  it.each([
    ['others have nothing there', object(by('kubectl-label', { 'f:metadata': leaf }))],
    ['nobody owns anything', {}],
  ])('is nothing where %s', (_, live) => {
    expect(takenOver(live, 'us', [POD])).toBeUndefined();
  });
});

describe('claiming', () => {
  const live = (spec: object, ...others: (typeof ours)[]) => ({
    ...object(...others),
    spec: { replicas: 2, template: { spec } },
  });
  const pod = (spec: object) => ({ containers: [{ name: 'provider', image: 'web:1', ...spec }] });

  it.each<[string, object, object]>([
    [
      'a handler that nobody owns',
      pod({ readinessProbe: { exec: { command: ['true'] } } }),
      container({ 'f:readinessProbe': { 'f:exec': { 'f:command': leaf } } }),
    ],
    [
      'a port, by its number and protocol',
      pod({ ports: [{ containerPort: 81, protocol: 'TCP' }] }),
      container({
        'f:ports': {
          'k:{"containerPort":81,"protocol":"TCP"}': { '.': {}, 'f:containerPort': leaf, 'f:protocol': leaf },
        },
      }),
    ],
    [
      'a variable, by its name',
      pod({ env: [{ name: 'B', value: '' }] }),
      container({ 'f:env': { 'k:{"name":"B"}': { '.': {}, 'f:name': leaf, 'f:value': leaf } } }),
    ],
    ['a list of one piece', { tolerations: [{ key: 'a' }] }, inPod({ 'f:tolerations': leaf })],
    [
      'a map',
      pod({ resources: { limits: { cpu: '1' } } }),
      container({ 'f:resources': { 'f:limits': { 'f:cpu': leaf } } }),
    ],
    ['an object of one piece', { nodeSelector: { 'a.b/c': 'd' } }, inPod({ 'f:nodeSelector': leaf })],
  ])('takes %s', (_, spec, fields) => {
    const [taken] = claimed(live(spec), 'us', [POD]);
    expect(taken?.fieldsV1).toMatchObject(fields);
    expect(taken?.fieldsV1).toMatchObject(ours.fieldsV1);
    expect(taken?.fieldsV1).not.toHaveProperty(['f:spec', 'f:replicas']);
  });

  it('takes what others own as well, and leaves them the rest', () => {
    const mixed = by('kubectl-edit', { 'f:metadata': leaf, ...(inPod({ 'f:hostPID': leaf }) as object) });
    const [taken, ...others] = claimed(live({ hostPID: true }, mixed), 'us', [POD]) ?? [];
    expect(taken?.fieldsV1).toMatchObject(inPod({ 'f:hostPID': leaf }));
    expect(others).toEqual([{ ...mixed, fieldsV1: { 'f:metadata': leaf } }]);
  });

  it('makes an entry of ours, where it was lost', () => {
    const { metadata: _, ...bare } = live({ hostPID: true });
    const entry = { manager: 'us', operation: 'Apply', apiVersion: 'apps/v1', fieldsType: 'FieldsV1' };
    expect(claimed({ apiVersion: 'apps/v1', ...bare }, 'us', [POD])).toEqual([
      { ...entry, fieldsV1: inPod({ 'f:hostPID': leaf }) },
    ]);
    const velero = { apiVersion: 'apps/v1', metadata: { managedFields: [by('velero', ours.fieldsV1)] } };
    expect(takenOver(velero, 'us', [POD])).toEqual([{ ...entry, fieldsV1: ours.fieldsV1 }]);
  });
});
