import { API_VERSION } from '../../../src/api/names.ts';
import { apiVersionOf, type Resource } from '../../../src/cluster/resource.ts';
import {
  CHILDREN,
  CONFIG_MAPS,
  INSTALLATIONS,
  PODS,
  PROVIDERS,
  SECRETS,
  SYSTEM_SOFTWARE,
} from '../../../src/reconcile/resources.ts';
import type { ApiObject, Draft } from './object.ts';

/** A type that the fake API server serves, and how it treats objects of this type. */
export interface Kind extends Resource {
  /** Whether `metadata.generation` counts the changes of the spec. */
  readonly countsGenerations: boolean;
  /** Whether `status` is a subresource, which no other write touches. */
  readonly hasStatus: boolean;
  /** Fields that never change once the object is there. */
  readonly immutable: readonly string[];
  /** The first field that has to be there and is not. */
  readonly missing?: (object: Draft) => string | undefined;
  /** Fills in defaults for the fields that were left out. */
  readonly defaulted: (object: Draft) => Draft;
}

function same(object: Draft): Draft {
  return object;
}

function withSpec(object: Draft, defaults: object): Draft {
  return { ...object, spec: { ...defaults, ...(object['spec'] as object | undefined) } };
}

interface PodSpec {
  readonly containers: readonly { readonly image?: string; readonly env?: readonly { readonly value?: string }[] }[];
  readonly initContainers?: readonly { readonly image?: string }[];
}

/** The API server does not store an empty value of a variable, although the manager owns it. */
function withoutEmptyValues(object: Draft): Draft {
  const spec = object['spec'] as { readonly template: { readonly spec: PodSpec } };
  const containers = spec.template.spec.containers.map(({ env, ...container }) => ({
    ...container,
    ...(env && { env: env.map(({ value, ...variable }) => (value ? { ...variable, value } : variable)) }),
  }));
  return { ...object, spec: { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, containers } } } };
}

/** What is left of a container when its owner stops applying it and others have set a part of it. */
function missingImage(object: Draft): string | undefined {
  const { spec } = (object['spec'] as { readonly template: { readonly spec: PodSpec } }).template;
  return (['initContainers', 'containers'] as const)
    .flatMap((list) =>
      (spec[list] ?? []).map(({ image }, i) => (image ? [] : [`spec.template.spec.${list}[${i}].image`])),
    )
    .flat()[0];
}

function custom(resource: Resource, defaults: object): Kind {
  return {
    ...resource,
    countsGenerations: true,
    hasStatus: true,
    immutable: [],
    defaulted: (object) => ({ status: { observedGeneration: -1 }, ...withSpec(object, defaults) }),
  };
}

const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};

const plain = { countsGenerations: false, hasStatus: false, immutable: [], defaulted: same };

/** Has only the defaults that somebody reads, and none of those that a real API server puts into a pod template. */
export const KINDS = {
  Provider: custom(PROVIDERS, {}),
  SystemSoftware: custom(SYSTEM_SOFTWARE, {}),
  ProviderInstallation: custom(INSTALLATIONS, { upgradePolicy: 'manual', resourceTier: 'standard' }),
  Deployment: {
    ...CHILDREN.Deployment,
    countsGenerations: true,
    hasStatus: true,
    immutable: [],
    missing: missingImage,
    defaulted: (object) => ({ status: {}, ...withoutEmptyValues(withSpec(object, { replicas: 1 })) }),
  },
  Service: { ...CHILDREN.Service, ...plain, defaulted: (object) => withSpec(object, { sessionAffinity: 'None' }) },
  PodDisruptionBudget: { ...CHILDREN.PodDisruptionBudget, ...plain, countsGenerations: true },
  ControllerRevision: { ...CHILDREN.ControllerRevision, ...plain, immutable: ['data'] },
  Pod: { ...PODS, ...plain, hasStatus: true },
  ConfigMap: { ...CONFIG_MAPS, ...plain },
  Secret: { ...SECRETS, ...plain },
  Event: { ...EVENTS, ...plain },
  Lease: { ...LEASES, ...plain },
} as const satisfies Readonly<Record<string, Kind>>;

const BY_PATH = new Map<string, Kind>(
  Object.values(KINDS).map((kind: Kind) => [`${apiVersionOf(kind)}/${kind.plural}`, kind]),
);

export function kindOf(apiVersion: string, plural: string): Kind | undefined {
  return BY_PATH.get(`${apiVersion}/${plural}`);
}

export function isInstallation(object: ApiObject): boolean {
  return object.apiVersion === API_VERSION && object.kind === KINDS.ProviderInstallation.kind;
}
