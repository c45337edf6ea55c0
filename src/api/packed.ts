import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** What most Deployments have in common: the nearer to the end, the cheaper to point at. */
const DICTIONARY = Buffer.from(
  JSON.stringify({
    metadata: {
      labels: {
        'provider-operator.io/installation': '',
        'provider-operator.io/provider': '',
        'provider-operator.io/version': '1.0.0',
      },
      annotations: {
        'provider-operator.io/applied': '',
        'provider-operator.io/committed': 'wish= tier= release=',
        'provider-operator.io/rollout': 'trigger=Install started=2026-01-01T00:00:00Z wish= stable=',
        'provider-operator.io/stable-version': '1.0.0',
      },
    },
    spec: {
      minReadySeconds: 10,
      progressDeadlineSeconds: 600,
      replicas: 2,
      revisionHistoryLimit: 3,
      selector: { matchLabels: { 'provider-operator.io/installation': '' } },
      strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 }, type: 'RollingUpdate' },
      template: {
        metadata: {
          annotations: {
            'provider-operator.io/config-hash': '',
            'provider-operator.io/inputs-hash': '',
            'provider-operator.io/version': '1.0.0',
          },
          labels: {},
        },
        spec: {
          automountServiceAccountToken: false,
          containers: [
            {
              env: [
                { name: '', value: '' },
                { name: '', valueFrom: { secretKeyRef: { key: '', name: '' } } },
              ],
              image: 'registry.example.com/',
              lifecycle: { preStop: { sleep: { seconds: 5 } } },
              name: 'provider',
              ports: [{ containerPort: 8080, name: 'http', protocol: 'TCP' }],
              readinessProbe: { periodSeconds: 10, tcpSocket: { port: 'http' } },
              resources: {
                limits: { cpu: '250m', memory: '256Mi' },
                requests: { cpu: '50m', memory: '64Mi' },
              },
              securityContext: {
                allowPrivilegeEscalation: false,
                capabilities: { drop: ['ALL'] },
                runAsNonRoot: true,
                seccompProfile: { type: 'RuntimeDefault' },
              },
            },
          ],
          topologySpreadConstraints: [
            {
              labelSelector: {},
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
            },
          ],
        },
      },
    },
  }),
);

/**
 * Made for texts of a few KiB. By default zlib sets 256 KiB aside for each call, and Node 16 KiB for what comes out: twice
 * the time, and 2 MiB of holes in the heap of C after a thousand installs.
 */
const SMALL = { dictionary: DICTIONARY, windowBits: 13, memLevel: 5 };

/** A text of a few hundred characters for JSON of a few thousand: a thousand Deployments are kept in memory like this. */
export function pack(text: string): string {
  return deflateRawSync(text, { ...SMALL, chunkSize: 1024 }).toString('latin1');
}

export function unpack(packed: string): string {
  return inflateRawSync(Buffer.from(packed, 'latin1'), { ...SMALL, chunkSize: 4096 }).toString('utf8');
}
