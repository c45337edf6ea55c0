import { expect } from 'vitest';
import { LABEL } from '../../src/api/names.ts';
import { InstallationStatus } from '../../src/api/installation.ts';
import type { RecordData } from '../../src/api/record.ts';
import type { Catalogue } from '../../src/plan/catalogue/catalogue.ts';
import { isSameSpec } from '../../src/plan/state/owned-hash.ts';
import type { Action } from '../../src/plan/act/action.ts';
import type {
  ChildView,
  DeploymentView,
  Installation,
  Observed,
  PodView,
  RolloutRecord,
  ServiceView,
} from '../../src/plan/state/observed.ts';
import { plan, type Plan } from '../../src/plan/plan.ts';
import { parseMark } from '../../src/plan/state/record.ts';
import { timestamp } from '../../src/api/time.ts';
import { recordedDeployment } from '../../src/plan/pods/record-object.ts';
import { readState, type State } from '../../src/plan/state/state.ts';
import type { SoftwareCatalogue } from '../../src/plan/catalogue/software-catalogue.ts';
import { statusAfterFailure } from '../../src/plan/tell/status-after-failure.ts';
import type { Problem } from '../../src/api/problem.ts';
import { projectBudget, projectDeployment, projectService } from '../../src/reconcile/project-children.ts';
import { projectRevision } from '../../src/reconcile/project-revision.ts';
import { asApplied } from '../scenario/cluster/applied.ts';
import { installation as anInstallation, observed, shelf } from './builders.ts';
import { expectKstatus } from './kstatus.ts';

type Applied = Extract<Action, { kind: 'apply' }>;

/**
 * One installation in a cluster of plain data. The writes of a plan take effect at once, and the Deployment controller does
 * its part when it is told to. It is for decisions only; other tests show how a real API server answers.
 */
export class World {
  observed: Observed;
  now = Date.parse('2026-01-01T00:00:00Z');
  readonly journal: string[] = [];
  /** Why the first write is refused from now on. */
  refusal: Problem | undefined;
  readonly #written = new Map<string, RecordData>();
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

  get state(): State {
    return readState(this.observed, this.now);
  }

  /** The record that the Deployment names. */
  get head(): RolloutRecord | undefined {
    return this.state.head;
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

  /** Publishes system software from now on. */
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
        generation: deployment.generation + 1,
      },
    });
  }

  /** `kubectl rollout undo`: the template of another record, and the labels as they were. */
  undo(template: string): void {
    this.tamper('kubectl-rollout', 'spec.template');
    const { deployment } = this.observed;
    const version = this.state.records.find((r) => r.template === template)?.version;
    this.#see({ deployment: deployment && { ...deployment, template, version } });
  }

  deleteDeployment(): void {
    this.#see({ deployment: undefined });
  }

  /** Somebody changes a label that the operator owns, which affects nothing that runs. */
  relabel(): void {
    const { deployment } = this.observed;
    this.#see({ deployment: deployment && { ...deployment, owned: `relabelled.${deployment.owned.split('.')[1]}` } });
  }

  /** One reconcile: plans, applies, reports. */
  reconcile(): Plan {
    const planned = plan(this.observed, this.now);
    const { installation } = this.observed;
    const isRefused = this.refusal && planned.writes.length > 0;
    for (const action of isRefused ? [] : planned.writes) {
      this.#write(action);
    }
    const status = isRefused
      ? statusAfterFailure(installation, planned.status, this.refusal!, this.now)
      : planned.status;
    this.#see({ installation: { ...installation, status } });
    expectKept(status);
    expectKstatus(status, installation.generation);
    return planned;
  }

  /** Reconciles until neither a child nor the status is written, as each write wakes the next reconcile. Returns the last plan. */
  settle(): Plan {
    for (let step = 0; step < 10; step += 1) {
      const before = JSON.stringify(this.status);
      const planned = this.reconcile();
      if (planned.writes.length === 0 && JSON.stringify(this.status) === before) {
        return planned;
      }
    }
    return expect.fail('It never settles');
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

  /** Somebody asks for another number of pods, where the tier leaves that: new ones are there, and do not serve yet. */
  scale(replicas: number): void {
    const { deployment } = this.observed;
    if (deployment) {
      const generation = deployment.generation + 1;
      const left = Math.min(deployment.available, replicas);
      const counts = { replicas, total: replicas, updated: replicas, available: left };
      this.#see({ deployment: { ...deployment, ...counts, generation, observedGeneration: generation } });
    }
  }

  /** So many pods of what is committed serve; the others are there and do not. */
  serve(available: number): void {
    const { deployment } = this.observed;
    this.#see({ deployment: deployment && { ...deployment, available } });
  }

  /** The deadline passes: the old pods serve, the new ones do not. */
  fail(): void {
    const { deployment, config } = this.observed;
    // Of two rollouts that begin within one second, the later one gets a time that is one second ahead.
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
      template: deployment?.template,
      restarts: 0,
      exit: undefined,
      hasStarted: true,
      isReady: false,
      waiting: undefined,
      stranger: undefined,
      unschedulable: undefined,
      ...trouble,
    };
    this.#see({ pods: [pod] });
  }

  retry(value: string): void {
    this.#see({ installation: { ...this.observed.installation, retry: value }, retries: [value] });
  }

  /** Sets the annotation `…/restart`, or removes it. */
  restart(value?: string): void {
    this.#see({ installation: { ...this.observed.installation, restart: value } });
  }

  pass(milliseconds: number): void {
    this.now += milliseconds;
  }

  #see(more: Partial<Observed>): void {
    const { deployment } = more;
    const before = this.observed.deployment;
    this.observed = {
      ...this.observed,
      ...more,
      ...(deployment && { deployment: { ...deployment, ...this.#availabilityOf(deployment, before) } }),
    };
  }

  /** As the Deployment controller keeps it. */
  #availabilityOf({ available, replicas }: DeploymentView, before: DeploymentView | undefined) {
    return { unavailableSince: available >= replicas ? undefined : (before?.unavailableSince ?? timestamp(this.now)) };
  }

  #write(action: Action): void {
    this.journal.push(`${action.kind} ${action.child}`);
    const { installation, revisions } = this.observed;
    switch (action.kind) {
      case 'record':
        this.#record(action.object.metadata, action.object.data as RecordData);
        break;
      case 'generate':
        this.#generate(action);
        break;
      case 'mark': {
        const { name, annotations } = action.object.metadata;
        const marked = revisions.map((r) =>
          r.kind === 'record' && r.name === name ? { ...r, mark: parseMark(annotations) } : r,
        );
        this.#see({ revisions: marked });
        break;
      }
      case 'restore': {
        const { deployment: recorded } = this.#written.get(action.record) ?? expect.fail(`No record ${action.record}`);
        this.#see(this.#deployed(recordedDeployment(installation, recorded).object));
        break;
      }
      case 'apply':
        this.#apply(action);
        break;
      case 'remove':
        this.#remove(action);
        break;
    }
  }

  #generate({ name, key, isMade }: Extract<Action, { kind: 'generate' }>): void {
    if (isMade) {
      return;
    }
    const { revisions, installation } = this.observed;
    const { provider } = installation.spec;
    const made = { uid: `uid-${name}`, resourceVersion: '1', owner: undefined, number: 0, isMade: true } as const;
    this.#see({ revisions: [...revisions, { kind: 'generated', name, provider, key, ...made }] });
  }

  #apply({ child, object }: Applied): void {
    if (child === 'Deployment') {
      this.#see(this.#deployed(object));
    } else if (child === 'Service') {
      this.#see({ service: this.#project<ServiceView>(projectService, object) });
    } else {
      this.#see({ budget: this.#project<ChildView>(projectBudget, object) });
    }
  }

  #remove({ child, name }: Extract<Action, { kind: 'remove' }>): void {
    const { revisions } = this.observed;
    if (child === 'ControllerRevision') {
      this.#see({ revisions: revisions.filter((r) => r.name !== name) });
    } else {
      this.#see({ [child === 'Service' ? 'service' : 'budget']: undefined });
    }
  }

  #record({ name }: { readonly name: string }, data: RecordData): void {
    if (this.#written.has(name)) {
      expect.fail(`${name} is written twice`);
    }
    this.#written.set(name, data);
    const { installation, revisions } = this.observed;
    const metadata = {
      name,
      uid: `uid-${name}`,
      resourceVersion: '1',
      labels: { [LABEL.installation]: installation.name },
      ownerReferences: [
        { kind: 'ProviderInstallation', name: installation.name, uid: installation.uid, controller: true },
      ],
    };
    // As the API server stores it.
    const stored = JSON.parse(JSON.stringify(data)) as RecordData;
    const record = projectRevision({ metadata, data: stored });
    if (record.kind !== 'record') {
      expect.fail(`${name} is no record`);
    }
    this.#see({ revisions: [...revisions, record] });
  }

  #project<View extends ChildView>(
    project: (raw: ReturnType<typeof asApplied>) => View,
    object: Applied['object'],
  ): View {
    this.#uid += 1;
    return project(asApplied(object, `uid-${this.#uid}`, this.now));
  }

  #deployed(object: Applied['object']): Pick<Observed, 'deployment' | 'writtenGeneration'> {
    const deployment = this.#deployment(object);
    return { deployment, writtenGeneration: deployment.generation };
  }

  #deployment(object: Applied['object']): DeploymentView {
    const before = this.observed.deployment;
    const view = this.#project<DeploymentView>(projectDeployment, object);
    const isUnchanged = before?.owned === before?.applied && isSameSpec(before?.applied, view.owned);
    const { observedGeneration = 0, total = 0, updated = 0, available = 0 } = before ?? {};
    return {
      ...view,
      // The API server keeps what others have set.
      replicas: view.ownsReplicas ? view.replicas : (before?.replicas ?? view.replicas),
      observedGeneration,
      total,
      updated,
      available,
      createdAt: before?.createdAt ?? view.createdAt,
      generation: (before?.generation ?? 0) + (isUnchanged ? 0 : 1),
      // The controller starts over for a new template, and ignores new labels.
      progress: isUnchanged ? before?.progress : 'ReplicaSetUpdated',
    };
  }
}

/** Expects only fields that the schema has. The API server drops others, so the operator would report them each time. */
function expectKept(status: InstallationStatus): void {
  expect(InstallationStatus.parse(status)).toEqual(status);
}
