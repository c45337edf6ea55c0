import type { InstallationSpec, InstallationStatus } from '../api/installation.ts';
import type { OperatorConfig } from '../api/operator-config.ts';
import type { Tier } from '../api/tier.ts';
import type { ProviderStatus } from '../api/provider.ts';
import type { Catalogue } from './catalogue.ts';
import type { Attempt } from './attempt.ts';
import type { Committed } from './committed.ts';
import type { Failure } from './failure-memory.ts';
import type { Shelf } from './software-catalogue.ts';

/** Everything that a decision may look at: plain data, taken from the caches in one synchronous pass. */
export interface Observed {
  readonly installation: Installation;
  /** Absent: there is no such Provider. */
  readonly catalogue: Catalogue | undefined;
  readonly deployment: DeploymentView | undefined;
  readonly service: ServiceView | undefined;
  readonly budget: ChildView | undefined;
  /** Saved templates, in no order. */
  readonly revisions: readonly RevisionView[];
  /** Pods that its selector chooses. */
  readonly pods: readonly PodView[];
  /** The values of the annotation `…/retry`, on the installation and on its Provider: a new one lets what failed be tried again. */
  readonly retries: readonly string[];
  /** The one on its Provider; of one that is gone, or has none any more, the last that was seen. */
  readonly providerRetry: string | undefined;
  /** All system software that is published. */
  readonly software: Shelf;
  /** When each release was seen first, by the status of the Provider. */
  readonly firstSeen: ProviderStatus['firstSeen'];
  /** Of the cluster, such as `v1.36.3`; absent while it is not known. */
  readonly kubernetesVersion: string | undefined;
  /** Whether the fleet lets one more automatic rollout begin. */
  readonly slot: 'free' | 'queued';
  readonly references: References;
  readonly config: OperatorConfig;
  /** How often in a row each child was healed by this process. */
  readonly heals: Readonly<Partial<Record<ChildKind, Heals>>>;
  /** What the platform means by the tier by now, where the API server refused it to this process. */
  readonly refusedTier?: Failure | undefined;
}

export type ChildKind = 'Deployment' | 'Service' | 'PodDisruptionBudget' | 'ControllerRevision';

export interface Installation {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly deleting: boolean;
  /** The value of the annotation `…/retry`. */
  readonly retry: string | undefined;
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
  /** An operator made it, for exactly the pods of an installation of its own name: it can be taken over without a harm. */
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
  readonly attempt: Attempt | undefined;
  readonly failures: readonly Failure[];
  /** What is saved of it before it is replaced, as packed JSON: all that the operator owns, or where others took some of that, all. */
  readonly body: string;
  /** Of the pod template; its pods have it, too. */
  readonly inputsHash: string | undefined;
  readonly minReadySeconds: number;
  /** Of the container; absent where there is none. */
  readonly resources: Tier['resources'];
  /** Of the environment that the spec asked for. */
  readonly configHash: string | undefined;
  /** Of the pod template, as `formatSoftware` writes it. */
  readonly software: string | undefined;
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

/** What was saved of a rollout that went well: a ControllerRevision. */
export interface RevisionView {
  readonly name: string;
  readonly uid: string;
  readonly number: number;
  readonly version: string | undefined;
  /** The ports of the Service; undefined where there was none. */
  readonly ports: readonly ServicePort[] | undefined;
  /** Whether there was a PodDisruptionBudget. */
  readonly hasBudget: boolean;
  /** What it was made from. */
  readonly committed: Committed | undefined;
  readonly effective: InstallationStatus['effective'];
}

/** What a verdict on a rollout looks at in a pod. */
export interface PodView {
  readonly name: string;
  /** Of the template that it was made from. */
  readonly inputsHash: string | undefined;
  /** The most restarts that one of its containers has had. */
  readonly restarts: number;
  /** How the container that was restarted most ended last. */
  readonly exit: { readonly container: string; readonly code: number; readonly reason: string | undefined } | undefined;
  /** A container has run, however briefly. */
  readonly hasStarted: boolean;
  /** Why a container waits: `ImagePullBackOff`, `CrashLoopBackOff`, … */
  readonly waiting: { readonly reason: string; readonly message: string } | undefined;
  /** Why no node takes it. */
  readonly unschedulable: string | undefined;
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
