import { z } from 'zod';
import { OperatorConfig } from '../api/operator-config.ts';
import { Settings } from '../settings.ts';

/**
 * The values of the Helm chart: what they are called, mean and default to. values.yaml, values.schema.json and the table
 * in the chart's README are made of this, so that none of them can say what another does not.
 */

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Something of Kubernetes that is passed on as it is. */
const passed = () => z.looseObject({});
const stringMap = () => z.record(z.string(), z.string());
const namespaceName = () => z.string().regex(DNS_LABEL);

/** A setting of the operator: its default and its meaning are said in src/settings.ts. */
function setting(name: keyof typeof Settings.shape) {
  const { default: value, description = '' } = z.toJSONSchema(Settings.shape[name], { io: 'input' });
  return { value, description };
}

const monitor = (kind: string) =>
  z.strictObject({
    enabled: z.boolean().default(false).describe(`Makes a ${kind}; needs the CRDs of the Prometheus operator`),
    labels: stringMap().default({}).describe(`Labels by which Prometheus selects the ${kind}`),
    interval: z.string().default('30s').describe('How often Prometheus asks'),
  });

export const ChartValues = z.strictObject({
  nameOverride: z.string().max(63).default('').describe('In place of the name of the chart in labels and names'),
  fullnameOverride: z.string().max(63).default('').describe('In place of the name of everything that the chart makes'),
  commonLabels: stringMap().default({}).describe('More labels for everything that the chart makes'),

  image: z.strictObject({
    registry: z.string().default('').describe('Registry to pull from; that of the container runtime when empty'),
    repository: z.string().min(1).default('provider-operator').describe('Name of the image in the registry'),
    tag: z.string().default('').describe('Tag of the image; the version of the app when empty'),
    digest: z
      .string()
      .regex(/^(sha256:[0-9a-f]{64})?$/)
      .default('')
      .describe('Digest of the image (sha256:…), which counts more than the tag'),
    pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent').describe('When to pull the image'),
  }),
  imagePullSecrets: z
    .array(z.strictObject({ name: z.string() }))
    .default([])
    .describe('Secrets with which to pull the image'),
  replicaCount: z
    .int()
    .min(0)
    .default(2)
    .describe('Pods of the operator: one acts, the others stand by and take over within seconds'),

  crds: z.strictObject({
    install: z.boolean().default(true).describe('Installs and upgrades the CRDs with the chart'),
    keep: z
      .boolean()
      .default(true)
      .describe('Leaves the CRDs, and with them what tenants have installed, when the chart is uninstalled'),
  }),

  watchNamespaces: z
    .array(namespaceName())
    .default([])
    .describe('Namespaces to work in, with rights in these only; all namespaces when empty'),
  watchSecrets: z
    .boolean()
    .default(false)
    .describe(`${setting('WATCH_SECRETS').description}, which this grants`),
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

  rbac: z.strictObject({
    create: z.boolean().default(true).describe('Makes the roles of the operator and binds them'),
    aggregate: z
      .boolean()
      .default(true)
      .describe('Adds installations to the roles view (read), edit and admin (create, change, delete) of the cluster'),
    catalogueViewers: z
      .array(z.string().min(1))
      .default([])
      .describe('Groups that may read Providers and SystemSoftware, such as system:authenticated'),
  }),
  serviceAccount: z.strictObject({
    create: z.boolean().default(true).describe('Makes the ServiceAccount of the operator'),
    name: z.string().default('').describe('Name of the ServiceAccount; made up when empty'),
    annotations: stringMap().default({}).describe('Annotations of the ServiceAccount'),
  }),
  admissionPolicy: z.strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('Refuses new installations that no rule allows (a ValidatingAdmissionPolicy)'),
    rules: z
      .array(
        z.strictObject({
          namespaces: z.array(namespaceName()).optional().describe('In one of these namespaces; any when absent'),
          namespaceLabels: stringMap().optional().describe('In namespaces with all of these labels; any when absent'),
          providers: z
            .array(z.string().regex(/^(\*|[a-z0-9-]+\/(\*|[a-z0-9-]+))$/))
            .min(1)
            .describe('These providers: org/name, org/* or *'),
        }),
      )
      .default([])
      .describe('Which providers may be installed where'),
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
    enabled: z.boolean().default(true).describe('Makes a PodDisruptionBudget where there is more than one replica'),
    maxUnavailable: z
      .union([z.int().min(0), z.string().regex(/^\d{1,3}%$/)])
      .default(1)
      .describe('Pods that a drain may take at once'),
  }),
  networkPolicy: z.strictObject({
    enabled: z.boolean().default(true).describe('Lets nothing in but requests for metrics and probes'),
    metricsFrom: z
      .array(passed())
      .default([])
      .describe('Who may ask for metrics (peers of a NetworkPolicy); everybody when empty'),
    apiServer: z
      .array(z.strictObject({ cidr: z.string().min(1), port: z.int().min(1).max(65_535).default(443) }))
      .default([])
      .describe('Where the API server is; nothing else can be reached then. No limit when empty'),
  }),

  podLabels: stringMap().default({}).describe('More labels of the pods'),
  podAnnotations: stringMap().default({}).describe('Annotations of the pods'),
  priorityClassName: z.string().default('').describe('Priority of the pods, such as system-cluster-critical'),
  nodeSelector: stringMap().default({}).describe('Labels of the nodes that pods may run on'),
  tolerations: z.array(passed()).default([]).describe('Taints of nodes that pods bear'),
  affinity: passed().default({}).describe('Affinity of the pods'),
  topologySpreadConstraints: z
    .array(passed())
    .default([])
    .describe('In place of the built-in one, which spreads pods over nodes where it can'),
  extraEnv: z.array(passed()).default([]).describe('More environment variables, such as NODE_EXTRA_CA_CERTS'),
  extraVolumes: z.array(passed()).default([]).describe('More volumes of the pod'),
  extraVolumeMounts: z.array(passed()).default([]).describe('Where they are mounted'),

  metrics: z.strictObject({
    serviceMonitor: monitor('ServiceMonitor'),
    podMonitor: monitor('PodMonitor'),
    prometheusRule: z.strictObject({
      enabled: z.boolean().default(false).describe('Makes PrometheusRules; needs the CRDs of the Prometheus operator'),
      labels: stringMap().default({}).describe('Labels by which Prometheus selects the rules'),
      runbooksUrl: z
        .string()
        .default('')
        .describe('Where docs/runbooks can be read, for the links in alerts; their path in the repository when empty'),
    }),
    dashboard: z.strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe('Makes ConfigMaps of dashboards, which the sidecar of Grafana finds'),
      labels: stringMap().default({ grafana_dashboard: '1' }).describe('Labels by which Grafana finds the dashboards'),
      annotations: stringMap().default({}).describe('Annotations of the dashboards, such as grafana_folder'),
    }),
  }),

  extraObjects: z.array(passed()).default([]).describe('More objects to install; templates in them are rendered'),
});
export type ChartValues = z.input<typeof ChartValues>;
