import { expect } from 'vitest';
import { ANNOTATION } from '../../src/api/names.ts';
import { pack } from '../../src/api/packed.ts';
import { InstallationStatus } from '../../src/api/installation.ts';
import type { Catalogue } from '../../src/plan/catalogue.ts';
import { parseAttempt } from '../../src/plan/attempt.ts';
import { parseFailures } from '../../src/api/failure.ts';
import { restoredDeployment, type SavedRevision } from '../../src/plan/revision.ts';
import { isSameSpec } from '../../src/plan/children.ts';
import { parseCommitted } from '../../src/plan/committed.ts';
import type { Action } from '../../src/plan/actions.ts';
import type {
  ChildView,
  DeploymentView,
  Installation,
  Observed,
  PodView,
  ServicePort,
  ServiceView,
} from '../../src/plan/observed.ts';
import { plan, type Plan } from '../../src/plan/plan.ts';
import type { SoftwareCatalogue } from '../../src/plan/software-catalogue.ts';
import { installation as anInstallation, observed, shelf } from './builders.ts';
import { expectKstatus } from './kstatus.ts';

type Applied = Extract<Action, { kind: 'apply' }>;

interface DeploymentObject {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly spec: {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
    readonly template: {
      readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
      readonly spec: {
        readonly containers: readonly {
          readonly image: string;
          readonly resources: DeploymentView['resources'];
          readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
        }[];
      };
    };
  };
}

/**
 * One installation in a cluster of plain data: what a plan writes is there at once, and the Deployment controller does
 * its part when it is told to. For decisions only; how a real API server answers is shown on a real one.
 */
export class World {
  observed: Observed;
  now = Date.parse('2026-01-01T00:00:00Z');
  readonly journal: string[] = [];
  readonly #saved = new Map<string, SavedRevision>();
  #uid = 0;

  constructor(
    catalogue: Catalogue | undefined,
    spec: Parameters<typeof anInstallation>[0] = {},
    software: readonly SoftwareCatalogue[] = [],
  ) {
    this.observed = observed({ catalogue, installation: anInstallation(spec), software: shelf(...software) });
  }

  get status(): InstallationStatus {
    return this.observed.installation.status;
  }

  ready(): string {
    const ready = this.status.conditions?.find((c) => c.type === 'Ready');
    return ready ? `${ready.status} ${ready.reason}` : '';
  }

  edit(spec: Partial<Installation['spec']>): void {
    const { installation } = this.observed;
    this.#see({
      installation: {
        ...installation,
        generation: installation.generation + 1,
        spec: { ...installation.spec, ...spec },
      },
    });
  }

  publish(catalogue: Catalogue | undefined): void {
    this.#see({ catalogue });
  }

  /** What is published of system software from now on. */
  shelve(...software: readonly SoftwareCatalogue[]): void {
    this.#see({ software: shelf(...software) });
  }

  loseStatus(): void {
    this.#see({ installation: { ...this.observed.installation, status: { observedGeneration: -1 } } });
  }

  /** Somebody changes a field that the operator owns. */
  tamper(manager: string, field: string): void {
    const { deployment } = this.observed;
    this.#see({
      deployment: deployment && {
        ...deployment,
        owned: `${manager}-was-here`,
        changed: { manager, paths: [field.split('.')] },
      },
    });
  }

  /** Somebody changes a label that the operator owns: nothing that runs. */
  relabel(): void {
    const { deployment } = this.observed;
    this.#see({ deployment: deployment && { ...deployment, owned: `relabelled.${deployment.owned.split('.')[1]}` } });
  }

  /** One reconcile: plans, applies, reports. */
  reconcile(): Plan {
    const planned = plan(this.observed, this.now);
    for (const action of planned.writes) {
      this.#write(action);
    }
    this.#see({ installation: { ...this.observed.installation, status: planned.status } });
    expectKept(planned.status);
    expectKstatus(planned.status, this.observed.installation.generation);
    return planned;
  }

  /** Reconciles until nothing is written any more, no child and no status, as each write wakes the next reconcile. */
  settle(): void {
    for (let step = 0; step < 10; step += 1) {
      const before = JSON.stringify(this.status);
      if (this.reconcile().writes.length === 0 && JSON.stringify(this.status) === before) {
        return;
      }
    }
    expect.fail('It never settles');
  }

  /** The Deployment controller rolls out what is committed. */
  rollOut(): void {
    const { deployment } = this.observed;
    if (deployment) {
      const { generation, replicas } = deployment;
      const all = { observedGeneration: generation, total: replicas, updated: replicas, available: replicas };
      this.#see({ deployment: { ...deployment, ...all, progress: 'NewReplicaSetAvailable' } });
    }
  }

  /** The deadline passes: the old pods serve, the new ones do not. */
  fail(): void {
    const { deployment, config } = this.observed;
    // Rollouts that begin within one second are told apart by their times, the later one a second ahead.
    this.pass((config.defaults.progressDeadlineSeconds + 2) * 1000);
    if (deployment) {
      const { generation, replicas } = deployment;
      const stuck = { observedGeneration: generation, total: replicas + 1, updated: 1, available: replicas };
      this.#see({ deployment: { ...deployment, ...stuck, progress: 'ProgressDeadlineExceeded' } });
    }
  }

  /** Reconciles, rolls out, reconciles. */
  converge(): void {
    this.settle();
    this.rollOut();
    this.settle();
  }

  /** A pod of the newest template gets into trouble. */
  pod(trouble: Partial<PodView>): void {
    const { deployment } = this.observed;
    const pod: PodView = {
      name: 'web-new',
      inputsHash: deployment?.inputsHash,
      restarts: 0,
      exit: undefined,
      hasStarted: true,
      waiting: undefined,
      unschedulable: undefined,
      ...trouble,
    };
    this.#see({ pods: [pod] });
  }

  retry(value: string): void {
    this.#see({ installation: { ...this.observed.installation, retry: value }, retries: [value] });
  }

  pass(milliseconds: number): void {
    this.now += milliseconds;
  }

  #see(more: Partial<Observed>): void {
    this.observed = { ...this.observed, ...more };
  }

  #write(action: Action): void {
    this.journal.push(`${action.kind} ${action.child}`);
    if (action.kind === 'restore') {
      const saved = this.#saved.get(action.restore.revision) ?? expect.fail(`No revision ${action.restore.revision}`);
      const { object } = restoredDeployment(this.observed.installation, saved, action.restore);
      this.#see({ deployment: this.#deployment({ ...action, kind: 'apply', object }) });
      return;
    }
    switch (action.child) {
      case 'Deployment':
        this.#see({ deployment: action.kind === 'remove' ? undefined : this.#deployment(action) });
        break;
      case 'ControllerRevision':
        this.#revision(action);
        break;
      case 'Service':
        this.#see({ service: action.kind === 'remove' ? undefined : this.#service(action) });
        break;
      case 'PodDisruptionBudget':
        this.#see({ budget: action.kind === 'remove' ? undefined : this.#child(action) });
        break;
    }
  }

  #revision(action: Exclude<Action, { kind: 'restore' }>): void {
    const { revisions } = this.observed;
    if (action.kind === 'remove') {
      this.#saved.delete(action.name);
      this.#see({ revisions: revisions.filter((r) => r.name !== action.name) });
      return;
    }
    const { metadata, data, revision = 0 } = action.object;
    // What a revision holds never changes.
    const held = this.#saved.get(metadata.name) ?? (data as SavedRevision);
    this.#saved.set(metadata.name, held);
    const { version, ports, hasBudget = false, effective } = held;
    const saved = {
      name: metadata.name,
      uid: `uid-${metadata.name}`,
      number: revision,
      version,
      ports,
      hasBudget,
      committed: parseCommitted(metadata.annotations?.[ANNOTATION.committed]),
      effective,
    };
    this.#see({ revisions: [...revisions.filter((r) => r.name !== saved.name), saved] });
  }

  #child({ object }: Applied): ChildView {
    this.#uid += 1;
    const { name, uid } = this.observed.installation;
    const applied = object.metadata.annotations?.[ANNOTATION.applied];
    return {
      uid: `uid-${this.#uid}`,
      deleting: false,
      owner: { kind: 'ProviderInstallation', name, uid },
      adoptable: true,
      owned: applied ?? '',
      applied,
      changed: undefined,
    };
  }

  #service(action: Applied): ServiceView {
    return { ...this.#child(action), ports: (action.object.spec as { ports: readonly ServicePort[] }).ports };
  }

  #deployment(action: Applied): DeploymentView {
    const { metadata, spec } = action.object as unknown as DeploymentObject;
    const before = this.observed.deployment;
    const [container] = spec.template.spec.containers;
    const child = this.#child(action);
    const isUnchanged = before?.owned === before?.applied && isSameSpec(before?.applied, child.owned);
    return {
      ...child,
      committed: parseCommitted(metadata.annotations[ANNOTATION.committed]),
      attempt: parseAttempt(metadata.annotations[ANNOTATION.attempt]),
      failures: parseFailures(metadata.annotations[ANNOTATION.failed]),
      body: pack(JSON.stringify({ metadata, spec })),
      inputsHash: spec.template.metadata.annotations[ANNOTATION.inputsHash],
      minReadySeconds: spec.minReadySeconds ?? 0,
      resources: container?.resources,
      configHash: spec.template.metadata.annotations[ANNOTATION.configHash],
      software: spec.template.metadata.annotations[ANNOTATION.software],
      version: spec.template.metadata.annotations[ANNOTATION.version],
      stableVersion: metadata.annotations[ANNOTATION.stableVersion],
      image: container?.image,
      ports: new Map(container?.ports?.map((p) => [p.name, p.containerPort])),
      generation: (before?.generation ?? 0) + (isUnchanged ? 0 : 1),
      observedGeneration: before?.observedGeneration ?? 0,
      replicas: spec.replicas ?? 1,
      total: before?.total ?? 0,
      updated: before?.updated ?? 0,
      available: before?.available ?? 0,
      // The controller looks at a new template from the start, and at new labels not at all.
      progress: isUnchanged ? before?.progress : 'ReplicaSetUpdated',
      failure: undefined,
      ownsReplicas: spec.replicas !== undefined,
      paused: false,
    };
  }
}

/** The API server takes away what the schema does not have: it would be reported anew each time, and be forgotten. */
function expectKept(status: InstallationStatus): void {
  expect(InstallationStatus.parse(status)).toEqual(status);
}
