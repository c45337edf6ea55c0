/** How an object without members is written below. */
const EMPTY = '{}';

/**
 * The values that the API server sets where nobody does, in the parts of objects that the operator has alone: managedFields give
 * them to nobody. By the names of the fields, which mean the same wherever they are.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/v1/defaults.go and apps/v1/defaults.go
 *
 * One that is missing here costs three requests for each object after a restart, and is then accepted.
 */
const DEFAULTS: ReadonlyMap<string, readonly unknown[] | 'any'> = new Map(
  Object.entries({
    // Of pods.
    restartPolicy: ['Always'],
    terminationGracePeriodSeconds: [30],
    dnsPolicy: ['ClusterFirst'],
    schedulerName: ['default-scheduler'],
    securityContext: [EMPTY],
    // A copy of `serviceAccountName`.
    serviceAccount: 'any',
    // Of containers. An image that is pulled more often is the same image.
    imagePullPolicy: ['IfNotPresent', 'Always'],
    resources: [EMPTY],
    terminationMessagePath: ['/dev/termination-log'],
    terminationMessagePolicy: ['File'],
    protocol: ['TCP'],
    // Of probes and hooks.
    timeoutSeconds: [1],
    periodSeconds: [10],
    successThreshold: [1],
    failureThreshold: [3],
    scheme: ['HTTP'],
    path: ['/'],
    service: [''],
    // Of volumes.
    defaultMode: [420],
    expirationSeconds: [3600],
    // Of a Deployment's strategy.
    type: ['RollingUpdate'],
    maxSurge: ['25%'],
    maxUnavailable: ['25%'],
    // Of a Service's ports.
    targetPort: 'any',
    nodePort: 'any',
  }),
);

export function isDefault(name: string, value: unknown): boolean {
  const defaults = DEFAULTS.get(name) ?? [];
  return defaults === 'any' || defaults.includes(isEmpty(value) ? EMPTY : value);
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
