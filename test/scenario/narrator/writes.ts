import type { Failure } from '../../../src/api/failure.ts';
import { ANNOTATION, LABEL } from '../../../src/api/names.ts';
import { KINDS } from '../cluster/kinds.ts';
import type { ApiObject } from '../cluster/object.ts';
import type { Change } from '../cluster/server.ts';
import type { RecordData } from '../../../src/api/record.ts';
import { numberOf } from '../simulation/oracles/records.ts';

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

type Failed = Pick<Failure, 'version' | 'software'>;

/** The failed version; if system software is to blame, as `1.0.0 with php=8.3.0`. */
export function failedInWords({ version, software }: Failed): string {
  return software === undefined ? version : `${version} with ${software}`;
}

/** The lines for a write of the operator, statuses aside. */
export function writeInWords({ kind, before, after }: Change): string[] {
  switch (kind) {
    case KINDS.Deployment:
      return after ? [`operator ${deploymentInWords(before, after)}`] : ['operator deletes the Deployment'];
    case KINDS.ControllerRevision:
      return [`operator ${recordInWords(before, after)}`];
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
  const isOther = before === undefined || numberOf(before) !== numberOf(after);
  const record = isOther ? ` of record ${numberOf(after)}` : '';
  return `${before ? 'applies' : 'creates'} the Deployment${record}: ${all.join(', ') || 'nothing that people see'}`;
}

function factsOf(deployment: ApiObject): Record<string, string> {
  const { replicas, minReadySeconds = 0, template } = deployment['spec'] as DeploymentSpec;
  const { annotations } = template.metadata;
  const { initContainers = [], containers } = template.spec;
  const [{ image, env = [] }] = containers;
  const software = annotations[ANNOTATION.software];
  return {
    version: annotations[ANNOTATION.version] ?? '',
    image: shortName(image),
    ...(software !== undefined && { software }),
    ...(initContainers.length > 0 && { 'files from': initContainers.map((c) => shortName(c.image)).join(' and ') }),
    replicas: String(replicas),
    minReadySeconds: String(minReadySeconds),
    ...Object.fromEntries(env.map(({ name, value = '' }) => [name, JSON.stringify(value)])),
  };
}

function shortName(image: string): string {
  return image.split('/').at(-1) ?? '';
}

/** Describes that a record was created, marked or removed. */
function recordInWords(before: ApiObject | undefined, after: ApiObject | undefined): string {
  const { name = '', labels = {}, annotations: is = {} } = (after ?? before)?.metadata ?? {};
  if (!after) {
    return `removes the record ${name}`;
  }
  if (labels[LABEL.generated]) {
    return before ? `notes that Secret ${name} is made` : `notes that it makes Secret ${name}`;
  }
  if (!before) {
    const { trigger, version, failures } = after['data'] as RecordData;
    const knows = failures.length > 0 ? `, knowing that ${failures.map(failedInWords).join(' and ')} failed` : '';
    return `records ${version} for ${trigger} as ${name}${knows}`;
  }
  const was = before.metadata.annotations ?? {};
  const changed = Object.values(ANNOTATION).filter((mark) => was[mark] !== is[mark]);
  return `marks ${name} as ${changed.map((mark) => mark.split('/')[1]).join(' and ')}`;
}
