import type { InstallationSpec, InstallationStatus } from '../../api/installation.ts';
import type { Failure } from '../../api/failure.ts';
import type { RecordFacts } from '../../api/record.ts';
import type { OperatorConfig } from '../../api/operator-config.ts';
import type { ProviderStatus } from '../../api/provider.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Shelf } from '../catalogue/software-catalogue.ts';

/** Everything that a decision may look at: plain data, taken from the caches in one synchronous pass. */
export interface Observed {
  readonly installation: Installation;
  /** Absent: there is no such Provider. */
  readonly catalogue: Catalogue | undefined;
  readonly deployment: DeploymentView | undefined;
  readonly service: ServiceView | undefined;
  readonly budget: ChildView | undefined;
  /** Every ControllerRevision with the label of this installation, in no order: its records, its generated secrets, and what others left behind. */
  readonly revisions: readonly (RolloutRecord | GeneratedSecret | StrayRevision)[];
  /** Pods that its selector chooses. */
  readonly pods: readonly PodView[];
  /**
   * The values of the annotation `…/retry`, on the installation and on its Provider: a new one lets what failed be tried
   * again.
   */
  readonly retries: readonly string[];
  /** All system software that is published. */
  readonly software: Shelf;
  /** When each release was seen first, by the status of the Provider. */
  readonly firstSeen: ProviderStatus['firstSeen'];
  /** Of the cluster, such as `v1.36.3`; absent while it is not known. */
  readonly kubernetesVersion: string | undefined;
  /** Whether the fleet lets one more automatic rollout begin. */
  readonly slot: 'free' | 'queued';
  readonly references: References;
  /** The platform lets the operator create Secrets. */
  readonly mayGenerate: boolean;
  readonly config: OperatorConfig;
  /** Generation of the Deployment when this process wrote it last; absent where it did not. */
  readonly writtenGeneration?: number | undefined;
  /** How often in a row each child was healed by this process. */
  readonly heals: Readonly<Partial<Record<ChildKind, Heals>>>;
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
  /** The value of the annotation `…/restart`. Absent: the pods keep the one that they have. */
  readonly restart: string | undefined;
  /** The rule that the spec breaks, where it was stored before the schema had that rule. */
  readonly invalid: string | undefined;
  readonly spec: InstallationSpec;
  readonly status: InstallationStatus;
}

export interface References {
  content(kind: 'ConfigMap' | 'Secret', name: string, key: string): Content;
}

/** The content of a key, as a hash. `unwatched`: the operator may not read it, and knows nothing of it. */
type Content = { readonly kind: 'hash'; readonly hash: string } | { readonly kind: 'missing' | 'unwatched' };

export interface Reference {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  readonly key: string;
}

interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** Where a field is: members by name, items of a list by their keys. */
export type FieldPath = readonly (string | object)[];

/** The part of a child of any kind that decisions need. */
export interface ChildView {
  readonly uid: string;
  readonly deleting: boolean;
  /** The controller, by ownerReference. */
  readonly owner: Owner | undefined;
  /** An operator made it, for exactly the pods of an installation of its own name: it can be taken over without a harm. */
  readonly adoptable: boolean;
  /** Of a Deployment: `org/name` of what it runs, by its label; undefined where it has none. Other children run nothing. */
  readonly provider?: string | undefined;
  /** Hashes of the fields that the operator owns in it now (managedFields, `ownedHash`), and a mark where it is contested. */
  readonly owned: string;
  /** The same as they were when the operator applied it. */
  readonly applied: string | undefined;
  /** The last manager that changed it since the operator did, and the fields. Absent where nobody did. */
  readonly changed: { readonly manager: string; readonly paths: readonly FieldPath[] } | undefined;
  /** The fields that admission rewrites when the operator applies them: what it makes of them counts as applied. */
  readonly rewritten?: readonly FieldPath[] | undefined;
  /**
   * Fields that nobody but the operator sets and that it has not, and the manager that has; undefined where managedFields give them
   * to nobody. They stay when ours are applied.
   */
  readonly contested?: { readonly manager: string | undefined; readonly paths: readonly FieldPath[] } | undefined;
}

export interface ServiceView extends ChildView {
  readonly ports: readonly ServicePort[];
}

export type ServicePort = Readonly<NonNullable<RecordFacts['ports']>[number]>;

export interface DeploymentView extends ChildView {
  /**
   * Number of the record that it was applied from, by its label. Absent where somebody took the label, or it was made
   * before there were records.
   */
  readonly record: number | undefined;
  /** Tells its template from others: the number of a record; where it was made before there were records, a hash. */
  readonly template: string | undefined;
  /** Of its template. */
  readonly version: string | undefined;
  /** The generated values that its container has in variables, by their Secrets. */
  readonly secrets: readonly { readonly name: string; readonly key: string }[];
  /** What its container reads of ConfigMaps and Secrets by name: a pod that starts anew needs it. */
  readonly references?: readonly Reference[] | undefined;
  /** Of its template, as `formatSoftware` writes it. */
  readonly software: string | undefined;
  /** The value of the annotation `…/restart` in its template. */
  readonly restart: string | undefined;
  /** The failures that operators before there were records kept in it. */
  readonly failed?: string | undefined;
  /** The numbers of the container's ports, by name. */
  readonly ports: ReadonlyMap<string, number>;
  /** When it was created, and when the operator's last apply changed anything of it; RFC 3339. */
  readonly createdAt: string;
  readonly appliedAt: string | undefined;
  readonly generation: number;
  readonly observedGeneration: number;
  /** Pods: asked for, there in all, of the newest template, and of these and older ones available. */
  readonly replicas: number;
  readonly total: number;
  readonly updated: number;
  readonly available: number;
  /** Since when fewer pods are available than are asked for, RFC 3339: its condition `Available`. Absent while there are enough. */
  readonly unavailableSince: string | undefined;
  /** Reason of the condition `Progressing`. */
  readonly progress: string | undefined;
  /** Message of the condition `ReplicaFailure`, while pods cannot be created. */
  readonly failure: string | undefined;
  /** The operator owns `spec.replicas`: what only one manager owns is gone when that one stops applying it. */
  readonly ownsReplicas: boolean;
  readonly progressDeadlineSeconds: number;
  readonly minReadySeconds: number;
  /** Somebody paused it: it takes no new template until it is resumed. */
  readonly paused: boolean;
}

/** A ControllerRevision with our label. */
interface Revision {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly owner: Owner | undefined;
  readonly number: number;
}

/** A revision that is no record of a rollout: an older operator saved it, or somebody edited it beyond recognition. */
export interface StrayRevision extends Revision {
  readonly kind: 'stray';
}

/**
 * What is remembered of a Secret that the operator made, under the same name: nobody owns it, so that an installation of the
 * same name and provider finds both again.
 */
export interface GeneratedSecret extends Revision {
  readonly kind: 'generated';
  /** `org/name`. */
  readonly provider: string;
  /** Of the value in the Secret. */
  readonly key: string;
  /** The API server said that the Secret is there. */
  readonly isMade: boolean;
}

/** The record of a rollout: what it was made from never changes, how it ended is its mark. */
export interface RolloutRecord extends Revision, RecordFacts {
  readonly kind: 'record';
  /** As `DeploymentView.template`, of the Deployment in it. */
  readonly template: string | undefined;
  readonly minReadySeconds: number;
  readonly mark: Mark;
}

/** How a rollout ended, and what the spec said of it since: all that was found out after its record was written. */
export interface Mark {
  /** When it was done; from then on it is never taken back. */
  readonly provenAt?: string | undefined;
  /** How it failed; going back begins with this mark. */
  readonly failure?: Failure | undefined;
  /** When it was given up although nothing had failed. */
  readonly supersededAt?: string | undefined;
  /** Why, where nobody asked for that. */
  readonly why?: string | undefined;
  /** When what is stable was applied again after it, where that was not at once. */
  readonly returnedAt?: string | undefined;
  /** Why the way back after it failed. Absent: it succeeded, is under way or was not needed. */
  readonly returnFailure?: { readonly reason: string; readonly message: string } | undefined;
  /** Hash of what the spec says of system software since, where that comes to the same pods. */
  readonly asked?: string | undefined;
  /** The consent that it used was taken away since. */
  readonly isConsentReturned?: boolean | undefined;
}

/**
 * The part of a pod that a verdict on a rollout looks at. It is one of the Deployment's ReplicaSets, and what it says is of the
 * container of the release, and of those that copy the files of its system software.
 */
export interface PodView {
  readonly name: string;
  /** The template that it was made of: `DeploymentView.template`. */
  readonly template: string | undefined;
  /** The most restarts that one of its containers has had. */
  readonly restarts: number;
  /** How the container that was restarted most ended last. */
  readonly exit: { readonly container: string; readonly code: number; readonly reason: string | undefined } | undefined;
  /** A container has run, however briefly. */
  readonly hasStarted: boolean;
  /** The container of the release is, whatever else is in the pod. */
  readonly isReady: boolean;
  /** Why a container waits: `ImagePullBackOff`, `CrashLoopBackOff`, … */
  readonly waiting: { readonly reason: string; readonly message: string } | undefined;
  /** A container that others have put into it, such as a service mesh, and that keeps it from being ready. */
  readonly stranger: { readonly container: string; readonly why: string } | undefined;
  /** Why no node takes it. */
  readonly unschedulable: string | undefined;
}

export interface Heals {
  readonly count: number;
  /** How many within a minute of each other, whatever had to be healed. */
  readonly burst: number;
  /** The change that had to be healed, in words. */
  readonly culprit: string;
  /** Milliseconds since the epoch. */
  readonly lastAt: number;
}
