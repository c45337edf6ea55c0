import type { Json, JsonObject } from '../cluster/merge-patch.ts';
import { API_MANAGER, FIELD_MANAGER } from '../api/names.ts';

/**
 * Who keeps the fields that a request changes. A tool that applies from a Git repository or a chart would write over the change
 * at its next look, so that the request is refused instead.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers
 */

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: Fields;
}

type Fields = { readonly [path: string]: Fields };

export interface Owned {
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly managedFields?: readonly ManagedFields[] | undefined;
}

export interface Owner {
  readonly manager: string;
  /** The field, as `spec.version`. */
  readonly field: string;
}

const OURS: ReadonlySet<string> = new Set([API_MANAGER, FIELD_MANAGER]);
/** They update instead of applying, and still come back. */
const KEEPERS = /^(kustomize-controller|helm-controller|argocd-.*|helm|kubectl-client-side-apply)$/;

/** The first of the changed fields that somebody keeps, if any. */
export function keeperOf({ managedFields = [] }: Owned, before: JsonObject, after: JsonObject): Owner | undefined {
  const keepers = managedFields.filter(isKeeper);
  const changes = keepers.length === 0 ? [] : [...changed(before, after, [])];
  for (const path of changes) {
    const keeper = keepers.find(({ fieldsV1 }) => owns(fieldsV1?.['f:spec'], path));
    if (keeper) {
      return { manager: keeper.manager ?? 'unknown', field: `spec.${nameOf(path)}` };
    }
  }
  return undefined;
}

/** Whoever keeps anything of the spec: it brings back what is deleted. */
export function keeperOfAny({ managedFields = [] }: Owned): Owner | undefined {
  const keeper = managedFields.find((entry) => isKeeper(entry) && entry.fieldsV1?.['f:spec'] !== undefined);
  return keeper && { manager: keeper.manager ?? 'unknown', field: 'spec' };
}

function isKeeper({ manager = '', operation, subresource }: ManagedFields): boolean {
  const isSpec = subresource === undefined || subresource === '';
  return isSpec && !OURS.has(manager) && (operation === 'Apply' || KEEPERS.test(manager));
}

/** Where the keeper takes its wishes from, as far as its marks on the object say. */
export function sourceOf({ labels = {}, annotations = {} }: Owned): string | undefined {
  const kustomization = pair(labels, 'kustomize.toolkit.fluxcd.io');
  const release = pair(labels, 'helm.toolkit.fluxcd.io');
  const helm = annotations['meta.helm.sh/release-name'];
  const argo = annotations['argocd.argoproj.io/tracking-id']?.split(':')[0] ?? labels['argocd.argoproj.io/instance'];
  if (kustomization !== undefined) {
    return `Kustomization "${kustomization}"`;
  }
  if (release !== undefined) {
    return `HelmRelease "${release}"`;
  }
  if (argo !== undefined) {
    return `Application "${argo}"`;
  }
  return helm === undefined ? undefined : `Helm release "${helm}"`;
}

function pair(labels: Readonly<Record<string, string>>, prefix: string): string | undefined {
  const name = labels[`${prefix}/name`];
  const namespace = labels[`${prefix}/namespace`];
  return name === undefined ? undefined : `${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

type Step = { readonly member: string } | { readonly name: string };
type Path = readonly Step[];

/** The leaves that differ; items of lists by their names, as the CRD says. */
function* changed(before: Json | undefined, after: Json | undefined, path: Path): Generator<Path> {
  if (isSame(before, after)) {
    return;
  }
  const [olds, news] = [membersOf(before), membersOf(after)];
  if (path.length > 0 && !olds && !news) {
    yield path;
    return;
  }
  for (const [id, step] of new Map([...stepsIn(olds), ...stepsIn(news)])) {
    yield* changed(olds?.get(id)?.value, news?.get(id)?.value, [...path, step]);
  }
}

type Members = ReadonlyMap<string, { readonly step: Step; readonly value: Json | undefined }>;

function stepsIn(members: Members | undefined): (readonly [string, Step])[] {
  return [...(members ?? [])].map(([id, { step }]) => [id, step] as const);
}

/** Undefined for what is replaced whole. */
function membersOf(value: Json | undefined): Members | undefined {
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    return items.length > 0 && items.every(isNamed)
      ? new Map(items.map((item) => [`[${item.name}]`, { step: { name: item.name }, value: item }]))
      : undefined;
  }
  return typeof value === 'object' && value !== null
    ? new Map(Object.entries(value).map(([member, of]) => [member, { step: { member }, value: of }]))
    : undefined;
}

function isNamed(item: Json): item is { readonly name: string } {
  return typeof item === 'object' && item !== null && 'name' in item && typeof item['name'] === 'string';
}

function isSame(a: Json | undefined, b: Json | undefined): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

/** Whether the set has the path, all that is below it, or something below it. */
function owns(fields: Fields | undefined, [step, ...rest]: Path): boolean {
  if (!fields) {
    return false;
  }
  if (!step || Object.keys(fields).length === 0) {
    return true;
  }
  return 'member' in step
    ? owns(fields[`f:${step.member}`], rest)
    : Object.entries(fields).some(([key, below]) => isItem(key, step.name) && owns(below, rest));
}

function isItem(key: string, name: string): boolean {
  return key.startsWith('k:') && (JSON.parse(key.slice(2)) as { name?: unknown }).name === name;
}

function nameOf(path: Path): string {
  return path
    .map((step) => ('member' in step ? `.${step.member}` : `[${step.name}]`))
    .join('')
    .slice(1);
}
