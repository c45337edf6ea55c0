import { ANNOTATION } from '../../../src/api/names.ts';
import { KINDS } from '../cluster/kinds.ts';
import type { ApiObject } from '../cluster/object.ts';
import type { Change } from '../cluster/server.ts';

interface DeploymentSpec {
  readonly replicas: number;
  readonly minReadySeconds?: number;
  readonly template: {
    readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
    readonly spec: { readonly initContainers?: readonly Container[]; readonly containers: readonly [Container] };
  };
}

interface Container {
  readonly image: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

interface Failed {
  readonly version: string;
  readonly software?: string;
}

/** `1.0.0 with php=8.3.0`, where system software is to blame. */
export function failedInWords({ version, software }: Failed): string {
  return software === undefined ? version : `${version} with ${software}`;
}

/** What the operator wrote, but for statuses. */
export function writeInWords({ kind, before, after }: Change): string[] {
  switch (kind) {
    case KINDS.Deployment:
      return after ? [`operator ${deploymentInWords(before, after)}`] : ['operator deletes the Deployment'];
    case KINDS.ControllerRevision: {
      const { name = '' } = (after ?? before)?.metadata ?? {};
      return [`operator ${after ? 'saves what runs as' : 'prunes'} revision ${number(after ?? before)} (${name})`];
    }
    case KINDS.Event: {
      const { type, reason, note, series } = (after ?? {}) as {
        readonly type?: string;
        readonly reason?: string;
        readonly note?: string;
        readonly series?: { readonly count: number };
      };
      return [`  event ${type} ${reason}${series ? ` for the ${series.count}th time` : ''}: ${note}`];
    }
    case KINDS.Provider:
    case KINDS.SystemSoftware:
      return [];
    default: {
      const done = before ? 'changes' : 'creates';
      return [`operator ${after ? done : 'deletes'} the ${kind.kind}`];
    }
  }
}

function deploymentInWords(before: ApiObject | undefined, after: ApiObject): string {
  const was = before && factsOf(before);
  const is = factsOf(after);
  const changes = Object.entries(is).flatMap(([name, value]) => {
    const former = was?.[name];
    return former === value ? [] : [was ? `${name} ${former ?? 'none'} → ${value}` : `${name} ${value}`];
  });
  const gone = Object.keys(was ?? {}).filter((name) => !Object.hasOwn(is, name));
  const all = [...changes, ...gone.map((name) => `no ${name}`)];
  const isNewAttempt = attemptOf(before) !== attemptOf(after);
  const trigger = isNewAttempt ? ` for ${/trigger=(\w+)/.exec(attemptOf(after) ?? '')?.[1]}` : '';
  return `${before ? 'applies' : 'creates'} the Deployment${trigger}: ${all.join(', ') || 'nothing that people see'}`;
}

function factsOf(deployment: ApiObject): Record<string, string> {
  const { replicas, minReadySeconds = 0, template } = deployment['spec'] as DeploymentSpec;
  const { annotations } = template.metadata;
  const { initContainers = [], containers } = template.spec;
  const [{ image, env = [] }] = containers;
  const failed = JSON.parse(deployment.metadata.annotations?.[ANNOTATION.failed] ?? '[]') as readonly Failed[];
  const software = annotations[ANNOTATION.software];
  return {
    version: annotations[ANNOTATION.version] ?? '',
    image: shortName(image),
    ...(software !== undefined && { software }),
    ...(initContainers.length > 0 && { 'files from': initContainers.map((c) => shortName(c.image)).join(' and ') }),
    replicas: String(replicas),
    minReadySeconds: String(minReadySeconds),
    ...Object.fromEntries(env.map(({ name, value = '' }) => [name, JSON.stringify(value)])),
    ...(failed.length > 0 && { 'remembered failures': failed.map(failedInWords).join(' and ') }),
  };
}

function shortName(image: string): string {
  return image.split('/').at(-1) ?? '';
}

function attemptOf(deployment: ApiObject | undefined): string | undefined {
  return deployment?.metadata.annotations?.[ANNOTATION.attempt];
}

function number(revision: ApiObject | undefined): string {
  return String(revision?.['revision']);
}
