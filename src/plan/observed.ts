import type { InstallationSpec, InstallationStatus } from '../api/installation.ts';
import type { OperatorConfig } from '../api/operator-config.ts';
import type { ProviderStatus } from '../api/provider.ts';
import type { Catalogue } from './catalogue.ts';
import type { Committed } from './committed.ts';

/** Everything that a decision may look at: plain data, taken from the caches in one synchronous pass. */
export interface Observed {
  readonly installation: Installation;
  /** Absent: there is no such Provider. */
  readonly catalogue: Catalogue | undefined;
  readonly deployment: DeploymentView | undefined;
  readonly service: ServiceView | undefined;
  readonly budget: ChildView | undefined;
  /** When each release was seen first, by the status of the Provider. */
  readonly firstSeen: ProviderStatus['firstSeen'];
  /** Of the cluster, such as `v1.36.3`; absent while it is not known. */
  readonly kubernetesVersion: string | undefined;
  readonly references: References;
  readonly config: OperatorConfig;
  /** How often in a row each child was healed by this process. */
  readonly heals: Readonly<Partial<Record<ChildKind, Heals>>>;
}

export type ChildKind = 'Deployment' | 'Service' | 'PodDisruptionBudget';

export interface Installation {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly deleting: boolean;
  /** What the spec breaks, where it was stored before the schema forbade it. */
  readonly invalid: string | undefined;
  readonly spec: InstallationSpec;
  readonly status: InstallationStatus;
}

export interface References {
  content(kind: 'ConfigMap' | 'Secret', name: string, key: string): Content;
}

/** What a key holds, as a hash: nothing is known of what the operator may not read. */
type Content = { readonly kind: 'hash'; readonly hash: string } | { readonly kind: 'missing' | 'unwatched' };

interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** Where a field is: members by name, items of a list by their keys. */
export type Path = readonly (string | object)[];

/** What a decision needs to know of a child, whatever its kind. */
export interface ChildView {
  readonly uid: string;
  readonly deleting: boolean;
  /** The controller, by ownerReference. */
  readonly owner: Owner | undefined;
  /** It selects exactly the pods of an installation of its own name, so that it can be taken over without a harm. */
  readonly adoptable: boolean;
  /** Hashes of the fields that the operator owns in it now (managedFields, `ownedHash`). */
  readonly owned: string;
  /** The same as they were when the operator applied it. */
  readonly applied: string | undefined;
  /** Who changed it last since the operator did, and which fields. */
  readonly changed: { readonly manager: string; readonly paths: readonly Path[] } | undefined;
}

export interface ServiceView extends ChildView {
  readonly ports: readonly ServicePort[];
}

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly targetPort: string | number;
}

export interface DeploymentView extends ChildView {
  readonly committed: Committed | undefined;
  readonly version: string | undefined;
  readonly stableVersion: string | undefined;
  readonly image: string | undefined;
  /** The numbers of the container's ports, by name. */
  readonly ports: ReadonlyMap<string, number>;
  readonly generation: number;
  readonly observedGeneration: number;
  /** Pods: asked for, there in all, of the newest template, and of these and older ones available. */
  readonly replicas: number;
  readonly total: number;
  readonly updated: number;
  readonly available: number;
  /** Reason of the condition `Progressing`. */
  readonly progress: string | undefined;
  /** Message of the condition `ReplicaFailure`, while pods cannot be created. */
  readonly failure: string | undefined;
  /** The operator owns `spec.replicas`: what only one manager owns is gone when that one stops applying it. */
  readonly ownsReplicas: boolean;
  /** Somebody paused it: it takes no new template until it is resumed. */
  readonly paused: boolean;
}

export interface Heals {
  readonly count: number;
  /** How many within a minute of each other, whatever had to be healed. */
  readonly burst: number;
  /** What had to be healed. */
  readonly culprit: string;
  /** Milliseconds since the epoch. */
  readonly lastAt: number;
}
