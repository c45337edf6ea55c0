import type { Failure } from '../../src/api/failure.ts';
import { INSTALLATION_KIND } from '../../src/api/names.ts';
import type { Release } from '../../src/api/provider.ts';
import { timestamp } from '../../src/api/time.ts';
import { budgetFor, deploymentOf } from '../../src/plan/pods/children.ts';
import { inputHashes, type Inputs } from '../../src/plan/pods/inputs.ts';
import { decide } from '../../src/plan/decide/decision.ts';
import { actionsFor } from '../../src/plan/act/actions.ts';
import { answersOf } from '../../src/plan/pods/answers.ts';
import { readConfiguration } from '../../src/plan/pods/environment.ts';
import type { Findings } from '../../src/plan/tell/findings.ts';
import type {
  ChildView,
  DeploymentView,
  Observed,
  PodView,
  RolloutRecord,
  ServiceView,
  StrayRevision,
} from '../../src/plan/state/observed.ts';
import type { Return } from '../../src/plan/decide/return.ts';
import type { Start, Stay } from '../../src/plan/decide/desired.ts';
import { REFUSED } from '../../src/plan/state/record.ts';
import { serviceFor, servicePorts } from '../../src/plan/pods/service.ts';
import { softwareFinder } from '../../src/plan/software/finder.ts';
import { parseSoftware, NO_SOFTWARE } from '../../src/plan/software/set.ts';
import { effective } from '../../src/plan/decide/record-data.ts';
import { readState } from '../../src/plan/state/state.ts';
import { tierShape } from '../../src/plan/pods/tiers.ts';
import { wishesOf } from '../../src/plan/pods/wish.ts';
import { catalogue, config, installation, noReferences, observed, release as aRelease, shelf } from './builders.ts';

/**
 * Records and the objects beside them, each part of which a test may replace. Record 1 is of 1.0.0 and begins at one
 * o'clock; record 2 is of 1.1.0 and begins at two. So a row of a table says only what matters in it.
 */

/** A time such as `02:05` on 1 January 2026 (UTC), in milliseconds since the epoch. */
export function clock(time: string): number {
  return Date.parse(`2026-01-01T${time}Z`);
}

export function at(time: string): string {
  return timestamp(clock(time));
}

function versionOf(number: number): string {
  return `1.${number - 1}.0`;
}

/** The time so many minutes after a rollout began, in RFC 3339. */
function minute(number: number, minutes: number): string {
  return timestamp(clock('00:00') + (number * 60 + minutes) * 60_000);
}

type Spec = Parameters<typeof installation>[0];

/** The inputs of a rollout, where they are not a spec that names its version and nothing else. */
interface MadeFrom {
  readonly spec?: Spec;
  readonly release?: Release;
  readonly number?: number;
  /** As `formatSoftware` writes it. */
  readonly software?: string;
  readonly minReadySeconds?: number;
}

export function inputsOf(version: string, { spec, release = aRelease(version), ...more }: MadeFrom = {}): Inputs {
  const owner = installation({ version, ...spec });
  const configuration = readConfiguration(owner.spec, noReferences, config);
  if (configuration.kind === 'problem') {
    throw new Error(configuration.message);
  }
  const answers = answersOf(
    { installation: owner, references: noReferences, revisions: [], deployment: undefined, mayGenerate: true },
    { stable: undefined, base: undefined },
  );
  const sheet = answers.to(release, []);
  const set = more.software === undefined ? NO_SOFTWARE : parseSoftware(more.software);
  return {
    installation: owner,
    release,
    configuration,
    sheet,
    answered: answers.hashOf(sheet.inputs),
    restart: owner.restart,
    shape: tierShape(owner.spec.resourceTier, undefined),
    definition: undefined,
    number: more.number ?? 1,
    progressDeadlineSeconds: config.defaults.progressDeadlineSeconds,
    minReadySeconds: more.minReadySeconds ?? 0,
    software: { uses: [...set].map(([name, v]) => ({ name, version: v, release: undefined })), set },
    softwareDelivery: config.softwareDelivery,
  };
}

/** A record as the operator writes it, with the hashes of what it would render. It has no mark, so it is under way. */
export function record(number: number, more: Partial<RolloutRecord> & MadeFrom = {}): RolloutRecord {
  const { spec, release, software, ...facts } = more;
  const version = facts.version ?? release?.version ?? versionOf(number);
  const inputs = inputsOf(version, {
    ...(spec && { spec }),
    ...(release && { release }),
    ...(software !== undefined && { software }),
    number,
    minReadySeconds: facts.minReadySeconds ?? (number === 1 ? 0 : config.defaults.stableSeconds),
  });
  const { installation: owner, configuration } = inputs;
  const ports = servicePorts(inputs.release);
  return {
    kind: 'record',
    name: `web-${number}`,
    uid: `uid-web-${number}`,
    resourceVersion: '1',
    owner: { kind: INSTALLATION_KIND, name: owner.name, uid: owner.uid },
    number,
    provider: owner.spec.provider,
    trigger: number === 1 ? 'Install' : 'Spec',
    startedAt: minute(number, 0),
    wish: wishesOf(observed({ installation: owner }), configuration, owner.restart).spec,
    committed: inputHashes(inputs),
    version,
    image: inputs.release.image,
    ...(number > 1 && { from: versionOf(number - 1), previousVersion: versionOf(number - 1) }),
    applied: deploymentOf(inputs).hash,
    ...(ports && { ports: [...ports] }),
    hasBudget: inputs.shape.budget,
    effective: effective(inputs),
    retries: [],
    failures: [],
    template: String(number),
    minReadySeconds: inputs.minReadySeconds,
    mark: {},
    ...facts,
  };
}

/** A record that was proven five minutes after it began. */
export function proven(number: number, more: Partial<RolloutRecord> & MadeFrom = {}): RolloutRecord {
  return record(number, { ...more, mark: { provenAt: minute(number, 5), ...more.mark } });
}

/** A record that failed ten minutes after it began. */
export function failed(number: number, more: Partial<RolloutRecord> & MadeFrom = {}): RolloutRecord {
  const one = record(number, more);
  return { ...one, mark: { failure: failureOf(one), ...more.mark } };
}

/** A record whose Deployment the API server refused. */
export function refused(number: number, more: Partial<RolloutRecord> & MadeFrom = {}): RolloutRecord {
  const one = record(number, more);
  return { ...one, mark: { failure: failureOf(one, { reason: REFUSED }), ...more.mark } };
}

/** A record that somebody cancelled five minutes after it began. */
export function superseded(number: number, more: Partial<RolloutRecord> & MadeFrom = {}): RolloutRecord {
  return record(number, { ...more, mark: { supersededAt: minute(number, 5), ...more.mark } });
}

/** The object without its owner: an earlier installation of this name left it behind when it was deleted. */
export function orphaned<T extends { readonly owner: ChildView['owner'] }>(one: T): T {
  return { ...one, owner: undefined };
}

/** The object as the child of another installation of the same name, which is gone or going. */
export function ofAnother<T extends { readonly owner: ChildView['owner'] }>(one: T): T {
  return { ...one, owner: { kind: INSTALLATION_KIND, name: 'web', uid: 'uid-of-another' } };
}

export function stray(number: number): StrayRevision {
  const { name, uid, resourceVersion, owner } = record(number);
  return { kind: 'stray', name, uid, resourceVersion, owner, number };
}

/** The mark of a rollout that failed. */
export function failureOf(
  { number, version, image, wish }: Pick<RolloutRecord, 'number' | 'version' | 'image' | 'wish'>,
  more: Partial<Failure> = {},
): Failure {
  return {
    version,
    image,
    reason: 'CrashLoop',
    message: 'it crashed',
    wish,
    at: minute(number, 10),
    attempts: 1,
    ...more,
  };
}

/** The Deployment of a record, completely rolled out. */
export function deployment(of: RolloutRecord, more: Partial<DeploymentView> = {}): DeploymentView {
  const { available = 2, replicas = 2 } = more;
  const { number, owner, template, version, applied, committed, startedAt, restart, minReadySeconds } = of;
  return {
    uid: 'uid-deployment',
    deleting: false,
    owner,
    adoptable: true,
    owned: applied,
    applied,
    changed: undefined,
    record: number,
    template,
    version,
    secrets: [],
    software: committed.software,
    restart,
    ports: new Map([['http', 8080]]),
    createdAt: minute(1, 0),
    appliedAt: startedAt,
    generation: number,
    observedGeneration: number,
    replicas: 2,
    total: 2,
    updated: 2,
    available: 2,
    unavailableSince: available >= replicas ? undefined : startedAt,
    progress: 'NewReplicaSetAvailable',
    failure: undefined,
    ownsReplicas: true,
    progressDeadlineSeconds: config.defaults.progressDeadlineSeconds,
    minReadySeconds,
    paused: false,
    ...more,
  };
}

/** No pod is there yet. */
export const BEGINNING = { total: 0, updated: 0, available: 0, progress: 'ReplicaSetUpdated' } as const;
/** Both old pods serve, and one new pod is not available yet. */
export const MIDWAY = { total: 3, updated: 1, available: 2, progress: 'ReplicaSetUpdated' } as const;
/** The same as `MIDWAY`, past the deadline of the Deployment controller. */
export const STUCK = { ...MIDWAY, progress: 'ProgressDeadlineExceeded' } as const;
/** The Deployment controller has not looked at the newest generation yet. */
export const UNSEEN = { generation: 9, observedGeneration: 8 } as const;

/** Somebody changed a field of the spec that the operator owns. */
export function edited(manager = 'kubectl-edit'): Pick<DeploymentView, 'owned' | 'changed'> {
  return { owned: 'edited.edited', changed: { manager, paths: [['spec', 'replicas']] } };
}

/** Somebody changed a label that the operator owns, which affects nothing that runs. */
export function relabelled({ applied }: RolloutRecord): Pick<DeploymentView, 'owned' | 'changed'> {
  const changed = { manager: 'kubectl-label', paths: [['metadata', 'labels', 'team']] };
  return { owned: `relabelled.${applied.split('.')[1]}`, changed };
}

/** Somebody added an annotation that the operator does not own. */
export const ANNOTATED = {
  ...UNSEEN,
  changed: { manager: 'kubectl-annotate', paths: [['metadata', 'annotations', 'note']] },
} as const;

/** `kubectl rollout undo`: the template of another record, and the labels as they were. */
export function undoneTo({ template, version }: RolloutRecord): Partial<DeploymentView> {
  return { ...edited('kubectl-rollout'), template, version };
}

/** A pod of the template of a record. */
export function pod({ template }: Pick<RolloutRecord, 'template'>, more: Partial<PodView> = {}): PodView {
  return {
    name: 'web-pod',
    template,
    restarts: 0,
    exit: undefined,
    hasStarted: true,
    isReady: false,
    waiting: undefined,
    stranger: undefined,
    unschedulable: undefined,
    ...more,
  };
}

export const CRASHING = { restarts: 3, waiting: { reason: 'CrashLoopBackOff', message: '' } } as const;

/** The Service as the operator has applied it for the pods of a record. */
export function service({ ports }: RolloutRecord, more: Partial<ServiceView> = {}): ServiceView {
  const numbers = new Map([['http', 8080]]);
  const applied = serviceFor(installation(), { ports, numbers })?.hash;
  return { ...child('uid-service', applied), ports: ports ?? [], ...more };
}

export function budget(more: Partial<ChildView> = {}): ChildView {
  return { ...child('uid-budget', budgetFor(installation()).hash), ...more };
}

function child(uid: string, applied = 'applied'): ChildView {
  const { owner } = record(1);
  return { uid, deleting: false, owner, adoptable: true, owned: applied, applied, changed: undefined };
}

/** The decision to begin the rollout of a record. */
export function start(of: RolloutRecord, made: MadeFrom & Partial<Pick<Start, 'begun'>> = {}): Start {
  const { begun, ...from } = made;
  const { number, version, minReadySeconds, committed } = of;
  return {
    kind: 'run',
    version,
    inputs: inputsOf(version, { number, minReadySeconds, ...from }),
    isChanged: true,
    attempt: attemptOf(of),
    committed,
    begun,
  };
}

function attemptOf(of: RolloutRecord): Start['attempt'] {
  const { trigger, startedAt, wish, from, previousVersion, retries, failures } = of;
  return {
    trigger,
    startedAt,
    wish,
    ...(from !== undefined && { from }),
    ...(previousVersion !== undefined && { previousVersion }),
    retries,
    failures,
  };
}

/** The decision that what runs stays, as its record says. */
export function stay(of: RolloutRecord, more: Partial<Stay> & MadeFrom = {}): Stay {
  const { spec, release, software, ...decision } = more;
  const { number, version, minReadySeconds } = of;
  const from = { ...(spec && { spec }), ...(release && { release }), ...(software !== undefined && { software }) };
  return {
    kind: 'run',
    version,
    inputs: inputsOf(version, { number, minReadySeconds, ...from }),
    isChanged: false,
    isContentChanged: false,
    askedAnew: undefined,
    ...decision,
  };
}

/** The decision to apply the stable record again. */
export function comeBack(to: RolloutRecord, cause: Return['cause'], more: Partial<Return> = {}): Return {
  return { kind: 'return', version: to.version, to, cause, ...more };
}

/** The parts of an observation that a test sets. Without `spec` the installation names its Provider and no version. */
export interface Pieces extends Partial<Omit<Observed, 'installation' | 'revisions'>> {
  readonly records?: readonly (RolloutRecord | StrayRevision)[];
  readonly spec?: Spec;
  readonly installation?: Parameters<typeof installation>[1];
  /** The time of the look. Its default, `12:00`, is long after the rollouts of the first few records. */
  readonly now?: string;
}

export const NOW = '12:00';

export function seen({ records = [], spec, installation: more, now: _, ...pieces }: Pieces): Observed {
  return observed({
    catalogue: catalogue('1.0.0', '1.1.0', '1.2.0', '1.3.0'),
    ...pieces,
    revisions: records,
    installation: installation(spec, more),
  });
}

/** The findings and the decision of one look. */
export function findings(pieces: Pieces): Findings {
  const [known, now] = [seen(pieces), clock(pieces.now ?? NOW)];
  const state = readState(known, now);
  const decided = decide(known, state, now);
  return { ...decided, observed: known, state, actions: actionsFor(known, state, decided, now), now };
}

/** The configuration that the spec asks for, and how system software would be chosen for it. */
export function askedBy(observed: Observed) {
  const {
    installation: { spec },
    references,
    config: operator,
    software,
  } = observed;
  const configuration = readConfiguration(spec, references, operator);
  if (configuration.kind === 'problem') {
    throw new Error(configuration.message);
  }
  const avoided = new Set<string>();
  const finder = softwareFinder({
    spec,
    shelf: software ?? shelf(),
    stable: NO_SOFTWARE,
    avoided,
    config: operator,
    now: 0,
  });
  return { configuration, answers: answersOf(observed, readState(observed, clock(NOW))), finder };
}
