import { ANNOTATION } from '../../api/names.ts';
import type { Runtime } from '../../api/runtime.ts';
import type { Inputs } from './inputs.ts';
import { containerEnv, type ContainerVariable } from './environment.ts';
import { canonicalQuantity } from './quantity.ts';
import { softwareFiles } from './software-files.ts';
import { formatSoftware } from '../software/set.ts';
import { resourcesOf } from './tiers.ts';

/** All that a pod template is made from. */
export interface TemplateInputs extends Pick<
  Inputs,
  'release' | 'software' | 'softwareDelivery' | 'shape' | 'restart'
> {
  readonly documentRoot: string | undefined;
  /** Of the config, and of the inputs that it does not answer. */
  readonly config: readonly ContainerVariable[];
  readonly inputs: readonly ContainerVariable[];
  readonly labels: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>>;
  readonly configHash: string;
  readonly inputsHash: string;
  /** Of the record. */
  readonly number: string;
}

/** Name of the container that runs the release. */
export const CONTAINER = 'provider';

/** Tells a template from others: by its record, or where it was made before there were records, by what it was made from. */
export function templateId(annotations: Readonly<Record<string, string>> = {}): string | undefined {
  return annotations[ANNOTATION.rollout] ?? annotations[ANNOTATION.inputsHash];
}

/** Time for load balancers to take a pod out before its process is asked to stop. */
const PRE_STOP_SECONDS = 5;

/**
 * The pod template, in the form in which the apiserver stores it: what it would drop (false, 0, empty) is absent,
 * so that the hash of what is applied equals the hash of what is read back.
 *
 * Meets the restricted Pod Security Standard, runs as the namespace's default ServiceAccount and gets no token.
 */
export function podTemplate(inputs: TemplateInputs) {
  const { release, shape, software } = inputs;
  const chosen = formatSoftware(software.set);
  const files = softwareFiles(inputs);
  const runtime = release.runtime ?? {};
  return {
    metadata: {
      labels: inputs.labels,
      annotations: {
        [ANNOTATION.version]: release.version,
        [ANNOTATION.configHash]: inputs.configHash,
        ...(chosen !== undefined && { [ANNOTATION.software]: chosen }),
        ...(inputs.restart !== undefined && { [ANNOTATION.restart]: inputs.restart }),
        [ANNOTATION.inputsHash]: inputs.inputsHash,
        [ANNOTATION.rollout]: inputs.number,
      },
    },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: podSecurity(runtime),
      ...(files.initContainers.length > 0 && { initContainers: files.initContainers }),
      containers: [container(inputs, runtime, files.volumeMounts)],
      ...((runtime.volumes?.length || files.volumes.length > 0) && {
        volumes: [...(runtime.volumes ?? []).map(volume), ...files.volumes],
      }),
      ...(shape.spread.length > 0 && {
        topologySpreadConstraints: shape.spread.map((topologyKey) => ({
          maxSkew: 1,
          topologyKey,
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: inputs.selector },
          matchLabelKeys: ['pod-template-hash'],
        })),
      }),
    },
  };
}

/** The variables of the container, whoever sets them. */
export function templateVariables({
  release,
  documentRoot,
  config,
  inputs,
  software,
}: Pick<TemplateInputs, 'release' | 'documentRoot' | 'config' | 'inputs' | 'software'>): ContainerVariable[] {
  return containerEnv({
    config,
    inputs,
    documentRoot: documentRoot ?? release.documentRoot,
    software: software.uses.flatMap((use) => use.release?.provides?.env ?? []),
    release: release.runtime?.env ?? [],
  });
}

function container(inputs: TemplateInputs, runtime: Runtime, softwareMounts: readonly object[]) {
  const { release, shape } = inputs;
  const variables = templateVariables(inputs);
  const resources = resourcesOf(shape);
  const mounts = [...(runtime.volumeMounts ?? []).map(withoutZeros), ...softwareMounts];
  return {
    name: CONTAINER,
    image: release.image,
    ...(runtime.command?.length && { command: runtime.command }),
    ...(runtime.args?.length && { args: runtime.args }),
    ...(variables.length > 0 && { env: variables.map(explicit) }),
    ...(runtime.ports?.length && {
      ports: runtime.ports.map(({ name, containerPort, protocol = 'TCP' }) => ({ name, containerPort, protocol })),
    }),
    ...(Object.keys(resources).length > 0 && { resources }),
    ...readinessProbe(runtime),
    ...(runtime.livenessProbe && { livenessProbe: probeOf(runtime.livenessProbe) }),
    ...(mounts.length > 0 && { volumeMounts: mounts }),
    lifecycle: { preStop: { sleep: { seconds: PRE_STOP_SECONDS } } },
    securityContext: containerSecurity(runtime),
  };
}

/** An empty value is said, so that nobody can fill it in unnoticed. */
function explicit(variable: ContainerVariable): ContainerVariable {
  return variable.valueFrom ? variable : { name: variable.name, value: variable.value ?? '' };
}

/** The release's own probe, else a TCP connection to its first TCP port. */
function readinessProbe({ readinessProbe: own, ports = [] }: Runtime) {
  if (own) {
    return { readinessProbe: probeOf(own) };
  }
  const first = ports.find((p) => (p.protocol ?? 'TCP') === 'TCP');
  return first && { readinessProbe: { tcpSocket: { port: first.name } } };
}

function probeOf(own: NonNullable<Runtime['readinessProbe']>) {
  return {
    ...withoutZeros(own),
    ...(own.httpGet && { httpGet: { ...withoutZeros(own.httpGet), port: numericPort(own.httpGet.port) } }),
    ...(own.tcpSocket && { tcpSocket: { port: numericPort(own.tcpSocket.port) } }),
  };
}

/** `"8080"` is a number to Kubernetes: a port's name has a letter. */
function numericPort(port: string | number): string | number {
  return /^\d+$/.test(String(port)) ? Number(port) : port;
}

function volume({ name, ...source }: NonNullable<Runtime['volumes']>[number]) {
  if (source.emptyDir) {
    const { medium, sizeLimit } = source.emptyDir;
    return {
      name,
      emptyDir: {
        ...(medium && { medium }),
        ...(sizeLimit !== undefined && { sizeLimit: canonicalQuantity(sizeLimit) }),
      },
    };
  }
  if (source.downwardAPI) {
    const items = source.downwardAPI.items.map(({ path, fieldPath }) => ({
      path,
      fieldRef: { apiVersion: 'v1', fieldPath },
    }));
    return { name, downwardAPI: withoutZeros({ items }) };
  }
  return {
    name,
    ...(source.configMap && { configMap: withoutZeros(source.configMap) }),
    ...(source.secret && { secret: withoutZeros(source.secret) }),
  };
}

function podSecurity({ securityContext: own = {} }: Runtime) {
  return {
    runAsNonRoot: own.runAsNonRoot ?? true,
    seccompProfile: { type: 'RuntimeDefault' },
    ...(own.runAsUser !== undefined && { runAsUser: own.runAsUser }),
    ...(own.runAsGroup !== undefined && { runAsGroup: own.runAsGroup }),
    ...(own.fsGroup !== undefined && { fsGroup: own.fsGroup }),
  };
}

function containerSecurity({ securityContext: own = {} }: Runtime) {
  return {
    allowPrivilegeEscalation: own.allowPrivilegeEscalation ?? false,
    capabilities: { drop: ['ALL'], ...(own.addCapabilities?.length && { add: own.addCapabilities }) },
    ...(own.readOnlyRootFilesystem !== undefined && { readOnlyRootFilesystem: own.readOnlyRootFilesystem }),
  };
}

/** Without what the apiserver does not store: members that are absent, false, 0 or empty. */
function withoutZeros<T extends object>(object: T): Partial<T> {
  const kept = Object.entries(object).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : Boolean(value)));
  return Object.fromEntries(kept) as Partial<T>;
}
