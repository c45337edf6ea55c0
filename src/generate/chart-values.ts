import { z } from 'zod';
import { OperatorConfig } from '../api/operator-config.ts';
import { DNS_LABEL } from '../api/names.ts';
import { Settings } from '../settings.ts';
import { ApiValues } from './api-values.ts';
import { flag, list, map, passed, stringMap, text } from './value-kinds.ts';

/**
 * The values of the Helm chart: what they are called, mean and default to. values.yaml, values.schema.json and the table
 * in the chart's README are made of this, so that none of them can say what another does not.
 */

const namespaceName = () => z.string().regex(DNS_LABEL);

/** A setting of the operator: its default and its meaning are said in src/settings.ts. */
function setting(name: keyof typeof Settings.shape) {
  const { default: value, description = '' } = z.toJSONSchema(Settings.shape[name], { io: 'input' });
  return { value, description };
}

const monitor = (kind: string) =>
  z.strictObject({
    enabled: flag(false, `Makes a ${kind}; needs the CRDs of the Prometheus operator`),
    labels: map(`Labels by which Prometheus selects the ${kind}`),
    interval: text('30s', 'How often Prometheus asks'),
  });

export const ChartValues = z.strictObject({
  nameOverride: z.string().max(63).default('').describe('In place of the name of the chart in labels and names'),
  fullnameOverride: z.string().max(63).default('').describe('In place of the name of everything that the chart makes'),
  commonLabels: map('More labels for everything that the chart makes'),

  image: z.strictObject({
    registry: text('', 'Registry to pull from; that of the container runtime when empty'),
    repository: z.string().min(1).default('provider-operator').describe('Name of the image in the registry'),
    tag: text('', 'Tag of the image; the version of the app when empty'),
    digest: z
      .string()
      .regex(/^(sha256:[0-9a-f]{64})?$/)
      .default('')
      .describe('Digest of the image (sha256:…), which counts more than the tag'),
    pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent').describe('When to pull the image'),
  }),
  imagePullSecrets: list(z.strictObject({ name: z.string() }), 'Secrets with which to pull the image'),
  replicaCount: z
    .int()
    .min(0)
    .default(2)
    .describe('Pods of the operator: one acts, the others stand by and take over within seconds'),

  crds: z.strictObject({
    install: flag(true, 'Installs and upgrades the CRDs with the chart'),
    keep: flag(true, 'Leaves the CRDs, and with them what tenants have installed, when the chart is uninstalled'),
  }),

  watchNamespaces: list(namespaceName(), 'Namespaces to work in, with rights in these only; all namespaces when empty'),
  watchSecrets: flag(false, `${setting('WATCH_SECRETS').description}, which this grants`),
  generatedSecrets: flag(
    false,
    `${setting('GENERATED_SECRETS').description}, which this grants, together with a policy that limits it to these`,
  ),
  workers: z
    .int()
    .min(1)
    .max(256)
    .default(Number(setting('WORKERS').value))
    .describe(setting('WORKERS').description),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error'])
    .default('info')
    .describe(setting('LOG_LEVEL').description),
  config: OperatorConfig.prefault({}).describe(
    'What the platform decides: tiers, defaults, limits (OPERATOR_CONFIG); a change restarts the operator',
  ),

  api: ApiValues.optional(),

  rbac: z.strictObject({
    create: flag(true, 'Makes the roles of the operator and binds them'),
    aggregate: flag(
      true,
      'Adds installations to the roles view (read), edit and admin (create, change, delete) of the cluster, and to admin what ?force=true of the REST API needs (override)',
    ),
    catalogueViewers: list(
      z.string().min(1),
      'Groups that may read Providers and SystemSoftware, such as system:authenticated',
    ),
  }),
  serviceAccount: z.strictObject({
    create: flag(true, 'Makes the ServiceAccount of the operator'),
    name: text('', 'Name of the ServiceAccount; made up when empty'),
    annotations: map('Annotations of the ServiceAccount'),
  }),
  admissionPolicy: z.strictObject({
    enabled: flag(false, 'Refuses new installations that no rule allows (a ValidatingAdmissionPolicy)'),
    rules: list(
      z.strictObject({
        namespaces: z.array(namespaceName()).optional().describe('In one of these namespaces; any when absent'),
        namespaceLabels: stringMap().optional().describe('In namespaces with all of these labels; any when absent'),
        providers: z
          .array(z.string().regex(/^(\*|[a-z0-9-]+\/(\*|[a-z0-9-]+))$/))
          .min(1)
          .describe('These providers: org/name, org/* or *'),
      }),
      'Which providers may be installed where',
    ),
  }),
  fieldManagerPolicy: z.strictObject({
    enabled: flag(
      false,
      "Refuses what others write under the names of field managers that are the operator's (a ValidatingAdmissionPolicy)",
    ),
    users: list(
      z.string().min(1),
      'More users that may write under these names, such as system:serviceaccount:velero:velero, which restores them',
    ),
  }),

  resources: passed()
    .default({ requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '256Mi' } })
    .describe('Requests and limits; a thousand installations take 120 MiB'),
  podSecurityContext: passed()
    .default({
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    .describe('Security context of the pod; set runAsUser and runAsGroup to null where the cluster chooses them'),
  securityContext: passed()
    .default({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true })
    .describe('Security context of the container'),
  podDisruptionBudget: z.strictObject({
    enabled: flag(true, 'Makes a PodDisruptionBudget where there is more than one replica'),
    maxUnavailable: z
      .union([z.int().min(0), z.string().regex(/^\d{1,3}%$/)])
      .default(1)
      .describe('Pods that a drain may take at once'),
  }),
  networkPolicy: z.strictObject({
    enabled: flag(
      true,
      'Lets nothing in but requests for metrics and probes, and to the REST API where it can be reached',
    ),
    metricsFrom: list(passed(), 'Who may ask for metrics (peers of a NetworkPolicy); everybody when empty'),
    apiFrom: list(
      passed(),
      'Who may reach the REST API (peers of a NetworkPolicy), such as the ingress controller; everybody when empty',
    ),
    apiServer: list(
      z.strictObject({ cidr: z.string().min(1), port: z.int().min(1).max(65_535).default(443) }),
      'Where the API server is; nothing else can be reached then. No limit when empty',
    ),
  }),

  podLabels: map('More labels of the pods'),
  podAnnotations: map('Annotations of the pods'),
  priorityClassName: text('', 'Priority of the pods, such as system-cluster-critical'),
  nodeSelector: map('Labels of the nodes that pods may run on'),
  tolerations: list(passed(), 'Taints of nodes that pods bear'),
  affinity: passed().default({}).describe('Affinity of the pods'),
  topologySpreadConstraints: list(passed(), 'In place of the built-in one, which spreads pods over nodes where it can'),
  extraEnv: list(passed(), 'More environment variables, such as NODE_EXTRA_CA_CERTS'),
  extraVolumes: list(passed(), 'More volumes of the pod'),
  extraVolumeMounts: list(passed(), 'Where they are mounted'),

  metrics: z.strictObject({
    serviceMonitor: monitor('ServiceMonitor'),
    podMonitor: monitor('PodMonitor'),
    prometheusRule: z.strictObject({
      enabled: flag(false, 'Makes PrometheusRules; needs the CRDs of the Prometheus operator'),
      labels: map('Labels by which Prometheus selects the rules'),
      runbooksUrl: text(
        '',
        'Where docs/runbooks can be read, for the links in alerts; their path in the repository when empty',
      ),
    }),
    dashboard: z.strictObject({
      enabled: flag(false, 'Makes ConfigMaps of dashboards, which the sidecar of Grafana finds'),
      labels: map('Labels by which Grafana finds the dashboards', { grafana_dashboard: '1' }),
      annotations: map('Annotations of the dashboards, such as grafana_folder'),
    }),
  }),

  extraObjects: list(passed(), 'More objects to install; templates in them are rendered'),
});
export type ChartValues = z.input<typeof ChartValues>;
